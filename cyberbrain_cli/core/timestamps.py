"""Log times as integers of nanoseconds since the epoch, and the times people type."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, overload

from pydantic import BeforeValidator, PlainSerializer

from cyberbrain_cli.core.errors import UsageError

NANOSECONDS = 1_000_000_000
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9})\d*)?\s*(Z|[+-]\d{2}:?\d{2})?$",
    re.ASCII,
)
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+$", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def format_ns(time_ns: int) -> str:
    """RFC 3339 in UTC with nine decimals, as Docker writes it: 2026-11-23T02:59:01.123456789Z."""
    seconds, fraction = divmod(time_ns, NANOSECONDS)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"


def parse_ns(text: str) -> int:
    """Nanoseconds since the epoch of an RFC 3339 time; without an offset it is UTC.

    Raises ValueError when the text is not such a time.
    """
    match = _RFC3339.match(text.strip())
    if match is None:
        raise ValueError(f"not a time: {text!r}")
    day, clock, fraction, offset = match.groups()
    zone = "+00:00" if offset in (None, "Z") else offset
    moment = datetime.fromisoformat(f"{day}T{clock}{zone}")
    whole = int(moment.timestamp()) * NANOSECONDS
    return whole + int((fraction or "0").ljust(9, "0"))


class Stamps(Sequence[int]):
    """Times as Docker writes them, with nine decimals and a Z: read only where one looks.

    Their bytes are in the order of the times, so the earliest is `min(stamps.raw)`.
    """

    __slots__ = ("_seconds", "raw")

    def __init__(self, raw: Sequence[bytes]) -> None:
        self.raw = raw
        self._seconds: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self.raw)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> list[int]: ...
    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return [self._time(stamp) for stamp in self.raw[index]]
        return self._time(self.raw[index])

    def _time(self, stamp: bytes) -> int:
        second = self._seconds.get(stamp[:19])
        if second is None:
            second = self._seconds[stamp[:19]] = parse_ns(stamp[:19].decode("ascii"))
        return second + int(stamp[20:29])


def _read_log_time(value: object) -> object:
    return parse_ns(value) if isinstance(value, str) else value


LogTime = Annotated[
    int, BeforeValidator(_read_log_time), PlainSerializer(format_ns, return_type=str)
]
"""Nanoseconds since the epoch; in JSON it is RFC 3339 with nine decimals, both ways."""


def to_ns(moment: datetime) -> int:
    """Nanoseconds since the epoch of an aware time, exact to the microsecond."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000


def from_ns(time_ns: int) -> datetime:
    """The aware UTC time of a log time, cut to microseconds."""
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=time_ns // 1000)


def parse_duration(text: str) -> timedelta:
    """A duration such as 90s, 15m, 24h, 7d or 1h30m. Raises ValueError for anything else."""
    compact = text.strip().lower()
    if not _DURATION.match(compact):
        raise ValueError(f"not a duration: {text!r} (try 90s, 15m, 24h or 7d)")
    try:
        parts = _DURATION_PART.findall(compact)
        return timedelta(seconds=sum(float(number) * _SECONDS[unit] for number, unit in parts))
    except OverflowError as error:
        raise ValueError(f"too long a duration: {text!r}") from error


def parse_moment(text: str, now: datetime) -> datetime:
    """An absolute time, a date, or a duration back from `now`.

    Raises UsageError when the text is none of these.
    """
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text.strip()):
        text = f"{text.strip()}T00:00"
    for read in (_back_from(now), _absolute):
        try:
            return read(text)
        except (ValueError, OverflowError):
            continue
    raise UsageError(
        f"'{text}' is neither a time nor a duration.",
        "Give a time (2026-11-23T03:00:00Z), a date, or a duration back from now (90s, 24h, 7d).",
    )


def _back_from(now: datetime) -> Callable[[str], datetime]:
    return lambda text: now - parse_duration(text)


def _absolute(text: str) -> datetime:
    return from_ns(parse_ns(text))
