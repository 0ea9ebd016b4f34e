"""The ledger's sums by day: kept when rows are added, kept on when rows go, and proven."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Connection,
    Date,
    Select,
    Table,
    and_,
    case,
    cast,
    func,
    or_,
    select,
    type_coerce,
    union_all,
)

from cyberbrain_cli.core.records import LlmCall
from cyberbrain_cli.store import sql
from cyberbrain_cli.store.tables.columns import amount, money_units
from cyberbrain_cli.store.usage import PART, currency_of, is_unknown

ANSWERED = ("ok", "cut")
MICRO = 10**6
MEASURES = (
    "calls", "failed_calls", "unknown_calls", "estimated_calls", "unpriced_calls",
    "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens",
    "cost_high", "cost_low", "duration_microseconds",
)  # fmt: skip
_ADDED = tuple(f"+{name}" for name in MEASURES)
_AT_ONCE = 1000


def keys_of(table: Table) -> tuple[str, ...]:
    """What a rollup is kept by."""
    return tuple(column.name for column in table.primary_key)


def roll_up(
    connection: Connection, calls: Iterable[LlmCall], directives: Mapping[int, str]
) -> None:
    """Add calls to both rollups; `directives` has the name of each run's directive."""
    used = [(_labels(call, directives[call.run_id]), _measures(call)) for call in calls]
    for table in (sql.DAYS, sql.WORK_DAYS):
        keys = keys_of(table)
        rows: dict[tuple[Any, ...], dict[str, Any]] = {}
        for labels, measures in used:
            key = tuple(labels[name] for name in keys)
            if key not in rows:
                rows[key] = dict(zip(keys, key, strict=True)) | measures
                continue
            row = rows[key]
            for name, value in measures.items():
                if value is not None:
                    row[name] = (row[name] or 0) + value
        sql.upsert(connection, table, list(rows.values()), _ADDED)


def retire(connection: Connection, run_ids: Sequence[int]) -> None:
    """Keep what the ledger rows of these runs amount to, within the transaction that removes them.

    To be called once for each run, before its rows go.
    """
    keys = keys_of(sql.RETIRED)
    for start in range(0, len(run_ids), _AT_ONCE):
        sums = sums_of_rows(connection, keys)
        sums = sums.where(sql.CALLS.c.run_id.in_(run_ids[start : start + _AT_ONCE]))
        insert = sql.dialect_insert(connection, sql.RETIRED).from_select((*keys, *MEASURES), sums)
        values = sql.changes(insert, sql.RETIRED, _ADDED)
        connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=values))


def sums_of_rows(connection: Connection, keys: Sequence[str]) -> Select[Any]:
    """The sums of the ledger's own rows by these keys, as a rollup has them."""
    at = sql.CALLS.c
    unknown = or_(at.prompt_tokens.is_(None), at.completion_tokens.is_(None))
    units = type_coerce(at.cost, BigInteger)
    micro = at.duration_seconds * float(MICRO)
    whole = func.trunc(micro) if connection.dialect.name == "postgresql" else micro
    measures = {
        "calls": func.count(),
        "failed_calls": _how_many(at.outcome.not_in(ANSWERED)),
        "unknown_calls": _how_many(unknown),
        "estimated_calls": _how_many(at.estimated),
        "unpriced_calls": _how_many(_currency() == ""),
        "prompt_tokens": func.coalesce(func.sum(at.prompt_tokens), 0),
        "cached_tokens": func.sum(at.cached_tokens),
        "completion_tokens": func.coalesce(func.sum(at.completion_tokens), 0),
        "reasoning_tokens": func.sum(at.reasoning_tokens),
        "cost_high": func.coalesce(func.sum(units // PART), 0),
        "cost_low": func.coalesce(func.sum(units % PART), 0),
        "duration_microseconds": func.sum(cast(whole, BigInteger)),
    }
    labels = [_label(connection, name) for name in keys]
    columns = [measure.label(name) for name, measure in measures.items()]
    source = (
        sql.CALLS.join(sql.RUNS, sql.RUNS.c.id == at.run_id) if "directive" in keys else sql.CALLS
    )
    return select(*labels, *columns).select_from(source).group_by(*labels)


def wrong_rollups(connection: Connection) -> Iterator[str]:
    """Days whose sums are not those of their ledger rows and of what was retired."""
    for table in (sql.DAYS, sql.WORK_DAYS):
        keys = keys_of(table)
        rows = sums_of_rows(connection, keys).subquery()
        parts = ((table, 1), (rows, -1), (sql.RETIRED, -1))
        every = union_all(
            *(
                select(
                    *(part.c[key].label(key) for key in keys),
                    *((part.c[name] * sign).label(name) for name in MEASURES),
                )
                for part, sign in parts
            )
        ).subquery()
        labels = [every.c[key] for key in keys]
        sums = [func.coalesce(func.sum(every.c[name]), 0) for name in MEASURES]
        query = (
            select(
                *labels, *(total.label(name) for name, total in zip(MEASURES, sums, strict=True))
            )
            .group_by(*labels)
            .having(or_(*(total != 0 for total in sums)))
            .order_by(*labels)
        )
        for row in connection.execute(query).mappings():
            where = ", ".join(str(row[key]) for key in keys if row[key] != "")
            for name, difference in _differences(row):
                yield f"{table.name} of {where}: {name} is {difference} against its ledger rows"


def _differences(row: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """What is off, and by how much; the two parts of a cost are one."""
    off = {name: int(row[name]) for name in MEASURES}
    cost = off.pop("cost_high") * PART + off.pop("cost_low")
    yield from ((name, f"{value:+d}") for name, value in off.items() if value)
    if cost:
        yield "cost", f"{amount(cost):+f}"


def _labels(call: LlmCall, directive: str) -> dict[str, Any]:
    return {
        "day": call.started_at.astimezone(UTC).date(),
        "model": call.model,
        "endpoint": call.endpoint,
        "outcome": call.outcome,
        "currency": currency_of(call) or "",
        "directive": directive,
        "task": call.task,
        "container": call.container or "",
    }


def _measures(call: LlmCall) -> dict[str, int | None]:
    units = money_units(call.cost) if call.cost is not None else 0
    return {
        "calls": 1,
        "failed_calls": int(call.outcome not in ANSWERED),
        "unknown_calls": int(is_unknown(call)),
        "estimated_calls": int(call.estimated),
        "unpriced_calls": int(currency_of(call) is None),
        "prompt_tokens": call.prompt_tokens or 0,
        "cached_tokens": call.cached_tokens,
        "completion_tokens": call.completion_tokens or 0,
        "reasoning_tokens": call.reasoning_tokens,
        "cost_high": units // PART,
        "cost_low": units % PART,
        "duration_microseconds": int(call.duration_seconds * MICRO),
    }


def _label(connection: Connection, key: str) -> ColumnElement[Any]:
    if key == "directive":
        return sql.RUNS.c.directive.label(key)
    if key == "container":
        return func.coalesce(sql.CALLS.c.container, "").label(key)
    if key == "currency":
        return _currency().label(key)
    if key != "day":
        return sql.CALLS.c[key].label(key)
    if connection.dialect.name == "postgresql":
        return cast(func.timezone("UTC", sql.CALLS.c.started_at), Date).label(key)
    return type_coerce(func.substr(sql.CALLS.c.started_at, 1, 10), Date).label(key)


def _currency() -> ColumnElement[str]:
    at = sql.CALLS.c
    return case((and_(at.cost.is_not(None), at.currency.is_not(None)), at.currency), else_="")


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((type_coerce(condition, Boolean), 1), else_=0))
