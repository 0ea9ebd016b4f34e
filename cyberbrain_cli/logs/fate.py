"""What became of a container, as the daemon tells it: findings that need no line of log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.core.timestamps import to_ns

LOOP_RESTARTS = 3
_ON_PURPOSE = frozenset((None, 0, 130, 143))
_SIGNALS = {132: "SIGILL", 134: "SIGABRT", 135: "SIGBUS", 136: "SIGFPE", 137: "SIGKILL",
            139: "SIGSEGV"}  # fmt: skip
_CRASHES = frozenset((132, 134, 135, 136, 139))


@dataclass(frozen=True, slots=True)
class Fate:
    """Something that happened to a container, and when if that is known.

    `key` is the same for the same fate in every run.
    """

    key: str
    severity: Severity
    title: str
    explanation: str
    suggestion: str
    count: int = 1
    at: int | None = None


def fates(container: ContainerInfo, window: Window) -> list[Fate]:
    """What is wrong with a container, going by its state and its restarts within the window."""
    found = (
        _oom(container),
        _restarts(container, window),
        _exit(container),
        _dead(container),
        _unhealthy(container),
    )
    return [fate for fate in found if fate is not None]


def _oom(container: ContainerInfo) -> Fate | None:
    if not container.oom_killed:
        return None
    return Fate(
        "oom_killed", Severity.CRITICAL, "Killed for want of memory",
        "The kernel ended the container, or a process in it, at its memory limit.",
        "Compare the memory limit with what it uses; raise the limit or find the leak.",
        at=_ns(container.finished_at),
    )  # fmt: skip


def _restarts(container: ContainerInfo, window: Window) -> Fate | None:
    restarting = container.state == "restarting"
    started = container.started_at
    recent = started is not None and (window.after is None or to_ns(started) > window.after)
    if not restarting and not (container.restart_count and recent):
        return None
    count = container.restart_count
    loop = restarting or count >= LOOP_RESTARTS
    times = "1 time" if count == 1 else f"{count} times"
    return Fate(
        "restarts",
        Severity.CRITICAL if loop else Severity.WARNING,
        "Restarting again and again" if loop else "Restarted by Docker",
        f"Docker restarted the container {times} since it was created, last within this window"
        f"; its last exit code was {_exit_code(container)}.",
        "Read the last lines before each start: they say why it ended.",
        max(1, count),
        _ns(started),
    )


def _exit(container: ContainerInfo) -> Fate | None:
    code = container.exit_code
    if container.state not in ("exited", "dead") or code in _ON_PURPOSE:
        return None
    if container.oom_killed and code == 137:
        return None
    killed = code == 137
    return Fate(
        "exit",
        Severity.WARNING if killed else Severity.CRITICAL,
        f"Ended with exit code {_exit_code(container)}",
        "It was killed: by an operator, by Docker after a stop took too long, or for memory."
        if killed
        else "It crashed in native code."
        if code in _CRASHES
        else "Its main process ended with an error, and it is not running now.",
        "Read its last lines, mend what they tell of, and start it again.",
        at=_ns(container.finished_at),
    )


def _dead(container: ContainerInfo) -> Fate | None:
    if container.state != "dead":
        return None
    return Fate(
        "dead", Severity.CRITICAL, "Could not be removed",
        "Docker failed to remove the container and holds it as dead.",
        "Look at the daemon's log for the resource that is still in use.",
    )  # fmt: skip


def _unhealthy(container: ContainerInfo) -> Fate | None:
    if container.health != "unhealthy":
        return None
    return Fate(
        "unhealthy", Severity.CRITICAL, "Health check fails",
        "The container's own health check says that it does not work.",
        "See what the check does and what it answered with docker inspect.",
    )  # fmt: skip


def _ns(moment: datetime | None) -> int | None:
    """A log time; Docker's year 1 stands for never."""
    return to_ns(moment) if moment is not None and moment.year > 1970 else None


def _exit_code(container: ContainerInfo) -> str:
    code = container.exit_code
    if code is None:
        return "unknown"
    return f"{code} ({_SIGNALS[code]})" if code in _SIGNALS else str(code)
