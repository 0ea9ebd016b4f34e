"""The processes on one of NVIDIA's GPUs, and on which part of it each runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pynvml

from cyberbrain_cli.adapters.nvml_ask import ask_first, figure
from cyberbrain_cli.core.records import GpuProcess

_KINDS = (
    (
        pynvml.nvmlDeviceGetComputeRunningProcesses_v3,
        pynvml.nvmlDeviceGetComputeRunningProcesses_v2,
    ),
    (
        pynvml.nvmlDeviceGetGraphicsRunningProcesses_v3,
        pynvml.nvmlDeviceGetGraphicsRunningProcesses_v2,
    ),
)
"""By version, since the names without one raise what is no NVMLError with an older driver."""


def processes_of(gpu: Any, parts: Iterable[tuple[str, Any]]) -> tuple[GpuProcess, ...] | None:
    """Those of a GPU and of its parts, given with their UUIDs; None where it tells none.

    Each pid is there once for each part that it runs on. Raises NvmlLost.
    """
    whole = _running(gpu)
    found: list[GpuProcess] = []
    answered = whole is not None
    rest = dict(whole or {})
    for uuid, part in parts:
        listed = _running(part)
        answered = answered or listed is not None
        for pid, used in (listed or {}).items():
            known = (whole or {}).get(pid)
            found.append(GpuProcess(pid, known if used is None else used, uuid))
            rest.pop(pid, None)
    found += [GpuProcess(pid, used) for pid, used in rest.items()]
    return tuple(sorted(found, key=lambda one: (one.pid, one.instance or ""))) if answered else None


def _running(handle: Any) -> dict[int, int | None] | None:
    """Those that compute and those that draw, each pid once with the most it is said to hold."""
    found: dict[int, int | None] = {}
    answered = False
    for newest_first in _KINDS:
        listed = ask_first(newest_first, handle)
        answered = answered or listed is not None
        for one in listed or ():
            used, before = figure(one.usedGpuMemory), found.get(one.pid)
            found[one.pid] = used if before is None else max(before, used or 0)
    return found if answered else None
