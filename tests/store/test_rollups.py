"""The sums by day are those of the rows, however calls were recorded, and stay when runs go."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from cyberbrain_cli.core.records import LlmCall
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.reports import Reports
from cyberbrain_cli.store.rollups import retire
from cyberbrain_cli.store.verify import verify
from tests.store.samples import PRICE, THEN, call, started

START = datetime(2026, 11, 20, tzinfo=UTC)
EURO = replace(PRICE, currency="EUR")


def calls_of(journal: SqlJournal, count: int, seed: int = 1) -> list[LlmCall]:
    """All sorts of calls over four days, of two directives."""
    chance = random.Random(seed)
    runs = [started(journal, name) for name in ("nightly", "hourly")]

    def sort() -> LlmCall:
        price = chance.choice([PRICE, EURO, None])
        run_id, job_id = chance.choice(runs)
        return call(
            run_id,
            job_id,
            started_at=START + timedelta(seconds=chance.randrange(4 * 86400)),
            duration_seconds=chance.random() * 3,
            model=chance.choice(["small", "large"]),
            endpoint=chance.choice(["a:1", "b:2"]),
            container=chance.choice([None, "db", "app"]),
            outcome=chance.choice(["ok", "cut", "timeout"]),
            prompt_tokens=chance.choice([None, 0, 1000]),
            cached_tokens=chance.choice([None, 10]),
            completion_tokens=chance.choice([None, 7]),
            reasoning_tokens=None,
            estimated=chance.random() < 0.1,
            price=price,
            cost=Decimal(chance.randrange(10**14)).scaleb(-13) if price else None,
        )

    return [sort() for _ in range(count)]


@pytest.fixture
def many(journal: SqlJournal) -> list[LlmCall]:
    """Calls that were recorded one by one and in heaps."""
    calls = calls_of(journal, 120)
    for one in calls[:20]:
        journal.record_call(one)
    journal.record_calls(calls[20:21])
    journal.record_calls(calls[21:])
    journal.record_calls([])
    return calls


def spans() -> Iterator[tuple[datetime | None, datetime | None]]:
    chance = random.Random(2)
    yield from [(None, None), (START, None), (None, START), (START, START + timedelta(days=1))]
    yield START + timedelta(hours=3), START + timedelta(hours=5)
    yield START + timedelta(hours=5), START + timedelta(hours=3)
    for _ in range(12):
        ends = [START + timedelta(seconds=chance.randrange(4 * 86400)) for _ in range(2)]
        yield chance.choice([ends[0], None]), chance.choice([ends[1], None])


def test_every_span_has_the_sums_of_its_rows(many: list[LlmCall], reports: Reports) -> None:
    for since, until in spans():
        within = [
            one
            for one in many
            if (since is None or one.started_at >= since)
            and (until is None or one.started_at < until)
        ]
        for by in (["model", "day"], ["container"]):
            expected: Counter[tuple[object, ...]] = Counter()
            tokens: Counter[tuple[object, ...]] = Counter()
            for one in within:
                labels = {"day": f"{one.started_at:%Y-%m-%d}", "model": one.model}
                key = tuple({**labels, "container": one.container}[name] for name in by)
                expected[key] += 1
                tokens[key] += (one.prompt_tokens or 0) + (one.completion_tokens or 0)
            rows, totals = reports.costs(by, since, until)
            found: Counter[tuple[object, ...]] = Counter()
            said: Counter[tuple[object, ...]] = Counter()
            for row in rows:
                found[tuple(row.keys.values())] += row.calls
                said[tuple(row.keys.values())] += row.tokens.total
            assert found == expected
            assert said == tokens
            assert sum(row.calls for row in totals) == len(within)


def test_money_and_time_of_days_are_exact(many: list[LlmCall], reports: Reports) -> None:
    _, totals = reports.costs(["model"])
    unit = Decimal(1).scaleb(-12)
    for currency in ("USD", "EUR"):
        costs = [
            one.cost for one in many if one.cost and one.price and one.price.currency == currency
        ]
        (total,) = [row for row in totals if row.cost.currency == currency]
        assert total.cost.amount == sum(cost.quantize(unit) for cost in costs)
    seconds = sum(int(one.duration_seconds * 10**6) for one in many)
    assert round(sum(row.duration_seconds for row in totals) * 10**6) == seconds
    cached = sum(one.cached_tokens or 0 for one in many)
    assert sum(row.cached_tokens or 0 for row in totals) == cached > 0
    assert {row.reasoning_tokens for row in totals} == {None}


@pytest.mark.usefixtures("many")
def test_sums_are_proven(database: Database) -> None:
    assert verify(database) == []


@pytest.mark.parametrize("table", ["llm_days", "llm_work_days"])
def test_a_sum_that_its_rows_do_not_bear_out_is_named(
    table: str, database: Database, journal: SqlJournal
) -> None:
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id))
    with database.writing() as connection:
        connection.execute(text(f"UPDATE {table} SET prompt_tokens = prompt_tokens + 5"))
    (problem,) = verify(database)
    assert problem.startswith(f"{table} of 2026-11-23, small, 127.0.0.1:8080, ")
    assert problem.endswith(": prompt_tokens is +5 against its ledger rows")


def test_a_row_of_the_ledger_that_was_changed_is_named(
    database: Database, journal: SqlJournal
) -> None:
    """Two of its sums by day, those of its job and of its run."""
    run_id, job_id = started(journal)
    journal.record_calls([call(run_id, job_id), call(run_id, job_id)])
    with database.writing() as connection:
        one = "(SELECT min(id) FROM llm_calls)"
        changed = f"UPDATE llm_calls SET cost = cost - 1, completion_tokens = 7 WHERE id = {one}"
        connection.execute(text(changed))
    problems = verify(database)
    assert len(problems) == 8
    for table in ("llm_days", "llm_work_days"):
        said = [problem for problem in problems if problem.startswith(f"{table} of")]
        assert [problem.partition(": ")[2] for problem in said] == [
            "completion_tokens is +93 against its ledger rows",
            "cost is +0.000000000001 against its ledger rows",
        ]


def test_a_row_that_is_in_no_sum_is_named(database: Database, journal: SqlJournal) -> None:
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id))
    with database.writing() as connection:
        connection.execute(text("DELETE FROM llm_days"))
    assert "calls is -1 against its ledger rows" in verify(database)[0]


def test_totals_stay_when_runs_go(
    many: list[LlmCall], database: Database, journal: SqlJournal, reports: Reports
) -> None:
    before = reports.costs(["model", "day"]), reports.costs(["container"])
    first, second = sorted({one.run_id for one in many})
    for run_id in (first, second):
        with database.writing() as connection:
            retire(connection, [run_id])
            connection.execute(text(f"DELETE FROM runs WHERE id = {run_id}"))
        assert (reports.costs(["model", "day"]), reports.costs(["container"])) == before
        assert verify(database) == []
    journal.record_calls(calls_of(journal, 10, seed=3))
    assert verify(database) == []


def test_what_is_retired_on_a_part_of_a_day_is_said(
    database: Database, journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal)
    journal.record_calls([call(run_id, job_id), call(run_id, job_id)])
    with database.writing() as connection:
        retire(connection, [run_id])
        connection.execute(text("DELETE FROM runs"))
    assert reports.uncounted_calls(THEN, None) == 2
    assert reports.uncounted_calls(None, THEN - timedelta(days=1)) == 0
    assert reports.uncounted_calls(datetime(2026, 11, 23, tzinfo=UTC), None) == 0
    assert reports.costs(["model"], THEN - timedelta(hours=1))[0] == []
    assert reports.costs(["model"], datetime(9999, 12, 31, 23, tzinfo=UTC)) == ([], [])


def test_hostile_names_share_a_sum_where_they_look_the_same(
    database: Database, journal: SqlJournal
) -> None:
    run_id, job_id = started(journal)
    journal.record_calls(
        [call(run_id, job_id, model=name) for name in ("a\0", "a\ufffd", "a\ud800")]
    )
    assert verify(database) == []
