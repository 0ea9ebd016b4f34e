"""A container's end in a few lines for people, and its log as a file."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.records import KEPT_LOG_BYTES, ContainerResult
from cyberbrain_cli.core.timestamps import from_ns

_SHOWN_LINES = 8


def duration_seconds(result: ContainerResult) -> float | None:
    """How long it ran. The daemon notes the end of a short life before its beginning."""
    end = result.end
    if end.started_at is None or end.finished_at is None:
        return None
    return round(max(0.0, (end.finished_at - end.started_at).total_seconds()), 3)


def summary(result: ContainerResult) -> Iterator[str]:
    """How it ended, what it left, and the last it said."""
    seconds = duration_seconds(result)
    took = f" after {seconds:.1f} s" if seconds is not None else ""
    memory = ", out of memory" if result.end.oom_killed else ""
    ended = (
        f"stopped{took}" if result.stopped else f"exit code {result.end.exit_code}{took}{memory}"
    )
    yield f"{ended}; outputs: {len(result.outputs)}, refused: {len(result.refused)}"
    for line in result.log[-_SHOWN_LINES:]:
        yield f"  {line.stream}  {line.line}"


def notes(result: ContainerResult) -> Iterator[str]:
    """What a reader should know."""
    yield f"{result.image} is {result.digest}."
    if result.stopped:
        yield f"It was stopped: {result.stopped} Its outputs were not collected."
    if result.log_lines_left_out:
        yield f"{result.log_lines_left_out} lines in the middle of its log were left out."
    if result.log_begins_late:
        yield (
            f"It wrote as much as the daemon keeps of a log ({KEPT_LOG_BYTES / 1e6:.0f} MB), or "
            "more: lines before its first ones here may be missing."
        )
    for item in result.refused:
        yield f"Refused output {item.path or '(outputs)'}: {item.reason}."
    yield from result.degraded


def log_text(result: ContainerResult) -> str:
    """The log with times and streams, line by line."""
    return "".join(
        f"{from_ns(line.time).isoformat()} {line.stream} {line.line}\n" for line in result.log
    )
