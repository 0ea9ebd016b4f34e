"""AMD's GPUs, by the `amdsmi` package that comes with ROCm; not there, nothing is known of them.

What each function gives stands in the AMD SMI Python API reference. Figures that a card does not
have come as the text "N/A".
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout, suppress
from typing import Any

from cyberbrain_cli.core.records import EccErrors, GpuFacts, GpuProcess, GpuSample, Pcie, unnamed

VENDOR = "amd"
_MEBI = 1 << 20


_CLUMSY = (ValueError, TypeError, LookupError, AttributeError, OSError)
"""What the package raises of itself where it meets a card or a library that it does not know."""


class NoAmd(Exception):
    """AMD's GPUs cannot be looked at; the message says why, in half a sentence."""


class AmdWatch:
    """All GPUs of AMD's driver; implements `core.ports.GpuWatch`."""

    def __init__(self, smi: Any) -> None:
        self._smi = smi
        self._handles: dict[str, Any] = {}
        for index, handle in enumerate(self._ask("amdsmi_get_processor_handles") or ()):
            uuid = str(self._ask("amdsmi_get_gpu_device_uuid", handle) or unnamed(VENDOR, index))
            # cards without a serial number of their own may all tell the same one
            self._handles[uuid if uuid not in self._handles else f"{uuid}-{index}"] = handle

    @property
    def notes(self) -> tuple[str, ...]:
        """Nothing: what is unknown is None in the records."""
        return ()

    def facts(self) -> tuple[GpuFacts, ...]:
        """The GPUs, with what changes seldom."""
        return tuple(
            self._facts(index, uuid, handle)
            for index, (uuid, handle) in enumerate(self._handles.items())
        )

    def sample(self) -> tuple[GpuSample, ...]:
        """Each GPU at this moment."""
        return tuple(self._sample(uuid, handle) for uuid, handle in self._handles.items())

    def xids(self) -> Mapping[str, tuple[int, ...] | None]:
        """AMD has no such numbers."""
        return dict.fromkeys(self._handles, None)

    def _facts(self, index: int, uuid: str, handle: Any) -> GpuFacts:
        board = self._table("amdsmi_get_gpu_asic_info", handle)
        memory = self._table("amdsmi_get_gpu_vram_usage", handle)
        power = self._table("amdsmi_get_power_info", handle)
        link = self._table("amdsmi_get_pcie_info", handle)
        now, most = link.get("pcie_metric") or {}, link.get("pcie_static") or {}
        ecc = self._table("amdsmi_get_gpu_total_ecc_count", handle)
        total = _number(memory.get("vram_total"))
        name = board.get("market_name")
        return GpuFacts(
            uuid=uuid,
            index=index,
            vendor=VENDOR,
            name=str(name) if name else None,
            pci_address=_text(self._ask("amdsmi_get_gpu_device_bdf", handle)),
            memory_total_bytes=None if total is None else int(total) * _MEBI,
            power_limit_watts=_short(power.get("power_limit")),
            pcie=Pcie(
                generation_max=_whole(most.get("pcie_interface_version")),
                width=_whole(_short(now.get("pcie_width"))),
                width_max=_whole(_short(most.get("max_pcie_width"))),
            ),
            ecc=EccErrors(
                corrected_volatile=_whole(ecc.get("correctable_count")),
                uncorrected_volatile=_whole(ecc.get("uncorrectable_count")),
            ),
        )

    def _sample(self, uuid: str, handle: Any) -> GpuSample:
        activity = self._table("amdsmi_get_gpu_activity", handle)
        used = _number(self._table("amdsmi_get_gpu_vram_usage", handle).get("vram_used"))
        power = self._table("amdsmi_get_power_info", handle)
        watts = _short(power.get("current_socket_power"))
        if watts is None:
            watts = _short(power.get("average_socket_power"))
        return GpuSample(
            uuid=uuid,
            utilization_percent=_short(activity.get("gfx_activity")),
            memory_utilization_percent=_short(activity.get("umc_activity")),
            memory_used_bytes=None if used is None else int(used) * _MEBI,
            temperature_celsius=self._warmth(handle),
            power_watts=watts,
            graphics_clock_mhz=self._clock(handle, "GFX"),
            memory_clock_mhz=self._clock(handle, "MEM"),
            processes=self._processes(handle),
        )

    def _warmth(self, handle: Any) -> float | None:
        """At the hottest place, where the card has a sensor there; else at its edge."""
        kinds, now = self._smi.AmdSmiTemperatureType, self._smi.AmdSmiTemperatureMetric.CURRENT
        for where in (kinds.HOTSPOT, kinds.EDGE):
            degrees = _short(self._ask("amdsmi_get_temp_metric", handle, where, now))
            if degrees is not None:
                return degrees
        return None

    def _clock(self, handle: Any, kind: str) -> int | None:
        which = getattr(self._smi.AmdSmiClkType, kind)
        return _whole(self._table("amdsmi_get_clock_info", handle, which).get("clk"))

    def _processes(self, handle: Any) -> tuple[GpuProcess, ...] | None:
        listed = self._ask("amdsmi_get_gpu_process_list", handle)
        if listed is None:
            return None
        found = {}
        for one in listed:
            if isinstance(one, Mapping) and (pid := _whole(one.get("pid"))):
                usage = one.get("memory_usage") or {}
                found[pid] = GpuProcess(pid, _whole(usage.get("vram_mem", one.get("mem"))))
        return tuple(found[pid] for pid in sorted(found))

    def _table(self, name: str, *arguments: Any) -> Mapping[str, Any]:
        answer = self._ask(name, *arguments)
        return answer if isinstance(answer, Mapping) else {}

    def _ask(self, name: str, *arguments: Any) -> Any:
        """The library's answer; None where this version or card gives none."""
        function: Callable[..., Any] | None = getattr(self._smi, name, None)
        if function is None:
            return None
        try:
            return function(*arguments)
        except (self._smi.AmdSmiException, *_CLUMSY):
            return None


@contextmanager
def watch_amd() -> Iterator[AmdWatch]:
    """Begin to look at AMD's GPUs. Raises NoAmd."""
    try:
        with redirect_stdout(io.StringIO()):  # it prints when there is no library
            import amdsmi
    except ImportError:
        raise NoAmd("the package amdsmi, which comes with ROCm, is not there") from None
    except _CLUMSY:
        raise NoAmd("the library libamd_smi.so is not there or is older than amdsmi") from None
    try:
        amdsmi.amdsmi_init()
    except (amdsmi.AmdSmiException, *_CLUMSY) as error:
        raise NoAmd(" ".join(str(error).split())[:100] or type(error).__name__) from None
    try:
        yield AmdWatch(amdsmi)
    finally:
        with suppress(amdsmi.AmdSmiException, *_CLUMSY):
            amdsmi.amdsmi_shut_down()


def _number(value: Any) -> float | None:
    """What is a number and can be meant; "N/A" and all ones are neither."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    known = math.isfinite(value) and 0 <= value < 1 << 60 and value != 0xFFFFFFFF
    return value if known else None


def _short(value: Any) -> float | None:
    """A number that the driver has in 16 bits."""
    number = _number(value)
    return None if number is None or number >= 0xFFFF else number


def _whole(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _text(value: Any) -> str | None:
    return str(value) if value else None
