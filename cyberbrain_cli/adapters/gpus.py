"""The GPUs of this machine, whoever made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from cyberbrain_cli.adapters import gpu_probe
from cyberbrain_cli.adapters.amd_smi import NoAmd, watch_amd
from cyberbrain_cli.core.ports import GpuWatch
from cyberbrain_cli.core.records import GpuFacts, GpuSample


class SystemGpus:
    """What NVIDIA's and AMD's drivers show; implements `core.ports.Gpus`."""

    @contextmanager
    def watch(self) -> Iterator[GpuWatch]:
        """Begin to look at them; without a driver there are none, and a note says so."""
        from cyberbrain_cli.adapters.nvml import NoDriver, watch_nvidia  # 70 ms, when used

        notes: list[str] = []
        watches: list[GpuWatch] = []
        with ExitStack() as stack:
            try:
                watches.append(stack.enter_context(watch_nvidia()))
            except NoDriver as error:
                seen = gpu_probe.nvidia() or ("NVIDIA" if error.answered else None)
                notes += _if_there(seen, str(error))
            try:
                watches.append(stack.enter_context(watch_amd()))
            except NoAmd as error:
                notes += _if_there(gpu_probe.amd(), str(error))
            yield _AllWatches(watches, notes)


class _AllWatches:
    def __init__(self, watches: list[GpuWatch], notes: list[str]) -> None:
        self._watches = watches
        self._own = notes

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._own, *(note for watch in self._watches for note in watch.notes))

    def facts(self) -> tuple[GpuFacts, ...]:
        return tuple(gpu for watch in self._watches for gpu in watch.facts())

    def sample(self) -> tuple[GpuSample, ...]:
        return tuple(gpu for watch in self._watches for gpu in watch.sample())

    def xids(self) -> Mapping[str, tuple[int, ...] | None]:
        return {uuid: heard for watch in self._watches for uuid, heard in watch.xids().items()}


def _if_there(seen: str | None, why: str) -> list[str]:
    """A missing driver is worth a word only where there is something to drive."""
    return [f"{seen}: cannot be looked at, {why}."] if seen else []
