"""The budgets of a run: its own, and those of days and months, which it shares with all others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from cyberbrain_cli.core.directive import Budget
from cyberbrain_cli.core.ports import Journal
from cyberbrain_cli.core.records import Held, PeriodLimit, Price, Reservation
from cyberbrain_cli.core.tokens import Limit, RunBudget
from cyberbrain_cli.engine.loader import LoadedDirective


class Spent(NamedTuple):
    """What a call used, or may use at most."""

    tokens: int
    amount: Decimal


@dataclass(slots=True)
class Claim:
    """A call's room in the budgets: what it has used so far, and what the records hold for it."""

    spent: Spent
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class PeriodBudgets:
    """The limits of days and months: what a call may use is set aside in the records first."""

    journal: Journal
    limits: tuple[PeriodLimit, ...]
    run_id: int
    directive: str

    def reserve(self, at: datetime, most: Spent, price: Price | None) -> Held:
        """Set a call's worst case aside. Raises BudgetSpent."""
        currency = price.currency if price is not None else None
        wanted = Reservation(self.run_id, self.directive, at, most.tokens, most.amount, currency)
        return self.journal.reserve(wanted, self.limits)

    def release(self, held: Held) -> None:
        """The call was not made."""
        self.journal.release(held)


def effective_budget(loaded: LoadedDirective, default: Budget) -> Budget:
    """The directive's budget of a run; what it leaves open comes from the configuration."""
    given = loaded.directive.budget
    own = given.model_fields_set & {"tokens", "amount", "on_budget"}
    return default.model_copy(update={name: getattr(given, name) for name in own})


def run_budget(loaded: LoadedDirective, default: Budget) -> RunBudget:
    """A fresh count against the limits of one run."""
    budget = effective_budget(loaded, default)
    return RunBudget(Limit(budget.tokens, budget.amount))


def limits_money(loaded: LoadedDirective, default: Budget) -> bool:
    """Whether any limit on the directive's runs is one of money."""
    own = loaded.directive.budget
    periods = (default.day, default.month, own.day, own.month)
    amounts = (effective_budget(loaded, default).amount, *(limit.amount for limit in periods))
    return any(amount is not None for amount in amounts)


def period_budgets(
    loaded: LoadedDirective, default: Budget, journal: Journal, run_id: int
) -> PeriodBudgets | None:
    """The configuration's limits over all runs and the directive's over its own; None if none."""
    directive = loaded.directive
    limits = (*period_limits(default), *period_limits(directive.budget, directive.name))
    return PeriodBudgets(journal, limits, run_id, directive.name) if limits else None


def period_limits(budget: Budget, directive: str | None = None) -> Iterator[PeriodLimit]:
    """The limits of days and months; with a directive, over its own runs."""
    for name, limit in (("day", budget.day), ("month", budget.month)):
        if limit.tokens is not None or limit.amount is not None:
            yield PeriodLimit(name, directive, limit.tokens, limit.amount)
