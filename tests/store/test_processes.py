"""Several processes at once, and some that die: nothing is lost, doubled or left locked."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier, Thread

import pytest
from sqlalchemy import event, text

from cyberbrain_cli.store import engines, schema
from cyberbrain_cli.store.database import Database, DatabaseBusy, connect
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.reports import Reports
from cyberbrain_cli.store.verify import verify
from tests.store.samples import call, new_run, started

_OPEN = """
import sys
from cyberbrain_cli.store import schema
from cyberbrain_cli.store.database import connect
from cyberbrain_cli.store.journal import SqlJournal
from tests.store.samples import call, new_run
from sqlalchemy import text
database = connect(sys.argv[1])
journal = SqlJournal(database)
print("ready", flush=True)
sys.stdin.readline()
"""
_RECORD = """
run_id, job_id = int(sys.argv[2]), int(sys.argv[3])
for number in range(int(sys.argv[4])):
    journal.record_call(call(run_id, job_id))
    print(number, flush=True)
"""
_HANG = """
with database.writing() as connection:
    connection.execute(text("INSERT INTO container_allowlist VALUES ('x', true, '', '2026-01-01')"))
    print("within", flush=True)
    sys.stdin.readline()
"""
_UPGRADE = "schema.upgrade(database); print(schema.status(database).revision)"
_CREATE = "print(journal.create_run(new_run('hourly'))[0])"


@contextmanager
def process(code: str, database: Database, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process that has opened the database and waits for a line to go on."""
    url = database._engine.url.render_as_string(hide_password=False)
    running = subprocess.Popen(
        [sys.executable, "-c", _OPEN + code, url, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with running:
        assert read(running) == "ready"
        yield running
        running.kill()


def read(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def go(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.write("\n")
    running.stdin.flush()


def test_two_processes_write_the_same_run_and_no_call_is_lost(
    database: Database, journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal)
    with (
        process(_RECORD, database, run_id, job_id, 25) as one,
        process(_RECORD, database, run_id, job_id, 25) as other,
    ):
        go(one)
        go(other)
        assert one.communicate()[0].split()[-1:] == ["24"]
        assert other.communicate()[0].split()[-1:] == ["24"]
    assert reports.run(run_id).tokens.prompt == 50_000
    assert verify(database) == []


def test_what_a_killed_process_had_recorded_stays_whole(
    database: Database, journal: SqlJournal, reports: Reports
) -> None:
    run_id, job_id = started(journal)
    with process(_RECORD, database, run_id, job_id, 10_000) as writer:
        go(writer)
        for number in range(10):
            assert read(writer) == str(number)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    assert reports.run(run_id).tokens.prompt >= 10_000
    assert verify(database) == []
    journal.record_call(call(run_id, job_id))


def test_a_transaction_dies_with_its_process(
    database: Database, journal: SqlJournal, reports: Reports
) -> None:
    with process(_HANG, database) as writer:
        go(writer)
        assert read(writer) == "within"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    assert reports.allowlist() == []
    assert journal.set_container("x", enabled=True)


def test_processes_that_migrate_a_server_at_once_all_succeed(postgres_url: str) -> None:
    empty = connect(postgres_url)
    with process(_UPGRADE, empty) as one, process(_UPGRADE, empty) as other:
        go(one)
        go(other)
        heads = [racer.communicate()[0].strip() for racer in (one, other)]
    assert heads == [schema.HEAD] * 2
    empty.close()


def test_launches_of_a_new_directive_share_its_snapshot(database: Database) -> None:
    with process(_CREATE, database) as one, process(_CREATE, database) as other:
        go(one)
        go(other)
        ids = {one.communicate()[0].strip(), other.communicate()[0].strip()}
    assert len(ids) == 2
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM directives")).scalar() == 1


def test_a_write_that_a_deadlock_threw_out_is_done_again(postgres_url: str) -> None:
    database = connect(postgres_url)
    schema.upgrade(database)
    journal = SqlJournal(database)
    journal.set_container("a", enabled=True)
    journal.set_container("b", enabled=True)
    both_hold_one, tries = Barrier(2), []

    def change(first: str, second: str) -> None:
        def work(connection: object) -> None:
            tries.append(first)
            set_note = text("UPDATE container_allowlist SET note = note || 'x' WHERE name = :name")
            connection.execute(set_note, {"name": first})  # type: ignore[attr-defined]
            if len(tries) <= 2:
                both_hold_one.wait(timeout=30)
            connection.execute(set_note, {"name": second})  # type: ignore[attr-defined]

        database.write(work)

    threads = [Thread(target=change, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tries) > 2  # on a busy machine they may meet once more
    assert [entry.note for entry in Reports(database).allowlist()] == ["xx", "xx"]
    database.close()


def test_a_writer_has_its_place_before_it_reads(tmp_path: Path) -> None:
    """Who reads first and then asks to write can be refused for good by another writer."""
    database = connect(f"sqlite:///{tmp_path}/c.db")
    schema.ensure(database)
    other = sqlite3.connect(tmp_path / "c.db", timeout=0)
    with database.writing() as connection:
        connection.execute(text("SELECT count(*) FROM runs"))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()
    database.close()


@pytest.mark.parametrize("lets_go", [True, False])
def test_a_write_gives_way_to_another_writer_and_then_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lets_go: bool
) -> None:
    """On SQLite; PostgreSQL makes a writer wait for the row it wants, and for no other."""
    database = connect(f"sqlite:///{tmp_path}/c.db")
    schema.ensure(database)
    monkeypatch.setattr(engines, "_BUSY_SECONDS", 0)
    patient = connect(f"sqlite:///{tmp_path}/c.db")
    failures = []

    with database.writing() as holder:
        holder.execute(text("DELETE FROM directives"))

        @event.listens_for(patient._engine, "handle_error")
        def note(_: object) -> None:
            failures.append(1)
            if lets_go:
                holder.rollback()

        if lets_go:
            SqlJournal(patient).create_run(new_run())
        else:
            with pytest.raises(DatabaseBusy, match="database is locked"):
                SqlJournal(patient).create_run(new_run())
    assert len(failures) == (1 if lets_go else 3)
    patient.close()
    database.close()
