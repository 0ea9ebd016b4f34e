"""A report on GPUs as it is written: `gpu_report.json`. Whatever is unknown is null."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from cyberbrain_cli.core.records import EccErrors, Pcie

SCHEMA_VERSION = 2
KIND = "gpu_report"
"""The kind of the artifact, by which the next run finds it."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a figure was over the samples that had it."""

    minimum: float
    median: float
    p95: float
    maximum: float
    samples: int

    @classmethod
    def of(cls, values: Sequence[float | None]) -> Figures | None:
        """None where no sample had the figure. `p95` is the nearest rank."""
        known = sorted(value for value in values if value is not None)
        if not known:
            return None
        rank = max(0, -(-95 * len(known) // 100) - 1)
        return cls(known[0], median(known), known[rank], known[-1], len(known))


@dataclass(frozen=True, slots=True)
class Measured:
    """A GPU's figures. `throttled` is the share of samples, in percent, by reason."""

    utilization_percent: Figures | None = None
    memory_utilization_percent: Figures | None = None
    memory_used_bytes: Figures | None = None
    temperature_celsius: Figures | None = None
    power_watts: Figures | None = None
    graphics_clock_mhz: Figures | None = None
    memory_clock_mhz: Figures | None = None
    pcie_received_bytes_per_second: Figures | None = None
    pcie_sent_bytes_per_second: Figures | None = None
    throttled: dict[str, float] | None = None


@dataclass(frozen=True, slots=True)
class User:
    """Who uses a GPU.

    `kind` is container, not_allowed (a container that is not on the allowlist), host (a process
    of no container) or hidden (a process that cannot be told from here). `memory_bytes` is the
    most that it held. `evidence` is process; or where no process of a container was seen: claim if
    it was given the GPU, variable if it only has a variable that asks for it. `instance` is the
    part of the GPU that it uses.
    """

    kind: str
    container: str | None
    memory_bytes: int | None
    processes: int
    evidence: str
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class Instance:
    """A part of a GPU (MIG)."""

    uuid: str
    index: int
    name: str | None
    memory_total_bytes: int | None
    memory_used_bytes: Figures | None


@dataclass(frozen=True, slots=True)
class Missing:
    """A GPU that was there in an earlier run, last at `last_seen`."""

    uuid: str
    index: int
    vendor: str
    name: str | None
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU."""

    uuid: str
    index: int
    vendor: str
    name: str | None
    pci_address: str | None
    memory_total_bytes: int | None
    power_limit_watts: float | None
    pcie: Pcie
    ecc: EccErrors
    mig: bool | None
    instances: tuple[Instance, ...]
    xids: tuple[int, ...] | None
    lost: bool
    measured: Measured
    users: tuple[User, ...]


def label(vendor: str, index: int) -> str:
    """What people call a GPU: each maker's driver counts its own."""
    return f"GPU {index}" if vendor == "nvidia" else f"{vendor.upper()} GPU {index}"


@dataclass(frozen=True, slots=True)
class GpuReport:
    """All GPUs of a host. `samples` is how often they were looked at."""

    schema_version: int
    created_at: datetime
    sample_seconds: float
    samples: int
    gpus: tuple[Gpu, ...]
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Course:
    """A GPU's figures one after the other, for the sparklines."""

    utilization: list[float | None] = field(default_factory=list)
    memory: list[float | None] = field(default_factory=list)
