"""A database that is not there, refuses, or dies: one line, no password, and the way back."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from cyberbrain_cli.core.errors import CyberbrainError, DatabaseUnavailable, ExitCode, UsageError
from cyberbrain_cli.store import schema
from cyberbrain_cli.store.database import Database, connect
from cyberbrain_cli.store.journal import SqlJournal
from cyberbrain_cli.store.locks import locks_for
from cyberbrain_cli.store.reports import Reports
from tests.stack import postgres, state
from tests.store.own_postgres import OwnServer
from tests.store.samples import call, started


@pytest.fixture(scope="module")
def server() -> Iterator[OwnServer]:
    with state.locked():
        programs = Path(postgres.up()["programs"])
    own = OwnServer(programs)
    own.start()
    yield own
    own.remove()


@pytest.mark.parametrize("sign", list("@/:?#%[] &=+\\'\";"))
def test_no_part_of_a_password_is_ever_repeated(sign: str) -> None:
    with pytest.raises(CyberbrainError) as refused:
        schema.status(connect(f"postgresql://user:SECR{sign}ET99@127.0.0.1:9/none"))
    said = refused.value.message + refused.value.hint
    assert "SECR" not in said
    assert "ET99" not in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "postgresql://user@host:port/name",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:////tmp/a?mode=ro",
        "sqlite:////tmp/\0",
    ],
)
def test_a_url_that_names_no_database_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError, match=r"database\.url"):
        connect(url)


def test_a_wrong_password_is_said(server: OwnServer) -> None:
    with pytest.raises(DatabaseUnavailable) as refused:
        schema.status(connect(server.url("hunter2")))
    assert "password authentication failed" in refused.value.message
    assert "hunter2" not in refused.value.message
    assert refused.value.exit_code is ExitCode.UNAVAILABLE


def test_a_server_that_dies_in_the_middle_of_a_run_is_said_and_taken_up_again(
    server: OwnServer,
) -> None:
    database = connect(server.url())
    schema.upgrade(database)
    journal, reports = SqlJournal(database), Reports(database)
    run_id, job_id = started(journal)
    journal.record_call(call(run_id, job_id))

    def die_within(database: Database) -> None:
        with database.writing() as connection:
            connection.execute(text("UPDATE runs SET prompt_tokens = 99"))
            server.kill()
            connection.execute(text("UPDATE runs SET completion_tokens = 99"))

    with locks_for(database).hold("nightly") as free:
        assert free
        with pytest.raises(DatabaseUnavailable) as died:
            die_within(database)
        with pytest.raises(DatabaseUnavailable) as dead:
            journal.record_call(call(run_id, job_id))
    for error in (died, dead):
        assert "\n" not in error.value.message
        assert "horse" not in error.value.message
    server.start()
    journal.record_call(call(run_id, job_id))
    assert reports.run(run_id).tokens.prompt == 2000
    with locks_for(database).hold("nightly") as free:
        assert free
    server.kill()
    server.start()
    journal.record_call(call(run_id, job_id))  # nobody was speaking to it: nobody notices
    database.close()


def test_another_programs_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "bookmarks.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE bookmarks (url)")
    with pytest.raises(DatabaseUnavailable, match="has the table 'bookmarks'"):
        schema.ensure(connect(f"sqlite:///{path}"))
    names = theirs.execute("SELECT name FROM sqlite_master").fetchall()
    assert names == [("bookmarks",)]


def test_a_server_with_tables_of_the_same_names_is_refused(postgres_url: str) -> None:
    database = connect(postgres_url)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE runs (distance int)"))
        connection.execute(text("CREATE TABLE shoes (size int)"))
    with pytest.raises(DatabaseUnavailable, match="has the table 'runs'"):
        schema.upgrade(database)
    with database.writing() as connection:
        connection.execute(text("DROP TABLE runs"))
    schema.upgrade(database)
    assert schema.status(database).ok
    database.close()


@pytest.mark.parametrize("device", ["/dev/null", "/dev/full"])
def test_a_device_is_no_database(device: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="is not a file"):
        connect(f"sqlite:///{device}")
