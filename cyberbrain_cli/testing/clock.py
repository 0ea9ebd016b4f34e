"""Time and ids that go up by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cyberbrain_cli.core.timestamps import to_ns

START = datetime(2026, 11, 23, 2, 58, 51, tzinfo=UTC)
"""When the fake world begins: the first line of a FakeHost's log is of this time."""
START_NS = to_ns(START)


class TickingClock:
    """A clock that moves by itself, a little each time it is asked, and never makes one wait."""

    def __init__(self, start: datetime = START, tick: timedelta = timedelta(seconds=1)) -> None:
        self._now = start
        self._tick = tick

    def now(self) -> datetime:
        """A time later than the one before."""
        self._now += self._tick
        return self._now

    def monotonic(self) -> float:
        """Seconds that go up with each call."""
        return self.now().timestamp()

    def wait(self, seconds: float) -> None:
        """Let time pass, at once."""
        self._now += timedelta(seconds=seconds)


class CountingIds:
    """Ids in order: 1, 2, 3."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> int:
        """The next id."""
        self._last += 1
        return self._last
