"""GPUs as lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cyberbrain_cli.core.sparkline import sparkline
from cyberbrain_cli.workers.gpu_report.model import Course, Figures, Gpu, GpuReport, User

NO_GPU = "There is no GPU on this host."

_WIDTH = 20
_GIB = 2**30
_UNKNOWN = "?"


def lines(report: GpuReport, courses: Mapping[str, Course]) -> tuple[str, ...]:
    """Each GPU with its figures, and below it who uses it."""
    if not report.gpus:
        return (NO_GPU,) if not report.notes else ()
    return tuple(line for gpu in report.gpus for line in _gpu(gpu, courses.get(gpu.uuid, Course())))


def _gpu(gpu: Gpu, course: Course) -> Iterator[str]:
    seen = gpu.measured
    gone = ", lost" if gpu.lost else ""
    yield f"GPU {gpu.index}  {gpu.name or gpu.vendor}{gone}"
    yield (
        f"  use     {_bars(course.utilization, 100.0)}  {_range(seen.utilization_percent)} %"
        f"   {_figure(seen.temperature_celsius)} °C   {_power(gpu)}"
    )
    yield f"  memory  {_bars(course.memory, gpu.memory_total_bytes)}  {_memory(gpu)}"
    reasons = (seen.throttled or {}).items()
    told = [f"{reason.replace('_', ' ')} {part:.0f} %" for reason, part in reasons]
    if told:
        yield f"  slowed  {', '.join(told)} of the time"
    for part in gpu.instances:
        yield f"  part    {part.name or part.uuid}: {_size(part.memory_used_bytes)} of " + _size(
            part.memory_total_bytes
        )
    for user in gpu.users:
        yield f"  {'└' if user is gpu.users[-1] else '├'} {_user(user)}"


def _user(user: User) -> str:
    name = user.container or {
        "not_allowed": "a container that is not allowed",
        "host": "a process of the host",
        "hidden": "a process that cannot be told from here",
    }.get(user.kind, user.kind)
    if user.evidence == "claim":
        return f"{name}: was given it, no process seen"
    many = f", {user.processes} processes" if user.processes > 1 else ""
    return f"{name}: {_size(user.memory_bytes)}{many}"


def _bars(values: list[float | None], high: float | None) -> str:
    return sparkline(values, _WIDTH, high=high).ljust(_WIDTH)


def _range(figures: Figures | None) -> str:
    """Median, and highest."""
    return f"{figures.median:.0f} (max {figures.maximum:.0f})" if figures else _UNKNOWN


def _figure(figures: Figures | None) -> str:
    return f"{figures.maximum:.0f}" if figures else _UNKNOWN


def _power(gpu: Gpu) -> str:
    power, limit = gpu.measured.power_watts, gpu.power_limit_watts
    used = f"{power.median:.0f}" if power else _UNKNOWN
    return f"{used} of {limit:.0f} W" if limit else f"{used} W"


def _memory(gpu: Gpu) -> str:
    used = gpu.measured.memory_used_bytes
    return f"{_size(used.maximum if used else None)} of {_size(gpu.memory_total_bytes)}"


def _size(size: float | None) -> str:
    return f"{size / _GIB:.1f} GiB" if size is not None else _UNKNOWN
