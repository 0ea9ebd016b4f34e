"""NVIDIA's GPUs, by NVML: the library that nvidia-smi is made of.

What each function and number means stands in NVIDIA's NVML API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import pynvml

from cyberbrain_cli.adapters.nvml_device import NvmlDevice, NvmlLost
from cyberbrain_cli.core.records import GpuFacts, GpuSample

T = TypeVar("T")

PCIE_EVERY = 5
"""One in so many samples asks for PCIe throughput, which takes 40 ms for each GPU."""

_MOST_EVENTS = 100


class NoDriver(Exception):
    """NVML cannot be used; the message says why, in half a sentence."""


class NvmlWatch:
    """All GPUs of NVIDIA's driver; implements `core.ports.GpuWatch`."""

    def __init__(self, devices: list[NvmlDevice], notes: list[str]) -> None:
        self._devices = devices
        self._notes = notes
        self._rounds = 0
        self._events: Any = None
        self._xids: dict[str, tuple[int, ...] | None] = {}
        self._listen()

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be looked at and why."""
        return tuple(self._notes)

    def facts(self) -> tuple[GpuFacts, ...]:
        """The GPUs that answer, with what changes seldom."""
        return tuple(self._of_each(lambda device: device.facts()))

    def sample(self) -> tuple[GpuSample, ...]:
        """Each GPU that answers, at this moment."""
        pcie = self._rounds % PCIE_EVERY == 0
        self._rounds += 1
        self._hear()
        return tuple(self._of_each(lambda device: device.sample(pcie=pcie)))

    def xids(self) -> Mapping[str, tuple[int, ...] | None]:
        """The errors since the watch began."""
        self._hear()
        return dict(self._xids)

    def close(self) -> None:
        """Stop listening for errors."""
        if self._events is not None:
            with suppress(pynvml.NVMLError):
                pynvml.nvmlEventSetFree(self._events)

    def _of_each(self, ask: Callable[[NvmlDevice], T]) -> Iterator[T]:
        for device in list(self._devices):
            try:
                yield ask(device)
            except NvmlLost as error:
                self._devices.remove(device)
                self._notes.append(
                    f"GPU {device.index} ({device.uuid}) stopped answering: {error}. "
                    "What is reported of it was seen before."
                )

    def _listen(self) -> None:
        self._xids = dict.fromkeys((device.uuid for device in self._devices), None)
        with suppress(pynvml.NVMLError):
            self._events = pynvml.nvmlEventSetCreate()
            for device in self._devices:
                if device.report_xids(self._events):
                    self._xids[device.uuid] = ()

    def _hear(self) -> None:
        """Take the events that are there, without waiting."""
        if not any(heard is not None for heard in self._xids.values()):
            return
        with suppress(pynvml.NVMLError, NvmlLost):
            for _ in range(_MOST_EVENTS):
                event = pynvml.nvmlEventSetWait(self._events, 0)
                for device in self._devices:
                    heard = self._xids[device.uuid]
                    if heard is not None and device.is_of(event.device):
                        self._xids[device.uuid] = (*heard, int(event.eventData))


@contextmanager
def watch_nvidia() -> Iterator[NvmlWatch]:
    """Begin to look at NVIDIA's GPUs. Raises NoDriver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise NoDriver(_why(error)) from None
    try:
        watch = NvmlWatch(*_devices())
        try:
            yield watch
        finally:
            watch.close()
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _devices() -> tuple[list[NvmlDevice], list[str]]:
    found: list[NvmlDevice] = []
    notes: list[str] = []
    try:
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError as error:
        return found, [f"NVIDIA's driver does not say which GPUs there are: {_why(error)}."]
    for index in range(count):
        try:
            found.append(NvmlDevice.of(index))
        except (pynvml.NVMLError, NvmlLost) as error:
            notes.append(f"GPU {index} cannot be looked at: {_why(error)}.")
    return found, notes


def _why(error: BaseException) -> str:
    codes = {
        pynvml.NVML_ERROR_LIBRARY_NOT_FOUND: "its library (libnvidia-ml.so.1) is missing",
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED: "the driver is not loaded",
        pynvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "the driver and its library are of different "
        "versions (a reboot, or loading the driver again, helps)",
        pynvml.NVML_ERROR_NO_PERMISSION: "this user may not ask it",
        pynvml.NVML_ERROR_GPU_IS_LOST: "it has fallen off the bus",
    }
    return codes.get(getattr(error, "value", None), str(error).lower() or type(error).__name__)
