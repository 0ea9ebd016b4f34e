"""Which lines belong together: a stack trace is one event, not forty."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.logs.lines import Kind, Line

NEARBY_NS = NANOSECONDS
"""Lines of one event follow each other at least this closely."""
_KEPT = 8
_TOLD = 6
_KEY_BODY = re.compile(rb"[A-Za-z0-9+/=]{1,80}\r?$|-----END |[A-Z][A-Za-z-]+: [\x20-\x7e]+$|\s*$")


@dataclass(slots=True)
class Event:
    """An event under way in one stream: its first line and what has continued it so far."""

    line: Line
    time: int
    raw: bytes
    last_time: int
    severity: Severity
    told: list[str] = field(default_factory=list)
    more: int = 0
    start: list[tuple[int, bytes]] = field(default_factory=list)
    end: deque[tuple[int, bytes]] = field(default_factory=lambda: deque(maxlen=_KEPT))
    trace: bool = False
    awaits_cause: bool = False
    in_key: bool = False
    framed: bool = False

    def takes(self, line: Line, time: int, raw: bytes) -> bool:
        """Whether this next line of the same stream continues the event."""
        if self.in_key and _KEY_BODY.match(raw):
            return True
        if line.kind is Kind.HEAD or abs(time - self.last_time) > NEARBY_NS:
            return False
        if line.kind in (Kind.INDENTED, Kind.DETAIL):
            return True
        grave = self.trace or self.severity is not Severity.INFO
        if line.kind is Kind.FRAME:
            return grave or bool(line.telling)
        if line.kind is Kind.TRACE:
            return grave and (self.awaits_cause or not self.trace or b"goroutine" in raw[:10])
        nested = b"Caused by" in raw[:40] or b"Suppressed" in raw[:40] or b"--->" in raw[:40]
        return nested or (grave and self.awaits_cause)

    def take(self, line: Line, time: int, raw: bytes) -> None:
        """Add a line that continues the event."""
        self.more += 1
        self.last_time = time
        kept = (time, raw[: 1 << 12])
        if len(self.start) < _KEPT:
            self.start.append(kept)
        else:
            self.end.append(kept)
        if self.in_key:
            self.in_key = not raw.startswith(b"-----END")
            return
        self._tell(line)
        if line.kind is Kind.TRACE:
            self.trace = self.awaits_cause = True
        elif line.kind is Kind.CAUSE:
            self.trace, self.awaits_cause, self.framed = True, False, False
        elif b"above exception" in raw[:60]:
            self.awaits_cause = True

    def _tell(self, line: Line) -> None:
        """Let the line into the event's template, and its severity where the head names none."""
        if line.kind is Kind.FRAME:
            if self.framed or not line.telling:
                return
            self.framed = True
        elif line.kind is Kind.INDENTED and self.trace:
            return
        elif line.kind is not Kind.DETAIL and not (
            self.line.leveled and self.severity is not Severity.INFO
        ):
            self.severity = max(self.severity, line.severity, key=lambda item: item.rank)
        if line.telling and len(self.told) < _TOLD:
            self.told.append(line.telling)


def begin(line: Line, time: int, raw: bytes) -> Event:
    """The event that this line begins."""
    event = Event(line, time, raw, time, line.severity)
    event.trace = line.kind in (Kind.TRACE, Kind.CAUSE)
    event.awaits_cause = line.kind is Kind.TRACE or (
        line.kind is Kind.HEAD and line.severity is not Severity.INFO
    )
    event.in_key = b"-----BEGIN" in raw and b"-----END" not in raw
    return event
