"""The ledger at scale: cost reports from rollups beside the naive GROUP BY, lists, and inserting.

`python -m benchmarks.ledger [--calls N] [--runs N] [--databases sqlite postgresql] [--check]`.
Database time is that of exactly the statements that a report makes, run once more on the bare
driver and read to the end. The server is one of the benchmark's own, with fsync on.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import Connection, event, insert

from benchmarks.ledger_rows import FIRST, YEAR_SECONDS, fill
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import LlmCall, NewJob, NewRun, PeriodLimit, Price
from cyberbrain_cli.store import schema, sql
from cyberbrain_cli.store.database import Database, connect
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.ledger import bare_row
from cyberbrain_cli.store.reports import Reports
from cyberbrain_cli.store.rollups import sums_of_rows
from tests.stack import postgres
from tests.store.own_postgres import OwnServer

REPORT_MS, LIST_MS, ROWS_A_SECOND = 50.0, 100.0, 1000.0
PROCESSES = 4
BATCH = 100
PATIENCE_SECONDS = 300.0
"""For a process of the benchmark that died."""
SINCE = datetime.fromtimestamp(FIRST + YEAR_SECONDS, UTC) - timedelta(days=14, hours=-11)
"""In the middle of a day, the rest of which is summed up from the rows."""
LIMITS = (PeriodLimit("day", tokens=10**9), PeriodLimit("month", amount=Decimal(10**6)))
PRICE = Price("USD", Decimal("0.15"), None, Decimal("0.60"))

Row = tuple[str, str, str, str, bool]
"""What, its figure, that of the naive way and their ratio, and whether it keeps its mark."""


def main() -> int:
    """Fill, measure, and print a Markdown table for each database."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=2000, help="inserted by each process")
    parser.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    missed = False
    for kind in asked.databases:
        with url_of(kind) as url:
            database = connect(url)
            schema.upgrade(database)
            begin = time.perf_counter()
            fill(database, asked.runs, asked.calls)
            filled = time.perf_counter() - begin
            print(f"\n{kind}: {asked.calls:,} ledger rows, {asked.runs:,} runs ({filled:.0f} s)\n")
            print(
                "| what | with rollups | the naive way | factor |\n|---|---:|---:|---:|", flush=True
            )
            rows = [*reports(database, asked.rounds), *lists(database, asked.rounds)]
            database.close()
            rows += inserts(url, asked.rows)
            for *cells, kept in rows:
                print(f"| {' | '.join(cells)} |{'' if kept else ' missed'}")
                missed |= not kept
    return int(missed and asked.check)


@contextmanager
def url_of(kind: str) -> Iterator[str]:
    """An empty database of this kind, gone afterwards."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/cyberbrain.db"
        return
    server = OwnServer(postgres.installation())
    try:
        server.start(fsync="on")
        yield server.url()
    finally:
        server.remove()


def reports(database: Database, rounds: int) -> Iterator[Row]:
    """Cost reports, and the same sums from the rows."""
    records = Reports(database)
    asked = (["model", "day"], None), (["model"], None), (["directive", "container"], None)
    for by, since in (*asked, (["model", "day"], SINCE)):
        ask = partial(records.costs, by, since)
        sent = statements(database, ask)
        fast = statistics.median(replay(database, sent) for _ in range(rounds))
        naive = seconds(partial(group_by, database, by, since))
        name = f"cost-report by {' and '.join(by)}{', the last 14 days' if since else ''}"
        bound = REPORT_MS if by == ["model", "day"] else None
        mark = f" (≤ {bound:.0f} ms)" if bound else ""
        yield (
            f"{name}, database time{mark}", f"{fast * 1000:.1f} ms", f"{naive * 1000:,.0f} ms",
            f"{naive / fast:,.0f}", bound is None or fast * 1000 <= bound,
        )  # fmt: skip
        yield f"{name}, in all", f"{timed(ask, rounds) * 1000:.1f} ms", "", "", True


def group_by(database: Database, by: Sequence[str], since: datetime | None) -> None:
    """The naive way: the sums of the ledger's own rows."""
    with database.reading() as connection:
        sums = sums_of_rows(connection, [*by, "currency"])
        if since is not None:
            sums = sums.where(sql.CALLS.c.started_at >= since)
        connection.execute(sums).all()


