"""One of NVIDIA's GPUs: each question by itself, since any may be unsupported."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pynvml

from cyberbrain_cli.core.records import (
    EccErrors,
    GpuFacts,
    GpuInstance,
    GpuProcess,
    GpuSample,
    Pcie,
)

NOT_AVAILABLE = 1 << 32
"""32-bit answers as large as this less a few, and 64-bit ones beyond 2**60, are no figures."""

_LARGEST = 1 << 60
_FEW = 64
_KIB = 1024
_GONE = frozenset(
    (
        pynvml.NVML_ERROR_GPU_IS_LOST,
        pynvml.NVML_ERROR_RESET_REQUIRED,
        pynvml.NVML_ERROR_UNINITIALIZED,
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
    )
)
_THROTTLE = {
    pynvml.nvmlClocksEventReasonSwPowerCap: "power_cap",
    pynvml.nvmlClocksEventReasonHwSlowdown: "hardware_slowdown",
    pynvml.nvmlClocksEventReasonSyncBoost: "sync_boost",
    pynvml.nvmlClocksEventReasonSwThermalSlowdown: "software_thermal",
    pynvml.nvmlClocksEventReasonHwThermalSlowdown: "hardware_thermal",
    pynvml.nvmlClocksEventReasonHwPowerBrakeSlowdown: "power_brake",
    pynvml.nvmlClocksThrottleReasonBoardLimit: "board_limit",
    pynvml.nvmlClocksThrottleReasonReliability: "reliability",
}
"""Idleness and clocks that somebody set are no throttling."""


class NvmlLost(Exception):
    """The GPU does not answer any more."""


def ask(function: Callable[..., Any], *arguments: Any) -> Any:
    """The driver's answer; None where it gives none. Raises NvmlLost."""
    try:
        return function(*arguments)
    except pynvml.NVMLError as error:
        if getattr(error, "value", None) in _GONE:
            raise NvmlLost(str(error).lower()) from None
        return None
    except UnicodeDecodeError:
        return None


def figure(value: Any) -> int | None:
    """A number that can be meant: not one of those that say "not available"."""
    if value is None or not 0 <= value < _LARGEST:
        return None
    return None if NOT_AVAILABLE - _FEW <= value < NOT_AVAILABLE else int(value)


