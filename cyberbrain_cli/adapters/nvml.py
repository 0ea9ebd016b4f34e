"""NVIDIA's GPUs, by NVML: the library that nvidia-smi is made of.

What each function and number means stands in NVIDIA's NVML API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeVar

import pynvml

from cyberbrain_cli.adapters.nvml_ask import NvmlLost, why
from cyberbrain_cli.adapters.nvml_device import VENDOR, NvmlDevice
from cyberbrain_cli.adapters.nvml_xids import XidEvents
from cyberbrain_cli.core.records import GpuFacts, GpuSample, unnamed

T = TypeVar("T")

PCIE_EVERY = 5
"""One in so many samples asks for PCIe throughput, which takes 40 ms for each GPU."""


_NOTHING_THERE = frozenset(
    (
        pynvml.NVML_ERROR_LIBRARY_NOT_FOUND,
        pynvml.NVML_ERROR_DRIVER_NOT_LOADED,
        pynvml.NVML_ERROR_NOT_FOUND,
        pynvml.NVML_ERROR_GPU_NOT_FOUND,
    )
)


class NoDriver(Exception):
    """NVML cannot be used; the message says why, in half a sentence.

    `answered` is True where a driver is there all the same, and says no.
    """

    def __init__(self, error: pynvml.NVMLError) -> None:
        super().__init__(why(error))
        self.answered = getattr(error, "value", None) not in _NOTHING_THERE


class NvmlWatch:
    """All GPUs of NVIDIA's driver; implements `core.ports.GpuWatch`."""

    def __init__(self, devices: list[NvmlDevice], lost: list[GpuFacts], notes: list[str]) -> None:
        self._devices = devices
        self._lost = lost
        self._notes = notes
        self._rounds = 0
        self._xids = XidEvents(devices, notes.append)

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be looked at and why."""
        return tuple(self._notes)

    def facts(self) -> tuple[GpuFacts, ...]:
        """Every GPU, with what changes seldom."""
        answered = tuple(self._of_each(lambda device: device.facts()))
        return tuple(sorted((*answered, *self._lost), key=lambda gpu: gpu.index))

    def sample(self) -> tuple[GpuSample, ...]:
        """Each GPU that answers, at this moment."""
        pcie = self._rounds % PCIE_EVERY == 0
        self._rounds += 1
        self._xids.hear()
        return tuple(self._of_each(lambda device: device.sample(pcie=pcie)))

    def xids(self) -> Mapping[str, tuple[int, ...] | None]:
        """The errors since the watch began."""
        return self._xids.numbers()

    def close(self) -> None:
        """Stop listening for errors."""
        self._xids.close()

    def _of_each(self, ask: Callable[[NvmlDevice], T]) -> Iterator[T]:
        for device in list(self._devices):
            try:
                yield ask(device)
            except NvmlLost as error:
                self._devices.remove(device)
                self._lost.append(GpuFacts(device.uuid, device.index, VENDOR, lost=True))
                self._notes.append(
                    f"GPU {device.index} ({device.uuid}) stopped answering: {error}. "
                    "What is reported of it was seen before."
                )


@contextmanager
def watch_nvidia() -> Iterator[NvmlWatch]:
    """Begin to look at NVIDIA's GPUs. Raises NoDriver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise NoDriver(error) from None
    try:
        watch = NvmlWatch(*_devices())
        try:
            yield watch
        finally:
            watch.close()
    finally:
        with suppress(pynvml.NVMLError):
            pynvml.nvmlShutdown()


def _devices() -> tuple[list[NvmlDevice], list[GpuFacts], list[str]]:
    """The GPUs that can be opened, those that cannot, and why."""
    found: list[NvmlDevice] = []
    lost: list[GpuFacts] = []
    notes: list[str] = []
    try:
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError as error:
        return [], [], [f"NVIDIA's driver does not say which GPUs there are: {why(error)}."]
    for index in range(count):
        try:
            found.append(NvmlDevice.of(index))
        except (pynvml.NVMLError, NvmlLost) as error:
            lost.append(GpuFacts(unnamed(VENDOR, index), index, VENDOR, lost=True))
            notes.append(f"GPU {index} cannot be looked at: {why(error)}.")
    return found, lost, notes
