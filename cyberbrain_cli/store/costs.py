"""The ledger summed up. Unknown tokens are counted, not guessed; currencies are never mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.records import Cost, CostRow, TokenCount
from cyberbrain_cli.store import sql
from cyberbrain_cli.store.usage import cost_sum, cost_sums

KEYS = ("model", "day", "directive", "task", "container", "endpoint")


def cost_rows(
    connection: Connection, by: Sequence[str], since: datetime | None, until: datetime | None
) -> list[CostRow]:
    """One row for each group and currency, most tokens first.

    Calls without a price stand in a row of their own only where a group has several currencies;
    else they are counted in the group's one row as unpriced.
    """
    for key in by:
        if key not in KEYS:
            raise UsageError(f"--by {key}: there is no such key.", f"One of {', '.join(KEYS)}.")
    groups: dict[tuple[Any, ...], list[Mapping[Any, Any]]] = {}
    for row in _grouped(connection, by, since, until):
        groups.setdefault(tuple(row[key] for key in by), []).append(row)
    rows = [
        _row(dict(zip(by, values, strict=True)), part)
        for values, parts in groups.items()
        for part in _split(parts)
    ]
    return sorted(rows, key=lambda row: -row.tokens.total)


def _split(parts: list[Mapping[Any, Any]]) -> list[list[Mapping[Any, Any]]]:
    priced = [part for part in parts if part["currency"] is not None]
    return [[part] for part in parts] if len(priced) > 1 else [parts]


def _grouped(
    connection: Connection, by: Sequence[str], since: datetime | None, until: datetime | None
) -> Sequence[Mapping[Any, Any]]:
    at = sql.CALLS.c
    keys = [_key(connection, key).label(key) for key in by]
    unknown = at.prompt_tokens.is_(None) | at.completion_tokens.is_(None)
    query = (
        select(
            *keys,
            case((at.cost.is_(None), None), else_=at.currency).label("currency"),
            func.count().label("calls"),
            func.sum(case((at.outcome.in_(("ok", "cut")), 0), else_=1)).label("failed"),
            func.sum(at.prompt_tokens).label("prompt"),
            func.sum(at.completion_tokens).label("completion"),
            func.sum(case((unknown, 1), else_=0)).label("unknown"),
            func.sum(case((at.estimated, 1), else_=0)).label("estimated"),
            *cost_sums(at.cost),
        )
        .join(sql.RUNS, sql.RUNS.c.id == at.run_id)
        .group_by(*keys, case((at.cost.is_(None), None), else_=at.currency))
    )
    if since is not None:
        query = query.where(at.started_at >= since)
    if until is not None:
        query = query.where(at.started_at < until)
    return connection.execute(query).mappings().all()


def _key(connection: Connection, key: str) -> ColumnElement[Any]:
    if key == "directive":
        return sql.RUNS.c.directive
    if key != "day":
        return sql.CALLS.c[key]
    if connection.dialect.name == "postgresql":
        return func.to_char(func.timezone("UTC", sql.CALLS.c.started_at), "YYYY-MM-DD")
    return func.substr(sql.CALLS.c.started_at, 1, 10)


def _row(keys: dict[str, str | None], parts: list[Mapping[Any, Any]]) -> CostRow:
    def total(name: str) -> int:
        return sum(int(part[name] or 0) for part in parts)

    priced = next((part for part in parts if part["currency"] is not None), None)
    unpriced = sum(int(part["calls"]) for part in parts if part["currency"] is None)
    prompt, completion = total("prompt"), total("completion")
    return CostRow(
        keys=keys,
        calls=total("calls"),
        failed_calls=total("failed"),
        tokens=TokenCount(
            prompt, completion, prompt + completion, bool(total("estimated")), total("unknown")
        ),
        cost=Cost(
            cost_sum(priced) if priced else None, priced["currency"] if priced else None, unpriced
        ),
    )
