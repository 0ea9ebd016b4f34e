"""Sums over ledger rows: kept when rows are added, and read back as records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Table,
    Update,
    case,
    func,
    literal,
    update,
)

from cyberbrain_cli.core.records import Cost, LlmCall, TokenCount
from cyberbrain_cli.store.tables.columns import Money, amount, money_units

PART = 10**6
"""Costs are summed in two parts, above and below: one alone would overflow SQLite's integers."""


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


def add_usage(table: Table, row_id: int, used: Usage) -> Update:
    """Add to the sums of a job or run. Money in another currency is in no sum."""
    at = table.c
    names = ("calls", "prompt_tokens", "completion_tokens", "unknown_calls", "estimated_calls")
    values: dict[str, Any] = {name: at[name] + getattr(used, name) for name in names}
    if used.currency is None:
        values["unpriced_calls"] = at.unpriced_calls + used.calls
    else:
        same = (at.currency.is_(None)) | (at.currency == used.currency)
        before = func.coalesce(at.cost, literal(Decimal(0), Money()))
        values["cost"] = case(
            (same, before + literal(amount(used.cost_units), Money())), else_=at.cost
        )
        values["currency"] = case((same, used.currency), else_=at.currency)
        values["unpriced_calls"] = at.unpriced_calls + case((same, 0), else_=used.calls)
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


def cost_sum(row: Any) -> Decimal | None:
    """The exact sum; None when nothing was summed."""
    if row["cost_high"] is None:
        return None
    return amount(int(row["cost_high"]) * PART + int(row["cost_low"]))
