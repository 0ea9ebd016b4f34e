"""Sums over ledger rows: kept when rows are added, and read back as records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    bindparam,
    case,
    func,
    literal,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from cyberbrain_cli.core.records import Cost, LlmCall, TokenCount
from cyberbrain_cli.store.tables.columns import Money, Words, amount, money_units

PART = 10**6
"""Costs are summed in two parts, above and below: one alone would overflow SQLite's integers."""

_COUNTS = ("calls", "prompt_tokens", "completion_tokens", "unknown_calls", "estimated_calls")


@dataclass(slots=True)
class Usage:
    """What calls of one currency used; `currency` None holds those without a price."""

    currency: str | None
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    unknown_calls: int = 0
    estimated_calls: int = 0
    cost_units: int = 0

    def add(self, call: LlmCall) -> None:
        """One call more."""
        self.calls += 1
        self.prompt_tokens += call.prompt_tokens or 0
        self.completion_tokens += call.completion_tokens or 0
        self.unknown_calls += int(is_unknown(call))
        self.estimated_calls += int(call.estimated)
        self.cost_units += money_units(call.cost or Decimal(0))


def is_unknown(call: LlmCall) -> bool:
    """Whether the server did not say all that the call used."""
    return call.prompt_tokens is None or call.completion_tokens is None


def currency_of(call: LlmCall) -> str | None:
    """The currency of a call's cost; None for a call without a price."""
    return call.price.currency if call.price and call.cost is not None else None


def summed(calls: Iterable[LlmCall], owner: str) -> list[tuple[int, Usage]]:
    """What the calls used by `owner` (run_id or job_id) and currency, the owners in order."""
    found: dict[tuple[int, str | None], Usage] = {}
    for call in calls:
        currency = currency_of(call)
        found.setdefault((getattr(call, owner), currency), Usage(currency)).add(call)
    return sorted(((key[0], usage) for key, usage in found.items()), key=lambda item: item[0])


def add_usage(connection: Connection, told: Column[Any], row_id: int, used: Usage) -> Any:
    """Add to the sums of a job or run, and say what its column `told` has.

    Money in another currency is in no sum.
    """
    values = {f"new_{name}": getattr(used, name) for name in _COUNTS}
    if used.currency is not None:
        values |= {"new_cost": amount(used.cost_units), "new_currency": used.currency}
    statement = _adding(told, used.currency is not None)
    return connection.execute(statement, values | {"row_id": row_id}).scalar_one()


@cache
def _adding(told: Column[Any], priced: bool) -> ReturningUpdate[Any]:
    """Made once: putting it together takes longer than the database does."""
    at = told.table.c
    new = {name: bindparam(f"new_{name}", type_=BigInteger()) for name in _COUNTS}
    values: dict[str, Any] = {name: at[name] + new[name] for name in _COUNTS}
    if priced:
        cost, currency = (
            bindparam("new_cost", type_=Money()),
            bindparam("new_currency", type_=Words()),
        )
        same = (at.currency.is_(None)) | (at.currency == currency)
        values["cost"] = case(
            (same, func.coalesce(at.cost, literal(Decimal(0), Money())) + cost), else_=at.cost
        )
        values["currency"] = case((same, currency), else_=at.currency)
        values["unpriced_calls"] = at.unpriced_calls + case((same, 0), else_=new["calls"])
    else:
        values["unpriced_calls"] = at.unpriced_calls + new["calls"]
    row = at.id == bindparam("row_id", type_=BigInteger())
    return update(told.table).where(row).values(**values).returning(told)


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


def cost_sum(row: Any) -> Decimal | None:
    """The exact sum; None when nothing was summed."""
    if row["cost_high"] is None:
        return None
    return amount(int(row["cost_high"]) * PART + int(row["cost_low"]))
