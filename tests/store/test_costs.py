"""The ledger's sums: exact, never across currencies, unknown counted and not guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import Cost, CostRow, TokenCount
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.reports import Reports
from tests.store.samples import PRICE, THEN, call, started


@pytest.fixture
def ledger(journal: SqlJournal) -> None:
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id))
    journal.record_call(call(run_id, job_id, container="app", started_at=THEN + timedelta(days=1)))
    journal.record_call(call(run_id, job_id, model="free", price=None, cost=None))
    journal.record_call(
        call(
            run_id, job_id, model="free", outcome="timeout",
            prompt_tokens=None, completion_tokens=None, price=None, cost=None,
        )
    )  # fmt: skip


@pytest.mark.usefixtures("ledger")
def test_by_model(reports: Reports) -> None:
    rows, totals = reports.costs(["model"])
    assert rows == [
        CostRow(
            {"model": "small"},
            2,
            0,
            TokenCount(2000, 200, 2200),
            Cost(Decimal("0.00042"), "USD", 0),
            duration_seconds=3.0,
        ),
        CostRow(
            {"model": "free"},
            2,
            1,
            TokenCount(1000, 100, 1100, unknown_calls=1),
            Cost(None, None, 2),
            duration_seconds=3.0,
        ),
    ]
    assert totals == [
        CostRow(
            {},
            4,
            1,
            TokenCount(3000, 300, 3300, unknown_calls=1),
            Cost(Decimal("0.00042"), "USD", 2),
            duration_seconds=6.0,
        )
    ]


@pytest.mark.usefixtures("ledger")
def test_by_several_keys_and_a_span_of_time(reports: Reports) -> None:
    rows, _ = reports.costs(["day", "container", "directive", "task", "endpoint"])
    assert {(row.keys["day"], row.keys["container"]): row.calls for row in rows} == {
        ("2026-11-23", "db"): 3,
        ("2026-11-24", "app"): 1,
    }
    assert rows[0].keys["directive"] == "nightly"
    rows, _ = reports.costs(["container"], since=THEN + timedelta(hours=1))
    assert [row.keys["container"] for row in rows] == ["app"]
    rows, _ = reports.costs(["container"], until=THEN + timedelta(hours=1))
    assert [row.keys["container"] for row in rows] == ["db"]


def test_currencies_are_never_mixed(journal: SqlJournal, reports: Reports) -> None:
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id, cost=Decimal("0.1")))
    euro = replace(PRICE, currency="EUR")
    journal.record_call(call(run_id, job_id, cost=Decimal("0.2"), price=euro))
    _, totals = reports.costs(["model"])
    assert {(row.cost.currency, row.cost.amount) for row in totals} == {
        ("USD", Decimal("0.1")),
        ("EUR", Decimal("0.2")),
    }


def test_an_unknown_key_is_refused_and_an_empty_ledger_is_empty(reports: Reports) -> None:
    with pytest.raises(UsageError, match="--by colour"):
        reports.costs(["colour"])
    assert reports.costs(["model"]) == ([], [])


def test_large_sums_of_small_coins_are_exact(journal: SqlJournal, reports: Reports) -> None:
    """Each run's sum fits into 64 bits, that of all does not."""
    coins = Decimal("8000000.000000000001")
    for _ in range(3):
        run_id, job_id = started(journal)
        journal.record_call(call(run_id, job_id, cost=coins))
        journal.finish_run(run_id, Status.SUCCEEDED, ())
    _, (total,) = reports.costs(["model"])
    assert total.cost == Cost(Decimal("24000000.000000000003"), "USD", 0)
