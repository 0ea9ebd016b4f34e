"""The GPUs of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from cyberbrain_cli.core.records import GpuFacts, GpuSample


class GpuWatch(Protocol):
    """GPUs that are being looked at. No method raises for what a driver can do."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What could not be looked at and why, in sentences; GPUs lost meanwhile among them."""
        ...

    def facts(self) -> tuple[GpuFacts, ...]:
        """Every GPU that there was when the watch began, with what changes seldom.

        One that does not answer is marked as lost.
        """
        ...

    def sample(self) -> tuple[GpuSample, ...]:
        """Each GPU that answers, at this moment."""
        ...

    def xids(self) -> Mapping[str, tuple[int, ...] | None]:
        """NVIDIA's numbers of the errors since the watch began, by UUID.

        None for a GPU that does not report them.
        """
        ...


class Gpus(Protocol):
    """Whatever GPUs there are, of whatever maker."""

    def watch(self) -> AbstractContextManager[GpuWatch]:
        """Begin to look at them; without a driver there are none, and a note says so."""
        ...
