"""One document on standard output, described by its published schema."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cyberbrain_cli.cli.schemas import Document, schema_of
from cyberbrain_cli.core.errors import InvalidFile, NotFound, Problem
from cyberbrain_cli.core.records import Cost, CostRow, RunSummary, TokenCount
from cyberbrain_cli.render.columns import RUNS
from cyberbrain_cli.render.cost_view import costs, show_totals
from cyberbrain_cli.render.emit import emit_document, emit_error, emit_record, emit_rows
from cyberbrain_cli.render.run_view import show_run
from cyberbrain_cli.render.screen import Output, Screen
from tests.render.samples import COST, HOSTILE, document, finding, summary, with_incident

Capture = pytest.CaptureFixture[str]


def valid(text: str, of: Document) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(text)
    Draft202012Validator(schema_of(of)).validate(answer)
    return answer


def test_the_run_document_is_what_its_schema_says(capsys: Capture) -> None:
    emit_document(Screen(Output.JSON), document(finding(title=HOSTILE)), show_run)
    out = capsys.readouterr().out
    answer = valid(out, Document.RUN)
    (found,) = answer["findings"]
    assert found["title"] == HOSTILE
    assert found["evidence"][0]["time"].endswith("000000123Z")
    assert json.loads(out)["run"]["cost"]["amount"] == "0.0021"


def test_what_explains_what_is_part_of_the_schema(capsys: Capture) -> None:
    emit_document(Screen(Output.JSON), with_incident(HOSTILE), show_run)
    answer = valid(capsys.readouterr().out, Document.RUN)
    assert answer["chains"][0]["links"][1]["cause"] == "shop-db"


def test_json_is_one_ascii_line_that_no_terminal_obeys(capsys: Capture) -> None:
    emit_document(Screen(Output.JSON), document(finding(title=HOSTILE + "\x7fü")), show_run)
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.strip().isprintable()
    assert out.isascii()


@pytest.mark.parametrize("rows", [[], [summary()]])
def test_a_list_is_wrapped_under_its_name_even_when_empty(
    capsys: Capture, rows: list[RunSummary]
) -> None:
    emit_rows(Screen(Output.JSON), RUNS, rows)
    answer = valid(capsys.readouterr().out, Document.RUNS)
    assert answer["schema_version"] == 1
    assert len(answer["runs"]) == len(rows)


def test_an_empty_list_leaves_stdout_empty_for_people_and_says_so_beside_it(
    capsys: Capture,
) -> None:
    emit_rows(Screen(), RUNS, [])
    assert capsys.readouterr() == ("", "No runs.\n")


def test_costs_have_rows_and_totals(capsys: Capture) -> None:
    row = CostRow({"model": "m", "day": None}, 3, 1, TokenCount(1, 2, 3), COST)
    for output in (Output.JSON, Output.CSV, Output.HUMAN):
        emit_rows(
            Screen(output),
            costs(["model", "day"], [row]),
            [row],
            extra={"total": row, "totals": [row]},
            footer=lambda page: show_totals([row], 2, page),
        )
    text, table, *rest = capsys.readouterr().out.split("\n", 2)
    assert valid(text, Document.COST_REPORT)["totals"]
    assert table.startswith("model,day,calls,")
    assert "Total   3 calls (1 failed), 0.0021 USD; tokens: 3 (1 prompt, 2 answer)" in rest[0]
    assert "Left out: 2 calls of pruned runs" in rest[0]


def test_what_is_left_out_is_said_also_where_nothing_else_is(capsys: Capture) -> None:
    emit_rows(Screen(), costs(["model"], []), [], footer=lambda page: show_totals([], 2, page, 3))
    out, err = capsys.readouterr()
    assert "Left out: 2 calls of pruned runs" in out
    assert "3 calls of pruned runs, of which only the day is known, on days that are in the" in out
    assert err == "No calls to a model in this time.\n"


def test_small_money_is_in_digits_and_what_is_unpriced_is_nowhere_zero(capsys: Capture) -> None:
    small = Cost(Decimal("0.00000012"), "USD")
    rows = [
        CostRow({"model": name}, 1, 0, TokenCount(1, 2, 3), cost)
        for name, cost in (("paid", small), ("own", Cost(None, None, 1)))
    ]
    table = costs(["model"], rows)
    shown = {}
    for output in (Output.HUMAN, Output.JSON, Output.CSV, Output.MARKDOWN):
        emit_rows(Screen(output), table, rows)
        shown[output] = capsys.readouterr().out
    paid, own = json.loads(shown[Output.JSON])["rows"]
    assert paid["cost"]["amount"] == "0.00000012"
    assert own["cost"] == {"amount": None, "currency": None, "unpriced_calls": 1}
    paid, own = csv.DictReader(io.StringIO(shown[Output.CSV]))
    assert (paid["cost"], own["cost"], own["unpriced_calls"]) == ("0.00000012", "", "1")
    for text in (shown[Output.HUMAN], shown[Output.MARKDOWN]):
        assert "0.00000012 USD" in text
        assert "unpriced" in text.splitlines()[-1]


def test_an_error_is_a_document_or_two_lines(capsys: Capture) -> None:
    error = NotFound("There is no run 9.", "cyberbrain runs list")
    emit_error(Screen(Output.JSON), error)
    emit_error(Screen(), error)
    out, err = capsys.readouterr()
    assert valid(out, Document.ERROR) == {
        "error": {
            "code": "not_found",
            "message": "There is no run 9.",
            "hint": "cyberbrain runs list",
        }
    }
    assert err == "error: There is no run 9.\nhint: cyberbrain runs list\n"


def test_a_file_s_problems_are_told_with_their_places(capsys: Capture) -> None:
    problems = [Problem("unknown key 'nmae'", "nmae", 3, 1), Problem("no tasks", "tasks")]
    emit_error(Screen(Output.JSON), InvalidFile("directive", "a.yaml", problems))
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["file"] == "a.yaml"
    place = {"message": "unknown key 'nmae'", "key": "nmae", "line": 3, "column": 1}
    assert place in error["problems"]
    assert len(error["problems"]) == 2


def test_an_error_after_the_answer_does_not_spoil_the_document(capsys: Capture) -> None:
    screen = Screen(Output.JSON)
    emit_record(screen, "price", {"amount": Decimal("0.10")})
    emit_error(screen, NotFound("Too late."))
    out, err = capsys.readouterr()
    assert json.loads(out) == {"schema_version": 1, "price": {"amount": "0.10"}}
    assert err == "error: Too late.\n"


def test_hostile_text_in_an_error_is_harmless(capsys: Capture) -> None:
    emit_error(Screen(), NotFound(HOSTILE, HOSTILE))
    assert not set(capsys.readouterr().err) & {"\x1b", "\x9b", "\u202e"}
