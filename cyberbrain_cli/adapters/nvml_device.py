"""One of NVIDIA's GPUs: what it is, and how it does at a moment."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pynvml

from cyberbrain_cli.adapters.nvml_ask import ask, ask_first, figure
from cyberbrain_cli.adapters.nvml_processes import processes_of
from cyberbrain_cli.core.records import (
    EccErrors,
    GpuFacts,
    GpuInstance,
    GpuInstanceSample,
    GpuSample,
    Pcie,
    unnamed,
)

VENDOR = "nvidia"
_KIB = 1024
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

_TEMPERATURE = (pynvml.nvmlDeviceGetTemperature, pynvml.nvmlDeviceGetTemperatureV)
"""The first is in all drivers up to CUDA 13, and announced to go after that."""


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
        uuid = ask(pynvml.nvmlDeviceGetUUID, handle)
        return cls(handle, index, uuid or unnamed(VENDOR, index))

    def is_of(self, handle: Any) -> bool:
        """Whether another handle means this GPU; a GPU that is lost is known by its address."""
        if address_of(handle) == address_of(self.handle):
            return True
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
        address = ask(lambda: pynvml.nvmlDeviceGetPciInfo(self.handle).busId)
        limit = self._number(pynvml.nvmlDeviceGetEnforcedPowerLimit)
        memory = ask(pynvml.nvmlDeviceGetMemoryInfo, self.handle)
        mig = ask(pynvml.nvmlDeviceGetMigMode, self.handle)
        return GpuFacts(
            uuid=self.uuid,
            index=self.index,
            vendor=VENDOR,
            name=ask(pynvml.nvmlDeviceGetName, self.handle),
            pci_address=str(address) if address else None,
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
        watts = self._number(pynvml.nvmlDeviceGetPowerUsage)
        parts = list(self._parts())
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
            memory_used_bytes=_used(self.handle),
            temperature_celsius=figure(
                ask_first(_TEMPERATURE, self.handle, pynvml.NVML_TEMPERATURE_GPU)
            ),
            power_watts=watts / 1000 if watts is not None else None,
            graphics_clock_mhz=self._number(
                pynvml.nvmlDeviceGetClockInfo, pynvml.NVML_CLOCK_GRAPHICS
            ),
            memory_clock_mhz=self._number(pynvml.nvmlDeviceGetClockInfo, pynvml.NVML_CLOCK_MEM),
            throttle=self._throttle(),
            pcie_received_bytes_per_second=received * _KIB if received is not None else None,
            pcie_sent_bytes_per_second=sent * _KIB if sent is not None else None,
            processes=processes_of(self.handle, [(uuid, part) for _, uuid, part in parts]),
            instances=tuple(GpuInstanceSample(uuid, _used(part)) for _, uuid, part in parts),
        )

    def _number(self, function: Callable[..., Any], *arguments: Any) -> int | None:
        return figure(ask(function, self.handle, *arguments))

    def _throttle(self) -> tuple[str, ...] | None:
        """Why clocks are held back; older drivers know the question by its older name."""
        newest_first = (
            pynvml.nvmlDeviceGetCurrentClocksEventReasons,
            pynvml.nvmlDeviceGetCurrentClocksThrottleReasons,
        )
        reasons = figure(ask_first(newest_first, self.handle))
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

    def _parts(self) -> Iterator[tuple[int, str, Any]]:
        """Index, UUID and handle of each part; there may be holes in the numbers."""
        for number in range(self._number(pynvml.nvmlDeviceGetMaxMigDeviceCount) or 0):
            part = ask(pynvml.nvmlDeviceGetMigDeviceHandleByIndex, self.handle, number)
            if part is not None:
                uuid = ask(pynvml.nvmlDeviceGetUUID, part)
                yield number, uuid or f"{self.uuid}:{number}", part

    def _instances(self) -> Iterator[GpuInstance]:
        for number, uuid, part in self._parts():
            memory = ask(pynvml.nvmlDeviceGetMemoryInfo, part)
            total = figure(memory.total) if memory else None
            yield GpuInstance(uuid, number, ask(pynvml.nvmlDeviceGetName, part), total)


def address_of(handle: Any) -> int | None:
    """Where the library keeps what it knows of a GPU."""
    return ctypes.cast(handle, ctypes.c_void_p).value


def _used(handle: Any) -> int | None:
    memory = ask(pynvml.nvmlDeviceGetMemoryInfo, handle)
    return figure(memory.used) if memory else None


def _percent(value: int) -> float | None:
    return float(value) if 0 <= value <= 100 else None
