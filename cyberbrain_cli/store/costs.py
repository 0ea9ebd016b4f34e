"""The ledger summed up. Unknown tokens are counted, not guessed; currencies are never mixed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select

from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.records import Cost, CostRow, TokenCount
from cyberbrain_cli.store import sql
from cyberbrain_cli.store.rollups import MEASURES, MICRO, keys_of, sums_of_rows
from cyberbrain_cli.store.usage import cost_sum

KEYS = ("model", "day", "directive", "task", "container", "endpoint")
_DAY = timedelta(days=1)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)

Sums = dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Span:
    """The time that a report is about: from `since` to before `until`; None is without end."""

    since: datetime | None = None
    until: datetime | None = None

    def days(self) -> tuple[date | None, date | None]:
        """The whole days: from the first to before the last."""
        first = self.since and _midnight(min(self.since, _LAST) + _DAY - timedelta.resolution)
        last = self.until and _midnight(self.until)
        return first and first.date(), last and last.date()

    def edges(self) -> list[tuple[datetime, datetime]]:
        """What is no whole day, at either end."""
        first, last = self.days()
        if self.since and self.until and first and last and first > last:
            return [(self.since, self.until)] if self.since < self.until else []
        edges = []
        if self.since and first and self.since < _begin(first):
            edges.append((self.since, _begin(first)))
        if self.until and last and self.until > _begin(last):
            edges.append((_begin(last), self.until))
        return edges


def costs(
    connection: Connection, by: Sequence[str], span: Span
) -> tuple[list[CostRow], list[CostRow]]:
    """One row for each group and currency, most tokens first (of each day); and the totals.

    Calls without a price stand in a row of their own only where a group has several currencies;
    else they are counted in the group's one row as unpriced.
    """
    for key in by:
        if key not in KEYS:
            raise UsageError(f"--by {key}: there is no such key.", f"One of {', '.join(KEYS)}.")
    groups: dict[tuple[Any, ...], dict[str, Sums]] = {}
    totals: dict[str, Sums] = {}
    for row in _sums(connection, by, span):
        labels = tuple(_shown(row[key]) for key in by)
        for sums in (groups.setdefault(labels, {}), totals):
            _add(sums.setdefault(row["currency"], {}), row)
    rows = [
        _row(dict(zip(by, labels, strict=True)), part)
        for labels, currencies in groups.items()
        for part in _split(currencies)
    ]
    rows.sort(key=_order)
    return rows, [_row({}, part) for part in _split(totals)] if totals else []


def retired_calls(connection: Connection, span: Span) -> int:
    """How many retired calls lie on the days that a span holds in part."""
    days = [since.astimezone(UTC).date() for since, _ in span.edges()]
    query = select(func.coalesce(func.sum(sql.RETIRED.c.calls), 0)).where(
        sql.RETIRED.c.day.in_(days)
    )
    return int(connection.execute(query).scalar_one()) if days else 0


def _sums(connection: Connection, by: Sequence[str], span: Span) -> Iterator[Mapping[Any, Any]]:
    """Whole days from the smaller rollup that has the keys, the rest from the ledger's rows."""
    keys = (*by, "currency")
    coarse = set(keys) <= set(keys_of(sql.DAYS))
    yield from connection.execute(
        _of_days(sql.DAYS if coarse else sql.WORK_DAYS, keys, span)
    ).mappings()
    edges = [
        and_(sql.CALLS.c.started_at >= start, sql.CALLS.c.started_at < end)
        for start, end in span.edges()
    ]
    if edges:
        yield from connection.execute(sums_of_rows(connection, keys).where(or_(*edges))).mappings()


def _of_days(table: Table, keys: Sequence[str], span: Span) -> Select[Any]:
    labels: list[ColumnElement[Any]] = [table.c[key] for key in keys]
    query = select(*labels, *(func.sum(table.c[name]).label(name) for name in MEASURES))
    first, last = span.days()
    if first is not None:
        query = query.where(table.c.day >= first)
    if last is not None:
        query = query.where(table.c.day < last)
    return query.group_by(*labels)


def _add(sums: Sums, row: Mapping[Any, Any]) -> None:
    for name in MEASURES:
        if row[name] is not None:
            sums[name] = (sums.get(name) or 0) + int(row[name])


def _order(row: CostRow) -> tuple[Any, ...]:
    labels = tuple(map(str, row.keys.values()))
    return row.keys.get("day") or "", -row.tokens.total, labels


def _split(currencies: Mapping[str, Sums]) -> list[dict[str, Sums]]:
    if sum(currency != "" for currency in currencies) > 1:
        return [{currency: sums} for currency, sums in currencies.items()]
    return [dict(currencies)]


def _row(keys: dict[str, str | None], parts: Mapping[str, Sums]) -> CostRow:
    def known(name: str) -> int | None:
        values = [value for sums in parts.values() if (value := sums.get(name)) is not None]
        return sum(values) if values else None

    def total(name: str) -> int:
        return known(name) or 0

    currency = next((currency for currency in parts if currency), None)
    prompt, completion = total("prompt_tokens"), total("completion_tokens")
    return CostRow(
        keys=keys,
        calls=total("calls"),
        failed_calls=total("failed_calls"),
        tokens=TokenCount(
            prompt,
            completion,
            prompt + completion,
            bool(total("estimated_calls")),
            total("unknown_calls"),
        ),
        cost=Cost(
            cost_sum(parts[currency]) if currency else None, currency, total("unpriced_calls")
        ),
        cached_tokens=known("cached_tokens"),
        reasoning_tokens=known("reasoning_tokens"),
        duration_seconds=total("duration_microseconds") / MICRO,
    )


def _shown(label: Any) -> str | None:
    return (label.isoformat() if isinstance(label, date) else label) or None


def _midnight(moment: datetime) -> datetime:
    return _begin(moment.astimezone(UTC).date())


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
