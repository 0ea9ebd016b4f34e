"""The errors (Xid) that NVIDIA's driver reports of its GPUs, heard without waiting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import pynvml

from cyberbrain_cli.adapters.nvml_ask import NvmlLost, why
from cyberbrain_cli.adapters.nvml_device import NvmlDevice

_MOST_AT_ONCE = 100


class XidEvents:
    """Collects the errors of these GPUs from now on. `tell` takes a sentence on what goes wrong."""

    def __init__(self, devices: list[NvmlDevice], tell: Callable[[str], None]) -> None:
        self._devices = tuple(devices)
        self._tell = tell
        self._set: Any = None
        self._heard: dict[str, tuple[int, ...] | None] = {
            device.uuid: None for device in self._devices
        }
        with suppress(pynvml.NVMLError):
            self._set = pynvml.nvmlEventSetCreate()
            for device in self._devices:
                if device.report_xids(self._set):
                    self._heard[device.uuid] = ()

    def numbers(self) -> Mapping[str, tuple[int, ...] | None]:
        """NVIDIA's numbers by UUID; None for a GPU that reports none."""
        self.hear()
        return dict(self._heard)

    def hear(self) -> None:
        """Take the events that are there."""
        if self._set is None or all(heard is None for heard in self._heard.values()):
            return
        for _ in range(_MOST_AT_ONCE):
            try:
                event = pynvml.nvmlEventSetWait(self._set, 0)
            except pynvml.NVMLError as error:
                if getattr(error, "value", None) != pynvml.NVML_ERROR_TIMEOUT:
                    self._deaf(error)
                return
            self._note(event)

    def close(self) -> None:
        """Stop listening."""
        if self._set is not None:
            with suppress(pynvml.NVMLError):
                pynvml.nvmlEventSetFree(self._set)
            self._set = None

    def _note(self, event: Any) -> None:
        """A GPU that fell off the bus is still told by this event, so lost ones count as well."""
        for device in self._devices:
            heard = self._heard[device.uuid]
            with suppress(NvmlLost):
                if heard is not None and device.is_of(event.device):
                    self._heard[device.uuid] = (*heard, int(event.eventData))

    def _deaf(self, error: pynvml.NVMLError) -> None:
        """Silence from here on is no news: what reported nothing so far is unknown."""
        self.close()
        for uuid, heard in self._heard.items():
            self._heard[uuid] = heard or None
        self._tell(f"The driver stopped reporting errors (Xid) of its GPUs: {why(error)}.")
