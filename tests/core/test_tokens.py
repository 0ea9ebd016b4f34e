"""Money is exact, unknown stays unknown, and a budget is never overdrawn."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberbrain_cli.core.errors import BudgetSpent
from cyberbrain_cli.core.ports import Attempt
from cyberbrain_cli.core.records import Price
from cyberbrain_cli.core.tokens import Limit, RunBudget, cost_of

LIST_PRICE = Price("USD", Decimal("0.15"), Decimal("0.075"), Decimal("0.60"))


def test_tokens_cost_their_list_price_to_the_last_digit() -> None:
    attempt = Attempt("ok", prompt_tokens=1001, completion_tokens=7)
    assert cost_of(attempt, LIST_PRICE, 1.0) == Decimal("0.00015435")


def test_cached_tokens_are_inside_the_prompt_and_take_their_own_price() -> None:
    attempt = Attempt("ok", prompt_tokens=1000, cached_tokens=400, completion_tokens=0)
    assert cost_of(attempt, LIST_PRICE, 1.0) == Decimal("0.00012")


def test_without_a_price_or_without_usage_there_is_no_cost() -> None:
    assert cost_of(Attempt("ok", prompt_tokens=1, completion_tokens=1), None, 1.0) is None
    assert cost_of(Attempt("timeout"), LIST_PRICE, 1.0) is None
    assert cost_of(Attempt("ok"), Price("USD"), 1.0) is None


def test_gpu_seconds_are_charged_for_the_duration_even_without_usage() -> None:
    price = Price("EUR", per_gpu_second=Decimal("0.0004"))
    assert cost_of(Attempt("timeout"), price, 2.5) == Decimal("0.0010")


@given(st.lists(st.integers(1, 400), min_size=1, max_size=60), st.integers(0, 2000))
def test_calls_side_by_side_never_exceed_the_token_budget(calls: list[int], limit: int) -> None:
    budget = RunBudget(Limit(tokens=limit))

    def call(tokens: int) -> int:
        try:
            budget.reserve(tokens, Decimal(0))
        except BudgetSpent:
            return 0
        return tokens

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(call, calls)) <= limit


def test_what_a_call_did_not_use_is_free_again() -> None:
    budget = RunBudget(Limit(tokens=100, amount=Decimal("1.00")))
    budget.reserve(90, Decimal("0.90"))
    budget.settle((90, Decimal("0.90")), (10, Decimal("0.05")))
    budget.reserve(90, Decimal("0.90"))
    with pytest.raises(BudgetSpent, match="0 of 100 left, 1 needed"):
        budget.reserve(1, Decimal(0))
