"""Sums over ledger rows: kept when a row is added, and read back as records."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    Update,
    case,
    func,
    literal,
    type_coerce,
    update,
)

from cyberbrain_cli.core.records import Cost, LlmCall, TokenCount
from cyberbrain_cli.store.tables.columns import Money, amount

_PART = 10**6


def add_usage(table: Table, row_id: int, call: LlmCall) -> Update:
    """Add a call to the sums of its job or run. Money in another currency is in no sum."""
    at = table.c
    known = call.prompt_tokens is not None and call.completion_tokens is not None
    currency = call.price.currency if call.price and call.cost is not None else None
    values: dict[str, Any] = {
        "calls": at.calls + 1,
        "prompt_tokens": at.prompt_tokens + (call.prompt_tokens or 0),
        "completion_tokens": at.completion_tokens + (call.completion_tokens or 0),
        "unknown_calls": at.unknown_calls + int(not known),
        "estimated_calls": at.estimated_calls + int(call.estimated),
    }
    if currency is None:
        values["unpriced_calls"] = at.unpriced_calls + 1
    else:
        same = (at.currency.is_(None)) | (at.currency == currency)
        before = func.coalesce(at.cost, literal(Decimal(0), Money()))
        values["cost"] = case((same, before + literal(call.cost, Money())), else_=at.cost)
        values["currency"] = case((same, currency), else_=at.currency)
        values["unpriced_calls"] = at.unpriced_calls + case((same, 0), else_=1)
    return update(table).where(at.id == row_id).values(**values)


def tokens_of(row: Any) -> TokenCount:
    """The tokens of a run or job."""
    return TokenCount(
        prompt=row["prompt_tokens"],
        completion=row["completion_tokens"],
        total=row["prompt_tokens"] + row["completion_tokens"],
        estimated=bool(row["estimated_calls"]),
        unknown_calls=row["unknown_calls"],
    )


def cost_of(row: Any) -> Cost:
    """The money of a run or job; None where no call had a price."""
    return Cost(row["cost"], row["currency"], row["unpriced_calls"])


def cost_sums(column: ColumnElement[Any]) -> tuple[ColumnElement[Any], ...]:
    """Two sums that `cost_sum` puts together: one alone would overflow SQLite's integers."""
    units = type_coerce(column, BigInteger)
    return func.sum(units // _PART).label("cost_high"), func.sum(units % _PART).label("cost_low")


def cost_sum(row: Any) -> Decimal | None:
    """The exact sum; None when nothing was summed."""
    if row["cost_high"] is None:
        return None
    return amount(int(row["cost_high"]) * _PART + int(row["cost_low"]))
