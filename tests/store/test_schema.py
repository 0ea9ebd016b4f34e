"""Models and migrations agree; embedded databases care for themselves, servers are asked for."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from cyberbrain_cli.core.errors import CyberbrainError, DatabaseUnavailable, ExitCode, UsageError
from cyberbrain_cli.core.records import Cost
from cyberbrain_cli.core.shipped import folder
from cyberbrain_cli.store import schema, tables
from cyberbrain_cli.store.database import Database, connect
from cyberbrain_cli.store.reports import Reports
from cyberbrain_cli.store.verify import verify

OLD_LEDGER = (
    "INSERT INTO directives (id, name, version, sha256, text, created_at) "
    "VALUES (1, 'nightly', 1, 'a', '', '2026-11-23 00:00:00+00:00')",
    "INSERT INTO runs (id, directive, directive_version, directive_id, host, pid, boot_id, "
    "lock_name, status, created_at, started_at, calls, prompt_tokens, completion_tokens, "
    "unknown_calls, unpriced_calls, cost, currency) VALUES (1, 'nightly', 1, 1, '', 1, '', '', "
    "'running', '2026-11-23 00:00:00+00:00', '2026-11-23 00:00:00+00:00', 3, 20, 2, 1, 2, "
    "7000000, 'USD')",
    "INSERT INTO run_jobs (id, run_id, key, task, position, status, started_at, calls, "
    "prompt_tokens, completion_tokens, unknown_calls, unpriced_calls, cost, currency) VALUES "
    "(1, 1, 'a', 'a', 0, 'running', '2026-11-23 00:00:00+00:00', 3, 20, 2, 1, 2, 7000000, 'USD')",
    *(
        "INSERT INTO llm_calls (run_id, job_id, task, container, purpose, endpoint, model, "
        "attempt, started_at, duration_seconds, outcome, prompt_tokens, cached_tokens, "
        "completion_tokens, currency, cost) VALUES (1, 1, 'a', "
        f"{container}, 'p', 'e', 'm', 1, {at}, 1.25, {outcome}, {usage})"
        for container, at, outcome, usage in (
            (
                "NULL",
                "'2026-11-23 23:59:59.999999+00:00'",
                "'timeout'",
                "NULL, NULL, NULL, NULL, NULL",
            ),
            ("'db'", "'2026-11-24 00:00:00+00:00'", "'ok'", "10, 4, 1, 'USD', 7000000"),
            ("'db'", "'2026-11-24 12:00:00+00:00'", "'ok'", "10, NULL, 1, 'USD', NULL"),
        )
    ),
)


def test_models_and_migrations_agree(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata()) == []


def test_models_and_migrations_have_the_same_checks(database: Database) -> None:
    """Which Alembic does not compare."""

    def checks(connection: Connection) -> dict[str, dict[object, str]]:
        look = inspect(connection)
        return {
            name: {check["name"]: check["sqltext"] for check in look.get_check_constraints(name)}
            for name in tables.metadata().tables
        }

    with database.writing() as connection:
        migrated = checks(connection)
        tables.metadata().drop_all(connection)
        tables.metadata().create_all(connection)
        assert checks(connection) == migrated
        assert migrated["runs"].keys() == {"runs_status", "runs_sums"}


def test_the_constant_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_an_embedded_database_migrates_itself_and_a_server_does_not(
    empty_database: Database,
) -> None:
    if empty_database.embedded:
        schema.ensure(empty_database)
        assert schema.status(empty_database).ok
        return
    with pytest.raises(DatabaseUnavailable) as unready:
        schema.ensure(empty_database)
    assert f"no schema; this version needs {schema.HEAD}" in unready.value.message
    assert "cyberbrain db upgrade" in unready.value.hint
    assert unready.value.exit_code is ExitCode.UNAVAILABLE


def test_what_the_first_release_kept_is_still_there(empty_database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    with empty_database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(
            text(
                "INSERT INTO image_allowlist (reference, digest, enabled, note, created_at) "
                "VALUES ('w:1', 'sha256:a', true, 'ours', '2026-01-01 00:00:00+00:00')"
            )
        )
    schema.upgrade(empty_database)
    (entry,) = Reports(empty_database).images()
    assert (entry.reference, entry.digest, entry.note) == ("w:1", "sha256:a", "ours")
    assert entry.enabled
    assert entry.allows == ()


def test_the_ledger_of_an_older_release_is_summed_up(empty_database: Database) -> None:
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    with empty_database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for statement in OLD_LEDGER:
            connection.execute(text(statement))
    schema.upgrade(empty_database)
    assert verify(empty_database) == []
    rows, _ = Reports(empty_database).costs(["day", "container", "directive"])
    assert [(*row.keys.values(), row.calls, row.tokens.total) for row in rows] == [
        ("2026-11-23", None, "nightly", 1, 0),
        ("2026-11-24", "db", "nightly", 2, 22),
    ]
    assert (rows[1].cost, rows[1].cached_tokens) == (Cost(Decimal("0.000007"), "USD", 1), 4)
    assert (rows[1].duration_seconds, rows[0].cost.unpriced_calls) == (2.5, 1)


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    schema.upgrade(database)
    assert schema.status(database).ok


def test_a_database_from_the_future_is_refused_and_left_alone(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for attempt in (schema.ensure, schema.upgrade):
        with pytest.raises(DatabaseUnavailable, match=f"newer than {schema.HEAD}"):
            attempt(database)
    assert schema.status(database).revision == "9999"


def test_an_embedded_file_is_its_owners_alone(tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path}/new/folder/c.db")
    schema.ensure(database)
    database.close()
    assert stat.S_IMODE((tmp_path / "new" / "folder").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "folder" / "c.db").stat().st_mode) == 0o600


_ENSURE = """
import sys
from cyberbrain_cli.store import schema
from cyberbrain_cli.store.database import connect
database = connect(sys.argv[1])
schema.ensure(database)
print(schema.status(database).revision)
"""


def test_processes_that_meet_an_empty_file_at_once_all_succeed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _ENSURE, f"sqlite:///{tmp_path}/c.db"]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [racer.communicate(timeout=60)[0].strip() for racer in racers] == [schema.HEAD] * 3


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "not a database URL"),
        ("mysql://x/y", "'mysql' is not supported"),
        ("sqlite://", "SQLite needs the path of a file"),
        ("postgresql://user:hunter2@127.0.0.1:9/none", "failed"),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_line_without_the_password(
    url: str, said: str
) -> None:
    with pytest.raises(CyberbrainError) as refused:
        schema.status(connect(url))
    assert said in refused.value.message
    assert "hunter2" not in refused.value.message
    assert "\n" not in refused.value.message
    assert isinstance(refused.value, UsageError | DatabaseUnavailable)


@pytest.mark.parametrize("kind", ["garbage", "folder", "unwritable"])
def test_a_file_that_is_no_database_is_said_in_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "c.db"
    if kind == "garbage":
        path.write_bytes(os.urandom(4096))
    elif kind == "folder":
        path.mkdir()
    else:
        path = Path("/proc/nowhere/c.db")
    with pytest.raises(DatabaseUnavailable) as refused:
        schema.ensure(connect(f"sqlite:///{path}"))
    assert str(path) in refused.value.message


def test_a_full_disk_is_said_and_leaves_the_records_as_they_were(tmp_path: Path) -> None:
    database = connect(f"sqlite:///{tmp_path}/c.db")
    schema.ensure(database)
    with database.session() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()

    def fill() -> None:
        with database.writing() as connection:
            connection.execute(text(f"PRAGMA max_page_count = {pages}"))
            for number in range(200):
                connection.execute(
                    text("INSERT INTO container_allowlist VALUES (:n, 1, :note, '2026-01-01')"),
                    {"n": str(number), "note": "x" * 500},
                )

    with pytest.raises(DatabaseUnavailable, match="full"):
        fill()
    with database.reading() as connection:
        count = connection.execute(text("SELECT count(*) FROM container_allowlist")).scalar_one()
    assert count == 0
