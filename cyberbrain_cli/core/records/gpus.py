"""What a GPU tells of itself. Whatever its driver does not tell is None, and never 0."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that uses a GPU, by the pid that the driver knows it by.

    `instance` is the part of the GPU that it runs on, where the GPU is cut into parts (MIG).
    """

    pid: int
    used_bytes: int | None
    instance: str | None = None


@dataclass(frozen=True, slots=True)
class GpuInstance:
    """A part of a GPU that works like one of its own (MIG). `index` is its number on the GPU."""

    uuid: str
    index: int
    name: str | None = None
    memory_total_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class GpuInstanceSample:
    """A part of a GPU at one moment."""

    uuid: str
    memory_used_bytes: int | None


@dataclass(frozen=True, slots=True)
class EccErrors:
    """Memory errors, since the driver was loaded (`volatile`) and over the GPU's life."""

    enabled: bool | None = None
    corrected_volatile: int | None = None
    uncorrected_volatile: int | None = None
    corrected_aggregate: int | None = None
    uncorrected_aggregate: int | None = None


@dataclass(frozen=True, slots=True)
class Pcie:
    """The link to the machine, as it is and as it could be. It slows down when it is idle."""

    generation: int | None = None
    generation_max: int | None = None
    width: int | None = None
    width_max: int | None = None


@dataclass(frozen=True, slots=True)
class GpuFacts:
    """A GPU, and what of it changes seldom. `index` is the driver's own number.

    `lost` is one that the driver lists and that does not answer; nothing more is known of it.
    """

    uuid: str
    index: int
    vendor: str
    name: str | None = None
    pci_address: str | None = None
    memory_total_bytes: int | None = None
    power_limit_watts: float | None = None
    pcie: Pcie = Pcie()
    ecc: EccErrors = EccErrors()
    mig: bool | None = None
    instances: tuple[GpuInstance, ...] = ()
    lost: bool = False


def unnamed(vendor: str, index: int) -> str:
    """What takes the place of the UUID that a GPU does not tell."""
    return f"{vendor}-{index}"


@dataclass(frozen=True, slots=True)
class GpuSample:
    """A GPU at one moment. `throttle` names why its clocks are held back.

    PCIe throughput takes long to ask for, so most samples have none.
    """

    uuid: str
    utilization_percent: float | None = None
    memory_utilization_percent: float | None = None
    memory_used_bytes: int | None = None
    temperature_celsius: float | None = None
    power_watts: float | None = None
    graphics_clock_mhz: int | None = None
    memory_clock_mhz: int | None = None
    throttle: tuple[str, ...] | None = None
    pcie_received_bytes_per_second: int | None = None
    pcie_sent_bytes_per_second: int | None = None
    processes: tuple[GpuProcess, ...] | None = None
    instances: tuple[GpuInstanceSample, ...] = ()


@dataclass(frozen=True, slots=True)
class GpuOwner:
    """Whose process uses a GPU.

    `kind` is container, host (a process of no container), or hidden (its pid means nothing
    here). `container` is the name, None behind a guard for one that is not on the allowlist;
    `token` tells two of those apart.
    """

    kind: str
    container: str | None = None
    listed: bool = False
    token: str = ""


@dataclass(frozen=True, slots=True)
class GpuClaim:
    """GPUs that a container was given when it was made, in the words of its maker.

    A device is an index, a UUID or its beginning, a PCI address, `all`, a part as `GPU:PART` or by
    its UUID, or one of these with its vendor before it (`nvidia.com/gpu=0`). A `count` means the
    first GPUs. `heeded` is False for mere words: an environment variable that the container's
    runtime is not known to read.
    """

    container: str
    devices: tuple[str, ...] = ()
    count: int | None = None
    heeded: bool = True


@dataclass(frozen=True, slots=True)
class GpuUse:
    """Who uses the GPUs of a host: owners by pid, and what containers were given.

    `problem` says why pids cannot be told, where they cannot.
    """

    owners: dict[int, GpuOwner]
    claims: tuple[GpuClaim, ...] = ()
    problem: str | None = None
