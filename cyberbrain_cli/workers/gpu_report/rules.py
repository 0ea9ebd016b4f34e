"""What of a report on GPUs is worth a person's attention. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.workers.gpu_report.model import (
    Gpu,
    GpuReport,
    Measured,
    Missing,
    User,
    label,
)
from cyberbrain_cli.workers.gpu_report.params import GpuReportParams, Rule
from cyberbrain_cli.workers.gpu_report.places import Place, containers, places

_HEAT = frozenset({"hardware_thermal", "software_thermal", "hardware_slowdown", "power_brake"})
_NAMELESS = {
    "container": "a container",
    "not_allowed": "a container that is not on the allowlist",
    "host": "the host's processes",
    "hidden": "processes that cannot be told",
}
_CRITICAL_DEGREES = 10
_XIDS = "https://docs.nvidia.com/deploy/xid-errors/"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that a rule found at a GPU or a part of one, and perhaps at one container on it.

    `gpu` is the UUID of either.
    """

    rule: Rule
    severity: Severity
    gpu: str
    container: str | None
    title: str
    explanation: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Rules:
    """Judges one report, and what it says against the last one."""

    report: GpuReport
    earlier: GpuReport | None
    params: GpuReportParams

    def problems(self) -> Iterator[Problem]:
        """Everything that the rules find."""
        before = {gpu.uuid: gpu for gpu in self.earlier.gpus} if self.earlier else {}
        for gpu in self.report.gpus:
            yield from self._load(gpu)
            yield from self._heat(gpu)
            yield from self._errors(gpu, before.get(gpu.uuid))
            yield from self._idleness(gpu)
            for place in places(gpu):
                yield from self._room(place)
            if gpu.lost:
                yield _lost(gpu)
        yield from (_missing(one) for one in self.report.missing)

    def _load(self, gpu: Gpu) -> Iterator[Problem]:
        use = gpu.measured.utilization_percent
        if use and use.median >= self.params.utilization_percent:
            yield _at(
                gpu, "busy", Severity.INFO, f"is busy: {use.median:.0f} % of the time",
                f"Median {use.median:.0f} %, p95 {use.p95:.0f} % over {use.samples} samples.",
                "If somebody waits for it, move one of its containers to another GPU.",
            )  # fmt: skip

    def _heat(self, gpu: Gpu) -> Iterator[Problem]:
        heat, params = gpu.measured.temperature_celsius, self.params
        if heat and heat.maximum >= params.temperature_celsius:
            severe = heat.maximum >= params.temperature_celsius + _CRITICAL_DEGREES
            yield _at(
                gpu, "hot", Severity.CRITICAL if severe else Severity.WARNING,
                f"is hot: {heat.maximum:.0f} °C",
                f"Median {heat.median:.0f} °C, highest {heat.maximum:.0f} °C.",
                "Check fans, filters and the room; lower its power limit until then.",
            )  # fmt: skip
        throttled = gpu.measured.throttled or {}
        hot = {name: part for name, part in throttled.items() if name in _HEAT}
        if hot and max(hot.values()) >= params.throttled_percent:
            reasons = ", ".join(
                f"{name.replace('_', ' ')} {part:.0f} %" for name, part in hot.items()
            )
            yield _at(
                gpu, "throttled", Severity.WARNING, "is slowed down to protect itself",
                f"Share of the samples: {reasons}.", "Check its cooling and its power supply.",
            )  # fmt: skip
        yield from self._cap(gpu, throttled.get("power_cap", 0.0))

    def _cap(self, gpu: Gpu, capped: float) -> Iterator[Problem]:
        power, limit = gpu.measured.power_watts, gpu.power_limit_watts
        full = power and limit and 100 * power.p95 / limit >= self.params.power_percent
        if full or (capped and capped >= self.params.throttled_percent):
            told = []
            if power:
                told.append(f"p95 {power.p95:.0f} W{f' of {limit:.0f} W' if limit else ''}.")
            if capped:
                told.append(f"Clocks were held back in {capped:.0f} % of the samples.")
            yield _at(
                gpu, "power_cap", Severity.INFO, "is held back by its power limit",
                " ".join(told), "Raise its limit if cooling and supply allow it.",
            )  # fmt: skip

    def _errors(self, gpu: Gpu, before: Gpu | None) -> Iterator[Problem]:
        if gpu.xids:
            numbers = ", ".join(map(str, sorted(set(gpu.xids))))
            yield _at(
                gpu, "xid", Severity.CRITICAL, f"reported an error: Xid {numbers}",
                f"{len(gpu.xids)} in {self.report.sample_seconds:g} s.",
                f"Look the number up at {_XIDS}, and see `dmesg`.",
            )  # fmt: skip
        bad, fixed = gpu.ecc.uncorrected_volatile, gpu.ecc.corrected_volatile
        if bad:
            since = _since(bad, before.ecc.uncorrected_volatile if before else None)
            yield _at(
                gpu, "ecc", Severity.CRITICAL, f"has {bad} uncorrected memory errors",
                f"Since its driver was loaded{since}. What ran on it may have computed nonsense.",
                "Drain it and reset it; if they come back, have it replaced.",
            )  # fmt: skip
        elif fixed and fixed > self.params.corrected_errors:
            since = _since(fixed, before.ecc.corrected_volatile if before else None)
            yield _at(
                gpu, "ecc", Severity.WARNING, f"has {fixed} corrected memory errors",
                f"Since its driver was loaded{since}. They do no harm, but often announce others.",
                "Watch whether they grow.",
            )  # fmt: skip

    def _idleness(self, gpu: Gpu) -> Iterator[Problem]:
        """One finding a container; those not on the allowlist share one, for who holds most."""
        use, told = gpu.measured.utilization_percent, set[str | None]()
        if not use or use.maximum > self.params.idle_percent:
            return
        for user in containers(gpu.users):
            share = _share(user.memory_bytes, gpu.memory_total_bytes)
            if share is None or share < self.params.idle_memory_percent or user.container in told:
                continue
            told.add(user.container)
            yield _at(
                gpu, "idle", Severity.WARNING,
                f"is idle while {_name(user)} holds {share:.0f} % of its memory",
                f"Utilization was at most {use.maximum:.0f} % over {use.samples} samples.",
                "Stop it if nobody needs it, or unload its model.", user,
            )  # fmt: skip

    def _room(self, place: Place) -> Iterator[Problem]:
        used, params = place.used, self.params
        usual = _share(used.p95 if used else None, place.total_bytes)
        if usual is not None and usual >= params.memory_percent:
            yield Problem(
                "memory", Severity.WARNING, place.uuid, None,
                f"{place.title} is almost full: {usual:.0f} % of its memory",
                f"{_who(place.users)} The next allocation may fail.",
                "Give fewer or smaller models to this GPU.",
            )  # fmt: skip
        most = _share(used.maximum if used else None, place.total_bytes)
        real = [user for user in containers(place.users) if user.evidence == "process"]
        if len(real) > 1 and most is not None and most >= params.crowded_percent:
            yield Problem(
                "crowded", Severity.WARNING, place.uuid, None,
                f"{place.title} is crowded by {len(real)} containers",
                f"{_who(place.users)} Together that is {most:.0f} % of its memory.",
                "Move one of them to another GPU, or limit what each takes.",
            )  # fmt: skip


