"""Lists: whole when piped, folded on a terminal, and CSV that no spreadsheet computes."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import pytest

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import Cost
from cyberbrain_cli.render.columns import RUNS
from cyberbrain_cli.render.screen import Screen
from cyberbrain_cli.render.tables import Column, Table
from tests.render.samples import summary


@dataclass(frozen=True)
class Row:
    name: str
    count: int


TABLE: Table[Row] = Table(
    "rows",
    (Column("name", lambda row: row.name), Column("count", lambda row: row.count, right=True)),
    "Nothing.",
)


class Terminal(Screen):
    def width(self) -> int:
        return 30


def test_a_piped_table_is_aligned_and_nothing_is_cropped() -> None:
    long = "x" * 300
    text = TABLE.human([Row("a", 1), Row(long, 12345)], Screen(), color=False)
    head, first, second = text.splitlines()
    assert head.split() == ["NAME", "COUNT"]
    assert first.startswith("a ")
    assert first.endswith("    1")
    assert second.split() == [long, "12345"]
    assert len(first) == len(second)


def test_wide_characters_do_not_push_the_columns_apart() -> None:
    lines = TABLE.human([Row("日本", 1), Row("abcd", 2)], Screen(), color=False).splitlines()
    assert lines[1].index("1") + 2 == lines[2].index("2")


def test_a_terminal_that_is_too_narrow_folds_and_loses_nothing() -> None:
    name = "abcdefghij" * 8
    text = TABLE.human([Row(name, 7)], Terminal(), color=False)
    assert all(len(line) <= 30 for line in text.splitlines())
    assert "".join(line.split()[0] for line in text.splitlines()[1:]) == name


@pytest.mark.parametrize("screen", [Screen(), Terminal()])
def test_markup_and_escapes_in_a_cell_are_shown_not_obeyed(screen: Screen) -> None:
    text = TABLE.human([Row("[bold]\x1b[31m:smile:", 1)], screen, color=False)
    assert "\x1b" not in text
    assert "[bold]\\x1b[31m:smile:" in "".join(text.split())


def test_colour_is_there_only_when_asked_for() -> None:
    rows = [summary()]
    assert "\x1b[" not in RUNS.human(rows, Screen(), color=False)
    assert "\x1b[32m" in RUNS.human(rows, Screen(), color=True)


def test_markdown_shows_what_people_see_and_obeys_no_cell() -> None:
    rows = [Row("a|b\n[x](http://evil) <b>\x1b", 7)]
    assert TABLE.markdown(rows).splitlines() == [
        "| NAME | COUNT |",
        "| --- | ---: |",
        r"| a\|b\\n\[x\](http:\//evil) &lt;b>\\x1b | 7 |",
    ]
    assert TABLE.markdown([]).count("\n") == 2


def test_csv_holds_values_and_not_what_is_made_for_reading() -> None:
    (row,) = csv.DictReader(io.StringIO(RUNS.csv([summary()])))
    assert row["status"] == "succeeded"
    assert row["degraded"] == "true"
    assert row["started_at"] == "2026-11-23T03:00:00Z"
    assert row["duration_seconds"] == "12.3"
    assert (row["cost"], row["currency"]) == ("0.0021", "USD")
    assert row["tokens"] == "3512"


def test_csv_leaves_unknown_cells_empty_and_marks_formulas_as_text() -> None:
    run = summary(cost=Cost(None, None, 4), directive="=HYPERLINK(1)", status=Status.FAILED)
    (row,) = csv.DictReader(io.StringIO(RUNS.csv([run])))
    assert (row["cost"], row["unpriced_calls"]) == ("", "4")
    assert row["directive"] == "'=HYPERLINK(1)"


def test_csv_of_nothing_has_its_header() -> None:
    assert RUNS.csv([]).startswith("id,directive,status,")
