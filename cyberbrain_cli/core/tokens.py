"""Tokens and money: prices, budgets, and sums that never invent a figure. All money is Decimal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock

from cyberbrain_cli.core.errors import BudgetSpent
from cyberbrain_cli.core.ports import Attempt
from cyberbrain_cli.core.records import Price

MILLION = Decimal(1_000_000)

PriceOf = Callable[[str, str, bool], Price | None]
"""(model, endpoint, is_private) → the price in force, or None."""


def cost_of(attempt: Attempt, price: Price | None, duration_seconds: float) -> Decimal | None:
    """What one call cost at this price; None when unpriced or when its tokens are unknown.

    Cached prompt tokens are part of the prompt tokens and take their own price if there is one.
    """
    if price is None:
        return None
    total = Decimal(0)
    if price.per_gpu_second is not None:
        total += price.per_gpu_second * Decimal(str(round(duration_seconds, 6)))
    if price.prompt_per_million is None and price.completion_per_million is None:
        return total if price.per_gpu_second is not None else None
    if attempt.prompt_tokens is None or attempt.completion_tokens is None:
        return None
    prompt_price = price.prompt_per_million or Decimal(0)
    cached_price = price.cached_prompt_per_million
    cached = (attempt.cached_tokens or 0) if cached_price is not None else 0
    total += (attempt.prompt_tokens - cached) * prompt_price / MILLION
    total += cached * (cached_price or Decimal(0)) / MILLION
    total += attempt.completion_tokens * (price.completion_per_million or Decimal(0)) / MILLION
    return total


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that a run may use; None means no limit."""

    tokens: int | None = None
    amount: Decimal | None = None


class RunBudget:
    """Counts a run's calls against its limit, worst case first, safe between threads.

    `reserve` before a call with the most it can use, `settle` after it with what it did use.
    """

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._lock = Lock()
        self._tokens = 0
        self._amount = Decimal(0)

    def reserve(self, tokens: int, amount: Decimal) -> None:
        """Set aside the worst case of a call. Raises BudgetSpent when it does not fit."""
        with self._lock:
            most_tokens, most_amount = self._limit.tokens, self._limit.amount
            if most_tokens is not None and self._tokens + tokens > most_tokens:
                left = max(0, most_tokens - self._tokens)
                raise BudgetSpent(
                    f"The token budget is spent: {left} of {most_tokens} left, {tokens} needed.",
                    "Raise budget.tokens in the directive, or read fewer containers.",
                )
            if most_amount is not None and self._amount + amount > most_amount:
                raise BudgetSpent(
                    f"The money budget is spent: {self._amount:f} of {most_amount:f} used, "
                    f"{amount:f} needed.",
                    "Raise budget.amount in the directive, or read fewer containers.",
                )
            self._tokens += tokens
            self._amount += amount

    def settle(self, reserved: tuple[int, Decimal], used: tuple[int, Decimal]) -> None:
        """Replace what was set aside by what was used."""
        with self._lock:
            self._tokens += used[0] - reserved[0]
            self._amount += used[1] - reserved[1]
