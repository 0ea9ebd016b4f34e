"""Sums beside those of another time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from cyberbrain_cli.core.costs import by_day, compared, total
from cyberbrain_cli.core.records import Cost, CostRow, TokenCount


def row(name: str, tokens: int, currency: str | None = "USD", **keys: str) -> CostRow:
    cost = Cost(Decimal(tokens), currency) if currency else Cost(None, None, 1)
    return CostRow({"model": name, **keys}, 1, 0, TokenCount(tokens, 0, tokens), cost)


def test_a_group_stands_beside_itself_also_when_it_is_new_or_gone() -> None:
    found = compared([row("a", 5), row("new", 3)], [row("gone", 4), row("a", 2)])
    assert [(item.keys["model"], item.tokens.total, item.calls) for item in found] == [
        ("a", 5, 1),
        ("new", 3, 1),
        ("gone", 0, 0),
    ]
    assert [item.previous and item.previous.tokens.total for item in found] == [2, None, 4]
    assert found[2].cost.amount is None


def test_money_stands_beside_money_of_its_currency() -> None:
    euros = compared([row("a", 5, "EUR")], [row("a", 2, "USD")])
    assert [(item.cost.currency, item.previous is None) for item in euros] == [
        ("EUR", True),
        ("USD", False),
    ]
    (priced,) = compared([row("a", 5, "EUR")], [row("a", 2, None)])
    assert priced.previous == row("a", 2, None)
    both = compared([row("a", 5, "EUR"), row("a", 4, None)], [row("a", 2, "EUR")])
    assert [item.previous and item.previous.tokens.total for item in both] == [2, None]


def test_a_total_adds_tokens_and_never_two_currencies() -> None:
    both = total([row("a", 5, "EUR"), row("b", 2, "USD")])
    assert (both.tokens.total, both.cost) == (7, Cost())
    assert (both.cached_tokens, both.previous) == (None, None)
    beside = total(compared([row("a", 5)], [row("a", 2)]))
    assert beside.previous is not None
    assert beside.previous.cost.amount == 2


def test_days_without_calls_are_there_and_others_are_not() -> None:
    rows = [row("a", 5, day="2026-11-02"), row("a", 4, day="2026-11-02")]
    rows += [row("a", 7, day="2026-11-05"), row("b", 1, day="2026-11-01")]
    assert by_day(rows, date(2026, 11, 1), date(2026, 11, 3)) == {
        ("a",): [0, 9, 0],
        ("b",): [1, 0, 0],
    }