@dataclass(frozen=True, slots=True)
class NvmlDevice:
    """A GPU that could be opened. Every method raises NvmlLost."""

    handle: Any
    index: int
    uuid: str

    @classmethod
    def of(cls, index: int) -> NvmlDevice:
        """Open a GPU by the driver's number. Raises NVMLError or NvmlLost."""
        handle = pynvml.nvmlDeviceGetHandleByIndex(index)
        return cls(handle, index, ask(pynvml.nvmlDeviceGetUUID, handle) or f"index-{index}")

    def is_of(self, handle: Any) -> bool:
        """Whether another handle means this GPU."""
        return bool(ask(pynvml.nvmlDeviceGetUUID, handle) == self.uuid)

    def report_xids(self, events: Any) -> bool:
        """Have its errors reported to an event set; False where it does not report them."""
        kind = pynvml.nvmlEventTypeXidCriticalError
        try:
            pynvml.nvmlDeviceRegisterEvents(self.handle, kind, events)
        except pynvml.NVMLError:
            return False
        return True

    def facts(self) -> GpuFacts:
        """What changes seldom."""
        pci = ask(pynvml.nvmlDeviceGetPciInfo, self.handle)
        address = pci.busId if pci is not None else None
        limit = self._number(pynvml.nvmlDeviceGetEnforcedPowerLimit)
        memory = ask(pynvml.nvmlDeviceGetMemoryInfo, self.handle)
        mig = ask(pynvml.nvmlDeviceGetMigMode, self.handle)
        return GpuFacts(
            uuid=self.uuid,
            index=self.index,
            vendor="nvidia",
            name=ask(pynvml.nvmlDeviceGetName, self.handle),
            pci_address=address.decode() if isinstance(address, bytes) else address,
            memory_total_bytes=figure(memory.total) if memory else None,
            power_limit_watts=limit / 1000 if limit else None,
            pcie=Pcie(
                self._number(pynvml.nvmlDeviceGetCurrPcieLinkGeneration),
                self._number(pynvml.nvmlDeviceGetMaxPcieLinkGeneration),
                self._number(pynvml.nvmlDeviceGetCurrPcieLinkWidth),
                self._number(pynvml.nvmlDeviceGetMaxPcieLinkWidth),
            ),
            ecc=self._ecc(),
            mig=bool(mig[0]) if mig else None,
            instances=tuple(self._instances()) if mig and mig[0] else (),
        )

    def sample(self, *, pcie: bool) -> GpuSample:
        """The GPU at this moment."""
        use = ask(pynvml.nvmlDeviceGetUtilizationRates, self.handle)
        memory = ask(pynvml.nvmlDeviceGetMemoryInfo, self.handle)
        watts = self._number(pynvml.nvmlDeviceGetPowerUsage)
        received = sent = None
        if pcie:
            received = self._number(
                pynvml.nvmlDeviceGetPcieThroughput, pynvml.NVML_PCIE_UTIL_RX_BYTES
            )
            sent = self._number(pynvml.nvmlDeviceGetPcieThroughput, pynvml.NVML_PCIE_UTIL_TX_BYTES)
        return GpuSample(
            uuid=self.uuid,
            utilization_percent=_percent(use.gpu) if use else None,
            memory_utilization_percent=_percent(use.memory) if use else None,
            memory_used_bytes=figure(memory.used) if memory else None,
            temperature_celsius=self._number(
                pynvml.nvmlDeviceGetTemperature, pynvml.NVML_TEMPERATURE_GPU
            ),
            power_watts=watts / 1000 if watts is not None else None,
            graphics_clock_mhz=self._number(
                pynvml.nvmlDeviceGetClockInfo, pynvml.NVML_CLOCK_GRAPHICS
            ),
            memory_clock_mhz=self._number(pynvml.nvmlDeviceGetClockInfo, pynvml.NVML_CLOCK_MEM),
            throttle=self._throttle(),
            pcie_received_bytes_per_second=received * _KIB if received is not None else None,
            pcie_sent_bytes_per_second=sent * _KIB if sent is not None else None,
            processes=self._processes(),
        )

    def _number(self, function: Callable[..., Any], *arguments: Any) -> int | None:
        return figure(ask(function, self.handle, *arguments))

    def _throttle(self) -> tuple[str, ...] | None:
        """Why clocks are held back; older drivers know the question by its older name."""
        reasons = ask(pynvml.nvmlDeviceGetCurrentClocksEventReasons, self.handle)
        if reasons is None:
            reasons = ask(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons, self.handle)
        if reasons is None:
            return None
        return tuple(name for bit, name in _THROTTLE.items() if reasons & bit)

    def _ecc(self) -> EccErrors:
        mode = ask(pynvml.nvmlDeviceGetEccMode, self.handle)
        counts = [
            self._number(pynvml.nvmlDeviceGetTotalEccErrors, kind, counter)
            for counter in (pynvml.NVML_VOLATILE_ECC, pynvml.NVML_AGGREGATE_ECC)
            for kind in (
                pynvml.NVML_MEMORY_ERROR_TYPE_CORRECTED,
                pynvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
            )
        ]
        return EccErrors(bool(mode[0]) if mode else None, *counts)

    def _parts(self) -> Iterator[Any]:
        for number in range(ask(pynvml.nvmlDeviceGetMaxMigDeviceCount, self.handle) or 0):
            part = ask(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, self.handle, number)
            if part is not None:
                yield part

    def _instances(self) -> Iterator[GpuInstance]:
        for part in self._parts():
            memory = ask(pynvml.nvmlDeviceGetMemoryInfo, part)
            yield GpuInstance(
                uuid=ask(pynvml.nvmlDeviceGetUUID, part) or "unknown",
                name=ask(pynvml.nvmlDeviceGetName, part),
                memory_total_bytes=figure(memory.total) if memory else None,
                memory_used_bytes=figure(memory.used) if memory else None,
            )

    def _processes(self) -> tuple[GpuProcess, ...] | None:
        """Those that compute and those that draw, each pid once with the most it holds."""
        found: dict[int, int | None] = {}
        answered = False
        for handle in (self.handle, *self._parts()):
            for function in (
                pynvml.nvmlDeviceGetComputeRunningProcesses,
                pynvml.nvmlDeviceGetGraphicsRunningProcesses,
            ):
                listed = ask(function, handle)
                answered = answered or listed is not None
                for one in listed or ():
                    used, before = figure(one.usedGpuMemory), found.get(one.pid)
                    found[one.pid] = used if before is None else max(before, used or 0)
        processes = (GpuProcess(pid, used) for pid, used in sorted(found.items()))
        return tuple(processes) if answered else None


def _percent(value: int) -> float | None:
    return float(value) if 0 <= value <= 100 else None
