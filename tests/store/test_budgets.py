"""Limits that all runs share are never passed, whoever asks at once, and nothing stays locked."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from sqlalchemy import text

from cyberbrain_cli.core.errors import BudgetSpent
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.metering import BudgetUse
from cyberbrain_cli.core.records import Held, PeriodLimit, Reservation
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.reports import Reports
from tests.store.samples import PRICE, THEN, call, started

TOKENS = PeriodLimit("day", tokens=5000)


def wanted(run_id: int, tokens: int = 1100, **changes: object) -> Reservation:
    values = Reservation(run_id, "nightly", THEN, tokens, Decimal("0.1"), "USD")
    return replace(values, **changes)  # type: ignore[arg-type]


def left(database: Database) -> list[tuple[int, bool]]:
    """What is set aside."""
    with database.reading() as connection:
        rows = connection.execute(text("SELECT tokens, settled FROM llm_reservations ORDER BY id"))
        return [(row.tokens, bool(row.settled)) for row in rows]


def test_what_is_set_aside_and_what_was_used_count_alike(journal: SqlJournal) -> None:
    run_id, job_id = started(journal)
    held = [journal.reserve(wanted(run_id), [TOKENS]) for _ in range(4)]
    with pytest.raises(BudgetSpent) as spent:
        journal.reserve(wanted(run_id), [TOKENS])
    assert spent.value.message == (
        "The token budget of all runs for this day is spent: 600 of 5000 left, 1100 needed."
    )
    assert spent.value.hint == (
        "Raise budget.day.tokens in the configuration, or wait for the next day."
    )
    journal.record_call(call(run_id, job_id, prompt_tokens=400), held[0])  # 500 in all
    journal.reserve(wanted(run_id), [TOKENS])
    journal.release(held[1])
    journal.reserve(wanted(run_id), [TOKENS])
    with pytest.raises(BudgetSpent, match=": 100 of 5000 left"):
        journal.reserve(wanted(run_id), [TOKENS])


def test_a_call_of_unknown_usage_counts_at_its_worst_until_the_period_ends(
    database: Database, journal: SqlJournal
) -> None:
    run_id, job_id = started(journal)
    held = journal.reserve(wanted(run_id), [TOKENS])
    lost = call(
        run_id, job_id, outcome="timeout", prompt_tokens=None, completion_tokens=None, cost=None
    )
    journal.record_call(lost, Held(held.id, 1100, Decimal("0.1")))
    other = journal.reserve(wanted(run_id), [TOKENS])
    journal.record_call(call(run_id, job_id), Held(other.id, 1100, Decimal("0.00021")))
    journal.finish_run(run_id, Status.SUCCEEDED, ())
    assert left(database) == [(1100, True)]
    month = PeriodLimit("month", tokens=3000)
    with pytest.raises(BudgetSpent, match="for this month is spent: 800 of 3000 left"):
        journal.reserve(wanted(run_id, at=THEN + timedelta(days=7)), [month])
    journal.reserve(wanted(run_id, at=THEN + timedelta(days=1)), [PeriodLimit("day", tokens=1100)])
    journal.reserve(
        wanted(run_id, at=THEN + timedelta(days=8)), [PeriodLimit("month", tokens=1100)]
    )


def test_a_call_counts_in_the_day_on_which_it_began(journal: SqlJournal) -> None:
    """It may end on the next, which begins at midnight of UTC wherever one is."""
    run_id, job_id = started(journal)
    before = datetime(2026, 11, 30, 19, 59, 59, tzinfo=timezone(timedelta(hours=-4)))
    limits = [TOKENS, PeriodLimit("month", tokens=5000)]
    held = journal.reserve(wanted(run_id, 5000, at=before), limits)
    after = before + timedelta(seconds=2)
    other = journal.reserve(wanted(run_id, 4000, at=after), limits)
    long = call(run_id, job_id, started_at=before, duration_seconds=9.0)
    journal.record_call(long, Held(held.id, 1100, Decimal("0.00021")))
    journal.reserve(wanted(run_id, 3900, at=before), limits)
    journal.release(other)
    journal.reserve(wanted(run_id, 5000, at=after), limits)


def test_a_directive_has_limits_of_its_own(journal: SqlJournal) -> None:
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id))
    own = PeriodLimit("day", "nightly", tokens=2000)
    with pytest.raises(
        BudgetSpent, match="of 'nightly' for this day is spent: 900 of 2000"
    ) as spent:
        journal.reserve(wanted(run_id), [TOKENS, own])
    assert spent.value.hint.startswith("Raise budget.day.tokens in the directive")
    journal.reserve(wanted(run_id, directive="hourly"), [TOKENS, replace(own, directive="hourly")])


def test_money_counts_each_currency_by_itself(journal: SqlJournal) -> None:
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id, cost=Decimal("0.95")))
    dollar = PeriodLimit("month", amount=Decimal(1))
    journal.reserve(wanted(run_id, currency="EUR"), [dollar])
    journal.reserve(wanted(run_id, currency=None, amount=Decimal(0)), [dollar])
    with pytest.raises(BudgetSpent, match=r"0\.95 of 1 USD used, 0\.1 needed"):
        journal.reserve(wanted(run_id), [dollar])


@pytest.mark.parametrize("ends", ["interrupted", "finished"])
def test_what_a_run_that_is_gone_left_under_way_counts_until_the_period_ends(
    ends: str, database: Database, journal: SqlJournal
) -> None:
    run_id, _ = started(journal)
    other, _ = started(journal)
    for owner in (run_id, run_id, other):
        journal.reserve(wanted(owner), [TOKENS])
    if ends == "interrupted":
        journal.interrupt_run(run_id)
    else:
        journal.finish_run(run_id, Status.CANCELLED, ())
    assert left(database) == [(1100, True), (1100, True), (1100, False)]
    with pytest.raises(BudgetSpent, match=": 1700 of 5000 left"):
        journal.reserve(wanted(other, 1800), [TOKENS])
    journal.reserve(wanted(other, 1800, at=THEN + timedelta(days=1)), [TOKENS])


def test_what_is_long_past_is_forgotten(database: Database) -> None:
    journal = SqlJournal(database, lambda: THEN + timedelta(days=100))
    run_id, job_id = started(journal)
    held = journal.reserve(wanted(run_id), [TOKENS])
    lost = call(run_id, job_id, prompt_tokens=None, completion_tokens=None, cost=None)
    journal.record_call(lost, Held(held.id, 7))
    assert left(database) == [(7, True)]
    journal.finish_run(run_id, Status.SUCCEEDED, ())
    assert left(database) == []


def test_many_at_once_never_pass_a_limit(database: Database, journal: SqlJournal) -> None:
    """Reserving and recording from eight threads: every moment keeps the limit."""
    run_id, job_id = started(journal)
    limits = [TOKENS, PeriodLimit("month", "nightly", amount=Decimal("0.0007"))]
    begin = threading.Barrier(8)
    taken: list[int] = []

    def ask() -> None:
        begin.wait(timeout=30)
        for _ in range(3):
            most = wanted(run_id, amount=PRICE.prompt_per_million * Decimal("0.0014"))  # type: ignore[operator]
            try:
                held = journal.reserve(most, limits)
            except BudgetSpent:
                continue
            taken.append(held.id)
            journal.record_call(call(run_id, job_id), Held(held.id, 1100, Decimal("0.00021")))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 3  # 3 x 0.00021, and a fourth might pass 0.0007
    assert left(database) == []


def test_what_is_used_of_each_limit(database: Database) -> None:
    now = datetime.now(UTC)
    journal = SqlJournal(database, lambda: now)
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id, started_at=now, cost=Decimal("0.2")))  # 1,100 tokens
    held = journal.reserve(wanted(run_id, at=now), [])
    assert held.id
    limits = [
        PeriodLimit("day", tokens=4400),
        PeriodLimit("month", tokens=0, amount=Decimal("0.6")),
    ]
    assert Reports(database).metrics(limits).budgets == (
        BudgetUse("day", "tokens", 0.5),
        BudgetUse("month", "tokens", 1.0),
        BudgetUse("month", "USD", 0.5),
    )
    assert Reports(database).metrics().budgets == ()
