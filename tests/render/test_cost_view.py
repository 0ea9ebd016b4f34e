"""A cost report for people: bars that tell, and no column that says nothing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from cyberbrain_cli.core.records import Cost, CostRow, TokenCount
from cyberbrain_cli.render.cost_view import bar, costs
from cyberbrain_cli.render.screen import Screen

BIG = CostRow({"model": "big"}, 9, 0, TokenCount(800, 0, 800), Cost(Decimal("0.5"), "USD"))
SMALL = CostRow({"model": "small"}, 1, 0, TokenCount(100, 0, 100), Cost(None, None, 1))
DAYS = {("big",): [0, 100, 700], ("small",): [100, 0, 0]}


def shown(*rows: CostRow, **asked: object) -> list[list[str]]:
    table = costs(["model"], rows, **asked)  # type: ignore[arg-type]
    return [line.split() for line in table.human(rows, Screen(), color=False).splitlines()]


def test_bars_are_as_long_as_the_share_of_the_largest() -> None:
    titles, big, small = shown(BIG, SMALL, days=DAYS)
    assert titles[-5:] == ["COST", "UNPRICED", "TOKENS", "BY", "DAY"]
    assert "████████" in big
    assert "█" in small
    assert big[-1] == "▁▂█"
    assert small[-2:] == ["1", "█▁▁"]
    assert "0.50" in big
    assert "unpriced" in small


@pytest.mark.parametrize(
    ("value", "expected"), [(0, ""), (1, "▏"), (500, "████"), (563, "████▌"), (1000, "████████")]
)
def test_a_bar_shows_what_there_is(value: int, expected: str) -> None:
    assert bar(value, 1000) == expected
    assert bar(value, 0) == ""


def test_a_column_without_anything_to_say_is_for_programs_alone() -> None:
    assert "FAILED" not in shown(BIG)[0]
    assert "FAILED" in shown(BIG, replace(BIG, failed_calls=1))[0]
    header = costs(["model"], [BIG]).csv([BIG]).splitlines()[0]
    assert "failed_calls" in header
    assert "share" not in header


def test_a_narrow_terminal_keeps_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Screen, "width", lambda _: 60)
    titles, *lines = shown(BIG, SMALL, days=DAYS)
    assert titles == ["MODEL", "CALLS", "TOKENS", "SHARE", "COST", "TOKENS", "BY", "DAY"]
    assert len(lines) == 2


def test_changes_are_in_words_and_percent() -> None:
    rows = [
        replace(BIG, previous=replace(BIG, tokens=TokenCount(1000, 0, 1000))),
        SMALL,
        replace(SMALL, calls=0, tokens=TokenCount(), cost=Cost(), previous=SMALL),
    ]
    assert "change" not in costs(["model"], rows, compare=True).csv(rows).splitlines()[0]
    _, less, new, gone = shown(*rows, compare=True)
    assert less[-5:] == ["1,000", "-20", "%", "0.50", "USD"]
    assert new[-3:] == ["-", "new", "-"]
    assert gone[-3:] == ["100", "gone", "unpriced"]
