"""Figures for people: times, durations, sizes, counts and money, each written in one way."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from cyberbrain_cli.core.records import Cost, TokenCount
from cyberbrain_cli.core.timestamps import format_ns

NOTHING = "-"
_STEPS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def moment(value: datetime | None) -> str:
    """A time to the second, in UTC: 2026-11-23 03:00:00Z."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z" if value else NOTHING


def log_time(time_ns: int | None) -> str:
    """A log time to the millisecond, in UTC."""
    return f"{format_ns(time_ns)[:23].replace('T', ' ')}Z" if time_ns is not None else NOTHING


def duration(seconds: float | None) -> str:
    """12.3 s, 4m 05s, 3h 12m, 2d 4h."""
    if seconds is None:
        return NOTHING
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for index, (step, unit) in enumerate(_STEPS[:-1]):
        if whole >= step:
            smaller, small_unit = _STEPS[index + 1]
            return f"{whole // step}{unit} {whole % step // smaller}{small_unit}"
    return f"{whole} s"


def size(count: int) -> str:
    """Bytes in powers of 1000: 512 B, 5.1 kB, 2.0 MB."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 999.5:
            return f"{count} B" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def number(count: int) -> str:
    """A count with its thousands apart: 18,234."""
    return f"{count:,}"


def plural(count: int, noun: str) -> str:
    """1 line, 2 lines."""
    return f"{number(count)} {noun}" + ("" if count == 1 else "s")


def tokens(count: TokenCount) -> str:
    """The total and its parts, with what is estimated or unknown said so."""
    text = (
        f"{number(count.total)} ({number(count.prompt)} prompt, {number(count.completion)} answer)"
    )
    if count.estimated:
        text += ", partly estimated"
    if count.unknown_calls:
        text += f", {plural(count.unknown_calls, 'call')} of unknown size"
    return text


def money(amount: Decimal, currency: str | None) -> str:
    """An amount without an exponent, at least two decimals, none lost: 0.0021 USD."""
    whole, _, fraction = f"{amount:f}".partition(".")
    text = f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"
    return f"{text} {currency}" if currency else text


def cost(value: Cost) -> str:
    """Money spent; `unpriced` where there was no price, and never a made-up zero."""
    if value.amount is None:
        return "unpriced" if value.unpriced_calls else NOTHING
    text = money(value.amount, value.currency)
    if value.unpriced_calls:
        text += f" + {plural(value.unpriced_calls, 'call')} unpriced"
    return text