def lists(database: Database, rounds: int) -> Iterator[Row]:
    """What must not grow with the runs."""
    records = Reports(database)
    asked: dict[str, Callable[[], Any]] = {
        "runs list": records.runs,
        "runs list --status failed": lambda: records.runs(status=Status.FAILED),
        "runs list --status cancelled, of which there are none": lambda: records.runs(
            status=Status.CANCELLED
        ),
        "runs list --directive": lambda: records.runs(directive="directive-3"),
        "runs list --since now": lambda: records.runs(since=datetime.now(UTC)),
        "runs list --since, half of them": lambda: records.runs(
            since=datetime(2026, 5, 23, tzinfo=UTC)
        ),
        "artifacts list": records.artifacts,
        "artifacts list --kind of which there are none": lambda: records.artifacts(kind="map"),
        "metrics scrape, with two budgets": partial(records.metrics, LIMITS),
    }
    for name, ask in asked.items():
        took = timed(ask, rounds) * 1000
        yield f"{name} (≤ {LIST_MS:.0f} ms)", f"{took:.1f} ms", "", "", took <= LIST_MS


def inserts(url: str, rows: int) -> Iterator[Row]:
    """Four processes at once, each with a run of its own; beside bare INSERTs without sums."""
    for size in (1, BATCH):
        ours, bare = (speed(url, rows, size, way) for way in ("ledger", "bare"))
        each = f"rows a second of each of {PROCESSES} processes"
        # One by one each row is a commit that reaches the disk: the disk's mark, not ours.
        one = size == 1
        way = f"{each}, one by one" if one else f"{each}, {size} at a time (≥ {ROWS_A_SECOND:,.0f})"
        yield (
            way, f"{ours:,.0f}", f"{bare:,.0f}", f"{ours / bare:.2f}",
            one or ours >= ROWS_A_SECOND,
        )  # fmt: skip


def speed(url: str, rows: int, size: int, way: str) -> float:
    """Rows a second of the slowest process."""
    context = multiprocessing.get_context("spawn")
    ready, times = context.Barrier(PROCESSES), context.Queue()
    workers = [
        context.Process(target=insert_rows, args=(url, rows, size, way, ready, times))
        for _ in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    slowest: float = max(times.get(timeout=PATIENCE_SECONDS) for _ in workers)
    for worker in workers:
        worker.join()
    return rows / slowest


def insert_rows(url: str, rows: int, size: int, way: str, ready: Any, times: Any) -> None:
    """One process: insert, and tell how long it took."""
    database = connect(url)
    journal = SqlJournal(database)
    job = NewJob("j", "log_triage", 0, {})
    run = NewRun("directive-1", 1, "sha", "x", "box", 1, "boot", "x", None, {}, (job,))
    run_id, jobs = journal.create_run(run)
    calls = [call(run_id, jobs["j"], number) for number in range(size)]

    def plain(connection: Connection) -> None:
        connection.execute(insert(sql.CALLS), [bare_row(item) for item in calls])

    add = partial(database.write, plain) if way == "bare" else partial(journal.record_calls, calls)
    add()  # what is made once is made
    ready.wait(PATIENCE_SECONDS)
    begin = time.perf_counter()
    for _ in range(rows // size):
        add()
    times.put(time.perf_counter() - begin)
    database.close()


def call(run_id: int, job_id: int, number: int) -> LlmCall:
    """A row of today."""
    return LlmCall(
        run_id, job_id, "log_triage", f"container-{number % 20}", "triage", "10.0.0.1:8000",
        "model-1", 1, datetime.now(UTC), 2.5, "ok", 200, prompt_tokens=1000,
        completion_tokens=100, price=PRICE, cost=Decimal("0.00021"),
    )  # fmt: skip


def statements(database: Database, ask: Callable[[], Any]) -> list[tuple[str, Any]]:
    """What `ask` sends to the database."""
    sent: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if statement.lstrip().startswith(("SELECT", "WITH")):
            sent.append((statement, parameters))

    with database.reading() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", note)
    ask()
    event.remove(engine, "before_cursor_execute", note)
    return sent


def replay(database: Database, sent: list[tuple[str, Any]]) -> float:
    """Seconds that the database takes for these statements, every row fetched."""
    with database.reading() as connection:
        cursor = connection.connection.cursor()
        begin = time.perf_counter()
        for statement, parameters in sent:
            cursor.execute(statement, parameters)
            if cursor.description:
                cursor.fetchall()
        return time.perf_counter() - begin


def timed(ask: Callable[[], Any], rounds: int) -> float:
    """The median of some goes, after one that counts for nothing."""
    ask()
    return statistics.median(seconds(ask) for _ in range(rounds))


def seconds(ask: Callable[[], Any]) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    ask()
    return time.perf_counter() - begin


if __name__ == "__main__":
    raise SystemExit(main())
