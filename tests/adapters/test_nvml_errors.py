"""What NVIDIA's driver may answer instead of a figure, at every question that is asked."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import asdict, is_dataclass
from pathlib import Path

import pytest

from cyberbrain_cli.adapters.nvml import NoDriver
from cyberbrain_cli.core.records import GpuProcess
from tests.adapters import nvml_stub
from tests.adapters.nvml_watch import Watch
from tests.adapters.nvml_watch import stub as stub
from tests.adapters.nvml_watch import watch as watch

BUSY = Path(nvml_stub.state("busy")).read_text()
QUESTIONS = [line.split()[1] for line in BUSY.splitlines() if line.startswith("0 ")]
NOT_ANSWERED = (3, 4, 13, 999, 12345)
GONE = (15, 16)


def answering(question: str, answer: str) -> str:
    """The busy state with another answer to one question."""
    return re.sub(rf"^0 {question} .*$", f"0 {question} {answer}", BUSY, flags=re.MULTILINE)


def known(record: object) -> dict[str, object]:
    assert is_dataclass(record)
    assert not isinstance(record, type)
    return asdict(record)


@pytest.mark.parametrize("code", NOT_ANSWERED)
@pytest.mark.parametrize("question", QUESTIONS)
def test_an_error_to_one_question_leaves_the_others_and_no_number(
    watch: Watch, question: str, code: int
) -> None:
    whole = watch("busy")
    facts, sample = known(whole.facts()[0]), known(whole.sample()[0])
    seen = watch(answering(question, f"error:{code}"))
    (gpu,), (now,) = seen.facts(), seen.sample()
    assert not gpu.lost
    assert seen.notes == ()
    for before, after in ((facts, known(gpu)), (sample, known(now))):
        others = {key for key, value in after.items() if value != before[key]}
        assert len(others) <= 2
        for key in others - {"uuid", "ecc", "pcie", "processes"}:
            assert after[key] is None, key


@pytest.mark.parametrize("code", GONE)
@pytest.mark.parametrize("question", sorted(set(QUESTIONS) - {"xid"}))
def test_an_error_that_says_the_gpu_is_gone_marks_it_as_lost(
    watch: Watch, question: str, code: int
) -> None:
    seen = watch(answering(question, f"error:{code}"))
    seen.facts()
    seen.sample()
    (gpu,) = seen.facts()
    assert gpu.lost
    assert len(seen.notes) == 1
    assert seen.sample() == ()


@pytest.mark.parametrize("code", [4, 8, 15, 16, 999])
def test_a_gpu_that_cannot_be_opened_is_told_and_leaves_the_others(watch: Watch, code: int) -> None:
    state = BUSY.replace("count 1", "count 2") + f"1 open error:{code}\n"
    seen = watch(state)
    assert [(gpu.uuid, gpu.index, gpu.lost) for gpu in seen.facts()] == [
        ("GPU-1f0c2e9a-0000-4000-8000-0000000000a1", 0, False),
        ("nvidia-1", 1, True),
    ]
    assert len(seen.sample()) == 1
    assert seen.notes[0].startswith("GPU 1 cannot be looked at: ")


@pytest.mark.parametrize("code", [4, 9, 12, 13, 17, 18, 28, 999])
def test_a_driver_that_cannot_be_begun_with(watch: Watch, code: int) -> None:
    with pytest.raises(NoDriver, match=r"^[a-z].*[^.]$"):
        watch(f"driver init error:{code}\n")


def test_a_driver_without_a_gpu(watch: Watch) -> None:
    seen = watch("driver count 0\n")
    assert (seen.facts(), seen.sample(), seen.notes, seen.xids()) == ((), (), (), {})


NO_FIGURES = ("0xfffffffe", "0xffffffff", "0xfffffffffffffffe", "9223372036854775794")


@pytest.mark.parametrize("answer", NO_FIGURES)
def test_what_stands_for_no_figure_is_none(watch: Watch, answer: str) -> None:
    state = "\n".join(
        line if line.split()[1] in ("count", "name", "uuid", "pci", "xid", "compute", "graphics")
        else f"{' '.join(line.split()[:2])} {answer}"
        for line in answering("compute", f"4001:{answer}").splitlines()
    )  # fmt: skip
    seen = watch(state.replace("0 mig " + answer, "0 mig 0") + "\n")
    (gpu,), (sample,) = seen.facts(), seen.sample()
    empty = {key for key, value in known(sample).items() if value is None}
    numbers = set(known(sample)) - {"uuid", "processes", "instances"}
    assert empty == numbers
    assert sample.processes == (GpuProcess(4001, None),)
    assert (gpu.memory_total_bytes, gpu.power_limit_watts) == (None, None)
    assert set(known(gpu.pcie).values()) == {None}
    assert {value for key, value in known(gpu.ecc).items() if key != "enabled"} == {None}


def test_a_process_that_computes_and_draws_is_there_once(watch: Watch) -> None:
    state = answering("compute", "4001:500 4002:700").replace(
        "0 graphics none", "0 graphics 4001:600"
    )
    (sample,) = watch(state).sample()
    assert sample.processes == (GpuProcess(4001, 600), GpuProcess(4002, 700))


def test_the_error_of_a_gpu_that_falls_off_the_bus_is_heard(watch: Watch) -> None:
    state = answering("uuid", "GPU-1f0c2e9a-0000-4000-8000-0000000000a1,error:15")
    state = state.replace("0 xid 0", "0 xid 0,79,0").replace(
        "0 utilization 91", "0 utilization error:15,91"
    )
    seen = watch(state)
    seen.sample()
    assert seen.xids() == {"GPU-1f0c2e9a-0000-4000-8000-0000000000a1": (79,)}
    assert seen.facts()[0].lost


def test_a_driver_that_stops_reporting_errors_says_nothing_of_what_came_after(watch: Watch) -> None:
    state = (
        BUSY.replace("0 xid 0", "0 xid 48,0,0")
        + "1 uuid GPU-2\n1 xid 0\ndriver wait error:3,error:3,error:15\n"
    )
    seen = watch(state.replace("count 1", "count 2"))
    seen.sample()
    assert seen.xids() == {"GPU-1f0c2e9a-0000-4000-8000-0000000000a1": (48,), "GPU-2": None}
    assert "stopped reporting errors" in seen.notes[0]


@pytest.mark.parametrize("code", [4, 13, 999])
def test_a_driver_without_events_reports_none(watch: Watch, code: int) -> None:
    seen = watch(BUSY + f"driver events error:{code}\n")
    assert set(seen.xids().values()) == {None}


@pytest.mark.parametrize("age", ["OLDER", "NEWER"])
def test_drivers_of_other_ages_are_asked_by_the_names_they_have(tmp_path: Path, age: str) -> None:
    library = nvml_stub.build(tmp_path, age)
    state = tmp_path / "state.txt"
    text = Path(nvml_stub.state("throttled")).read_text()
    state.write_text(text.replace("0 reasons error:13", "0 reasons 0x0"))
    script = (
        "from cyberbrain_cli.adapters.nvml import watch_nvidia\n"
        "with watch_nvidia() as seen:\n"
        "    (sample,) = seen.sample()\n"
        "    held = [one.pid for one in sample.processes]\n"
        "    print(held, sample.throttle, sample.temperature_celsius, seen.notes)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"LD_LIBRARY_PATH": str(library.parent), "NVML_STUB": str(state)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[4001] () 93 ()\n"
