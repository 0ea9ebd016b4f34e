"""Values of options that take more than Typer knows to read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.timestamps import parse_duration, parse_moment


def pairs(values: Sequence[str] | None, option: str) -> dict[str, str]:
    """K=V arguments as a mapping. Raises UsageError for one without a key or without `=`."""
    found: dict[str, str] = {}
    for value in values or ():
        key, sign, text = value.partition("=")
        if not sign or not key.strip():
            raise UsageError(f"{option} takes K=V, not '{value}'.")
        if key in found:
            raise UsageError(f"{option} gives '{key}' twice.")
        found[key] = text
    return found


def seconds(text: str | None, option: str) -> float | None:
    """A duration, or a bare number of seconds. Raises UsageError unless it is positive."""
    if text is None:
        return None
    try:
        value = parse_duration(f"{text}s" if text.replace(".", "", 1).isdecimal() else text)
    except ValueError:
        value = None
    if value is None or value.total_seconds() <= 0:
        raise UsageError(f"{option} takes a duration such as 90s or 15m, not '{text}'.")
    return value.total_seconds()


def moment(text: str | None) -> datetime | None:
    """A time, a date, or a duration back from now. Raises UsageError."""
    return None if text is None else parse_moment(text, datetime.now(UTC))