def _lost(gpu: Gpu) -> Problem:
    seen = gpu.measured != Measured()
    title = "stopped answering while it was looked at" if seen else "does not answer"
    return _at(
        gpu, "gone", Severity.CRITICAL, title,
        "Its driver lost it: it may have fallen off the bus, or has to be reset.",
        "See the report's notes, and `dmesg` for NVRM messages; a reset or a reboot may be needed.",
    )  # fmt: skip


def _missing(one: Missing) -> Problem:
    name = f"{one.name} ({one.uuid})" if one.name else one.uuid
    return Problem(
        "gone", Severity.CRITICAL, one.uuid, None,
        f"{label(one.vendor, one.index)} was here before and is not any more",
        f"{name} was last seen {one.last_seen:%Y-%m-%d %H:%M} UTC; no driver shows it now.",
        "If nobody removed it, see the report's notes, and `dmesg` for what its driver says.",
    )  # fmt: skip


def _at(
    gpu: Gpu, rule: Rule, severity: Severity, title: str, explanation: str, suggestion: str,
    user: User | None = None,
) -> Problem:  # fmt: skip
    named = f"{label(gpu.vendor, gpu.index)} {title}"
    container = user.container if user else None
    return Problem(rule, severity, gpu.uuid, container, named, explanation, suggestion)


def _share(size: float | None, total: int | None) -> float | None:
    return None if size is None or not total else 100 * size / total


def _since(now: int, before: int | None) -> str:
    return "" if before is None or now < before else f", {now - before} of them since the last run"


def _name(user: User) -> str:
    return user.container or "a container that is not on the allowlist"


def _who(users: tuple[User, ...]) -> str:
    told = [
        f"{user.container or _NAMELESS[user.kind]} {user.memory_bytes / 2**30:.1f} GiB"
        for user in users
        if user.memory_bytes
    ]
    return f"{', '.join(told[:5])}." if told else "Who holds it is not known."
