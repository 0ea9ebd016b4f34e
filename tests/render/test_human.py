"""Figures as a person reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cyberbrain_cli.core.records import Cost, TokenCount
from cyberbrain_cli.render import human


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0.0 s"),
        (12.34, "12.3 s"),
        (59.94, "59.9 s"),
        (59.96, "1m 0s"),
        (245, "4m 5s"),
        (3600, "1h 0m"),
        (11520, "3h 12m"),
        (187200, "2d 4h"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert human.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (2_001_231, "2.0 MB"), (10**15, "1000.0 TB")],
)
def test_size(count: int, text: str) -> None:
    assert human.size(count) == text


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (Cost(), "-"),
        (Cost(None, None, 3), "unpriced"),
        (Cost(Decimal("0.0021"), "USD"), "0.0021 USD"),
        (Cost(Decimal("1E+2"), "EUR"), "100.00 EUR"),
        (Cost(Decimal("1E-9"), "EUR"), "0.000000001 EUR"),
        (Cost(Decimal("0.50"), "USD", 1), "0.50 USD + 1 call unpriced"),
    ],
)
def test_money_is_exact_and_never_made_up(cost: Cost, text: str) -> None:
    assert human.cost(cost) == text


def test_tokens_say_what_is_not_known() -> None:
    text = human.tokens(TokenCount(1000, 234, 1234, estimated=True, unknown_calls=2))
    assert text == "1,234 (1,000 prompt, 234 answer), partly estimated, 2 calls of unknown size"
