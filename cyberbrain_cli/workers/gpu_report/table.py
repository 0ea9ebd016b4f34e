"""GPUs as lines for the terminal, and as tables for a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cyberbrain_cli.core.panels import Table
from cyberbrain_cli.core.sparkline import sparkline
from cyberbrain_cli.workers.gpu_report.model import (
    Course,
    Figures,
    Gpu,
    GpuReport,
    Measured,
    User,
    label,
)

NO_GPU = "There is no GPU on this host."
NONE_SHOWN = "No driver shows a GPU."

_WIDTH = 20
_MIB = 2**20
_GIB = 2**30
_UNKNOWN = "?"
_NAMELESS = {
    "not_allowed": "a container that is not allowed",
    "host": "a process of the host",
    "hidden": "a process that cannot be told from here",
}
_WITHOUT = {
    "claim": "was given it, no process seen",
    "variable": "asks for it by NVIDIA_VISIBLE_DEVICES, no process seen",
}


def lines(report: GpuReport, courses: Mapping[str, Course]) -> tuple[str, ...]:
    """Each GPU with its figures, and below it who uses it."""
    if not report.gpus:
        return (NONE_SHOWN if report.notes or report.missing else NO_GPU,)
    return tuple(line for gpu in report.gpus for line in _gpu(gpu, courses.get(gpu.uuid, Course())))


def _gpu(gpu: Gpu, course: Course) -> Iterator[str]:
    seen, title = gpu.measured, f"{label(gpu.vendor, gpu.index)}  {gpu.name or gpu.vendor}"
    if gpu.lost and seen == Measured():
        yield f"{title}, does not answer"
        return
    yield f"{title}{', lost' if gpu.lost else ''}"
    yield (
        f"  use     {_bars(course.utilization, 100.0)}  {_range(seen.utilization_percent)} %"
        f"   {_figure(seen.temperature_celsius)} °C   {_power(gpu)}"
    )
    yield f"  memory  {_bars(course.memory, gpu.memory_total_bytes)}  {_memory(gpu)}"
    if _slowed(gpu):
        yield f"  slowed  {_slowed(gpu)} of the time"
    for part in gpu.instances:
        yield f"  part {part.index}  {_of(part.memory_used_bytes, part.memory_total_bytes)}" + (
            f"  {part.name}" if part.name else ""
        )
    for user in gpu.users:
        yield f"  {'└' if user is gpu.users[-1] else '├'} {_user(user, gpu)}"


def tables(report: GpuReport) -> tuple[Table, ...]:
    """The GPUs with their figures, and who uses them; none where there are no GPUs."""
    cards = tuple(_row(gpu) for gpu in report.gpus)
    users = tuple(_user_row(user, gpu) for gpu in report.gpus for user in gpu.users)
    head = ("GPU", "Model", "Use %", "Memory", "°C", "Power", "Slowed")
    who = ("GPU", "Part", "User", "Memory", "Processes")
    found = (Table("GPUs", head, cards), Table("Users", who, users))
    return tuple(table for table in found if table.rows)


def _row(gpu: Gpu) -> tuple[str, ...]:
    seen = gpu.measured
    return (
        label(gpu.vendor, gpu.index) + (", lost" if gpu.lost else ""),
        gpu.name or gpu.vendor,
        _range(seen.utilization_percent),
        _memory(gpu),
        _figure(seen.temperature_celsius),
        _power(gpu),
        _UNKNOWN if seen.throttled is None else _slowed(gpu) or "no",
    )


def _user_row(user: User, gpu: Gpu) -> tuple[str, ...]:
    known = user.evidence == "process"
    size = _size(user.memory_bytes) if known else _WITHOUT[user.evidence]
    part = _part(user, gpu)
    return (
        label(gpu.vendor, gpu.index), "" if part is None else str(part), _who(user), size,
        str(user.processes),
    )  # fmt: skip


def _user(user: User, gpu: Gpu) -> str:
    part = _part(user, gpu)
    place = "" if part is None else f" (part {part})"
    if user.evidence != "process":
        return f"{_who(user)}{place}: {_WITHOUT[user.evidence]}"
    many = f", {user.processes} processes" if user.processes > 1 else ""
    return f"{_who(user)}{place}: {_size(user.memory_bytes)}{many}"


def _who(user: User) -> str:
    return user.container or _NAMELESS.get(user.kind, user.kind)


def _part(user: User, gpu: Gpu) -> int | None:
    return next((part.index for part in gpu.instances if part.uuid == user.instance), None)


def _slowed(gpu: Gpu) -> str:
    reasons = (gpu.measured.throttled or {}).items()
    return ", ".join(f"{name.replace('_', ' ')} {part:.0f} %" for name, part in reasons)


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
    return _of(gpu.measured.memory_used_bytes, gpu.memory_total_bytes)


def _of(used: Figures | None, total: int | None) -> str:
    return f"{_size(used.maximum if used else None)} of {_size(total)}"


def _size(size: float | None) -> str:
    if size is None:
        return _UNKNOWN
    if size < _GIB / 10:
        return f"{size / _MIB:.0f} MiB" if size >= _MIB else f"{size:.0f} B"
    return f"{size / _GIB:.1f} GiB"
