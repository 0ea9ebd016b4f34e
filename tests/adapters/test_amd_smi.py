"""AMD's own Python package against a stub of its library, and where one of the two is missing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from cyberbrain_cli.adapters import gpu_probe, gpus
from cyberbrain_cli.adapters.amd_smi import AmdWatch, NoAmd, watch_amd
from cyberbrain_cli.core.records import EccErrors, GpuProcess, Pcie
from cyberbrain_cli.wiring import build, doctor
from tests.adapters import amd_smi_stub

Watch = Callable[[str], AmdWatch]


@pytest.fixture(scope="session")
def rocm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as ROCm's, with the stub as its library."""
    folder = tmp_path_factory.mktemp("rocm")
    amd_smi_stub.build(folder)
    return folder


@pytest.fixture
def watch(rocm: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Begin to look at the GPU in a state."""
    monkeypatch.setenv("ROCM_PATH", str(rocm))
    opened = []

    def begin(name: str) -> AmdWatch:
        monkeypatch.setenv("AMD_SMI_STUB", amd_smi_stub.state(name))
        manager = watch_amd()
        found = manager.__enter__()
        opened.append(manager)
        return found

    yield begin
    for manager in opened:
        manager.__exit__(None, None, None)


def test_a_gpu_at_work(watch: Watch) -> None:
    seen = watch("busy")
    (gpu,) = seen.facts()
    assert (gpu.uuid, gpu.vendor, gpu.index) == ("a1ff74a1-0000-1000-80c6-000000000000", "amd", 0)
    assert (gpu.name, gpu.pci_address) == ("AMD Instinct MI300X", "0000:65:00.0")
    assert (gpu.memory_total_bytes, gpu.power_limit_watts) == (196592 << 20, 750)
    assert gpu.pcie == Pcie(generation_max=5, width=16, width_max=16)
    assert gpu.ecc == EccErrors(corrected_volatile=2, uncorrected_volatile=0)
    (sample,) = seen.sample()
    assert sample.uuid == gpu.uuid
    assert (sample.utilization_percent, sample.memory_utilization_percent) == (97, 41)
    assert (sample.memory_used_bytes, sample.power_watts) == (65535 << 20, 612)
    assert sample.temperature_celsius == 88
    assert (sample.graphics_clock_mhz, sample.memory_clock_mhz) == (2100, 1300)
    assert sample.processes == (GpuProcess(4711, 68000000000),)
    assert seen.xids() == {gpu.uuid: None}


def test_what_a_smaller_card_does_not_tell_is_unknown(watch: Watch) -> None:
    seen = watch("small")
    (gpu,) = seen.facts()
    assert (gpu.uuid, gpu.pci_address) == ("amd-0", None)
    assert (gpu.pcie, gpu.ecc) == (Pcie(), EccErrors())
    (sample,) = seen.sample()
    assert (sample.utilization_percent, sample.processes) == (None, None)
    assert (sample.power_watts, sample.temperature_celsius) == (31, 45)
    assert (sample.graphics_clock_mhz, sample.memory_clock_mhz) == (None, None)


class Clumsy:
    """A package that raises what it should not, and gives what is no figure."""

    class AmdSmiException(Exception):
        pass

    class AmdSmiTemperatureType:
        HOTSPOT, EDGE = 1, 0

    class AmdSmiTemperatureMetric:
        CURRENT = 0

    class AmdSmiClkType:
        GFX, MEM = 0, 4

    def __init__(self, answer: object) -> None:
        self.answer = answer

    def amdsmi_get_processor_handles(self) -> list[object]:
        return [1, 2]

    def amdsmi_get_gpu_device_uuid(self, handle: object) -> str:
        del handle
        return "same"

    def __getattr__(self, name: str) -> object:
        def ask(*_: object) -> object:
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        return ask


@pytest.mark.parametrize(
    "answer",
    [
        Clumsy.AmdSmiException(), AttributeError(), IndexError(), OSError(), "N/A", None,
        {"gfx_activity": "N/A", "vram_used": float("nan"), "current_socket_power": float("inf"),
         "clk": -1, "power_limit": 0xFFFF, "vram_total": 0xFFFFFFFF},
    ],
    ids=str,
)  # fmt: skip
def test_whatever_the_package_does_nothing_is_made_up(answer: object) -> None:
    seen = AmdWatch(Clumsy(answer))
    first, second = seen.facts()
    assert (first.uuid, second.uuid) == ("same", "same-1")
    assert (first.memory_total_bytes, first.power_limit_watts, first.ecc) == (
        None, None, EccErrors(),
    )  # fmt: skip
    known = {key: value for key, value in asdict(seen.sample()[0]).items() if value}
    assert known == {"uuid": "same"}


def test_no_driver_is_said_in_half_a_sentence(watch: Watch) -> None:
    with pytest.raises(NoAmd, match="DRIVER_NOT_LOADED"):
        watch("there-is-no-such-state")


@pytest.mark.parametrize("older", [False, True], ids=["no-library", "an-older-library"])
def test_a_package_without_its_library_neither_fails_nor_prints(
    older: bool, tmp_path: Path
) -> None:
    if older:
        library = tmp_path / "lib" / "libamd_smi.so"
        library.parent.mkdir()
        command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library)]
        subprocess.run(command, input="int amdsmi_init(void) { return 0; }", text=True, check=True)
    script = (
        "from cyberbrain_cli.adapters.amd_smi import NoAmd, watch_amd\n"
        "try:\n    watch_amd().__enter__()\n"
        "except NoAmd as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"ROCM_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    said = "the library libamd_smi.so is not there or is older than amdsmi\n"
    assert (done.stdout, done.stderr) == (said, "")


def test_both_makers_gpus_are_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_probe, "nvidia", lambda: "NVIDIA: 2 device(s)")
    monkeypatch.setattr(gpu_probe, "amd", lambda: "AMD: 1 device(s)")
    monkeypatch.setenv("ROCM_PATH", "/nonexistent")
    monkeypatch.delenv("NVML_STUB", raising=False)
    with gpus.SystemGpus().watch() as seen:
        starts = [note.partition(": cannot be looked at, ")[0] for note in seen.notes]
    assert starts == ["NVIDIA: 2 device(s)", "AMD: 1 device(s)"]


def test_the_doctor_warns_of_gpus_that_their_driver_does_not_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gpu_probe, "amd", lambda: "AMD: 1 device(s)")
    monkeypatch.setenv("ROCM_PATH", "/nonexistent")
    monkeypatch.delenv("NVML_STUB", raising=False)
    with build(None, {}) as services:
        (check,) = (item for item in doctor.examine(services) if item.name == "gpu")
    assert check.status == "warning"
    assert check.message.startswith("AMD: 1 device(s): cannot be looked at, ")
