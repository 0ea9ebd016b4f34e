"""NVIDIA's own Python binding against a stub of its library, in states that are hard to have."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyberbrain_cli.adapters.nvml import NoDriver
from cyberbrain_cli.core.records import GpuProcess
from tests.adapters import nvml_stub
from tests.adapters.nvml_watch import Watch
from tests.adapters.nvml_watch import stub as stub
from tests.adapters.nvml_watch import watch as watch


def test_a_gpu_that_is_idle(watch: Watch) -> None:
    seen = watch("idle")
    (gpu,) = seen.facts()
    assert (gpu.name, gpu.index, gpu.vendor) == ("NVIDIA H100 80GB HBM3", 0, "nvidia")
    assert gpu.pci_address == "00000000:3B:00.0"
    assert (gpu.memory_total_bytes, gpu.power_limit_watts) == (85520809984, 700.0)
    assert (gpu.pcie.generation, gpu.pcie.generation_max, gpu.pcie.width) == (1, 5, 16)
    assert (gpu.ecc.enabled, gpu.ecc.corrected_aggregate, gpu.mig) == (True, 3, False)
    (sample,) = seen.sample()
    assert (sample.utilization_percent, sample.memory_used_bytes) == (0.0, 595722240)
    assert (sample.temperature_celsius, sample.power_watts) == (29, 68.4)
    assert (sample.throttle, sample.processes) == ((), ())
    assert (sample.pcie_received_bytes_per_second, sample.pcie_sent_bytes_per_second) == (0, 0)
    assert seen.xids() == {gpu.uuid: ()}
    assert seen.notes == ()


def test_a_gpu_at_work_and_who_works_on_it(watch: Watch) -> None:
    seen = watch("busy")
    samples = [seen.sample()[0] for _ in range(4)]
    assert [one.utilization_percent for one in samples] == [91, 97, 100, 99]
    assert [one.throttle for one in samples] == [(), *[("power_cap",)] * 3]
    assert samples[0].pcie_received_bytes_per_second == 1250000 * 1024
    assert samples[1].pcie_received_bytes_per_second is None
    held = {one.pid: one.used_bytes for one in samples[-1].processes or ()}
    assert held == {4001: 53687091200, 4002: 26843545600}


def test_parts_of_a_gpu_have_their_own_memory_and_processes(watch: Watch) -> None:
    seen = watch("mig")
    (gpu,) = seen.facts()
    assert gpu.mig is True
    assert [part.name for part in gpu.instances] == [
        "NVIDIA H100 80GB HBM3 MIG 3g.40gb",
        "NVIDIA H100 80GB HBM3 MIG 1g.10gb",
    ]
    first, second = (part.uuid for part in gpu.instances)
    (sample,) = seen.sample()
    assert sample.utilization_percent is None
    assert [(one.uuid, one.memory_used_bytes) for one in sample.instances] == [
        (first, 20401094656),
        (second, 12582912),
    ]
    assert sample.processes == (GpuProcess(4001, 20401094656, first),)


def test_older_drivers_know_throttling_by_its_older_name(watch: Watch) -> None:
    seen = watch("throttled")
    reasons = [seen.sample()[0].throttle for _ in range(4)]
    assert reasons == [
        (),
        ("hardware_slowdown", "hardware_thermal"),
        ("hardware_slowdown", "hardware_thermal"),
        ("software_thermal", "hardware_thermal"),
    ]


def test_what_a_driver_does_not_tell_is_unknown_and_never_a_number(watch: Watch) -> None:
    seen = watch("unsupported")
    small, odd = seen.facts()
    assert (small.power_limit_watts, small.mig, small.instances) == (None, None, ())
    assert (odd.name, odd.memory_total_bytes) == (None, None)
    first, second = seen.sample()
    assert first.memory_used_bytes is None
    assert (first.temperature_celsius, first.power_watts) == (None, None)
    assert (first.throttle, first.utilization_percent) == (None, None)
    assert [(one.pid, one.used_bytes) for one in first.processes or ()] == [
        (4001, None),
        (4002, None),
    ]
    assert (second.utilization_percent, second.processes) == (None, None)
    assert set(seen.xids().values()) == {None}


def test_a_gpu_that_is_lost_leaves_the_others(watch: Watch) -> None:
    seen = watch("lost")
    lost, other = seen.facts()
    counts = [len(seen.sample()) for _ in range(4)]
    assert counts == [2, 2, 1, 1]
    assert [(gpu.uuid, gpu.lost) for gpu in seen.facts()] == [
        (lost.uuid, True),
        (other.uuid, False),
    ]
    (note,) = seen.notes
    assert lost.uuid in note
    assert "stopped answering" in note


def test_memory_errors_and_reported_errors(watch: Watch) -> None:
    seen = watch("ecc")
    (gpu,) = seen.facts()
    assert (gpu.ecc.corrected_volatile, gpu.ecc.uncorrected_volatile) == (4021, 2)
    for _ in range(5):
        seen.sample()
    assert seen.xids() == {gpu.uuid: (48, 63)}


def test_a_driver_and_library_of_different_versions(watch: Watch) -> None:
    with pytest.raises(NoDriver, match="different versions"):
        watch("mismatch")


def test_a_driver_that_is_not_loaded(
    watch: Watch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(nvml_stub, "STATES", tmp_path)
    with pytest.raises(NoDriver, match="not loaded"):
        watch("none")
