"""A year of a busy ledger, made by the database itself: runs, jobs, artifacts, calls and sums."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from cyberbrain_cli.store import sql
from cyberbrain_cli.store.database import Database
from cyberbrain_cli.store.rollups import MEASURES, keys_of, sums_of_rows

FIRST = int(datetime(2025, 11, 23, tzinfo=UTC).timestamp())
YEAR_SECONDS = 365 * 86400
AT_ONCE = 250_000
"""Rows in a transaction: SQLite slows down when its log outgrows its memory."""

_NUMBERS = """WITH RECURSIVE numbers(n) AS (
    SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n < :last
) """
_DIRECTIVE = "'directive-' || (n % 5)"
_RUNS = """INSERT INTO runs (id, directive, directive_version, directive_id, host, pid, boot_id,
    lock_name, status, created_at, started_at, heartbeat_at, finished_at)
{numbers} SELECT n, {directive}, 1, 1 + n % 5, 'box', 42, 'boot', 'x',
    CASE n % 40 WHEN 7 THEN 'failed' ELSE 'succeeded' END,
    {time}, {time}, {time}, {time} FROM numbers"""
_JOBS = """INSERT INTO run_jobs (id, run_id, key, task, position, status, started_at, finished_at)
{numbers} SELECT n, n, 'log_triage', 'log_triage', 0, 'succeeded', {time}, {time} FROM numbers"""
_ARTIFACTS = """INSERT INTO artifacts (id, run_id, job_id, kind, media_type, path, size_bytes,
    sha256, created_at)
{numbers} SELECT n, n, n, CASE n % 2 WHEN 0 THEN 'report' ELSE 'analysis' END, 'text/markdown', 'run_' || n || '/log_triage/report.md', 4096,
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855', {time} FROM numbers"""
_CALLS = """INSERT INTO llm_calls (run_id, job_id, task, container, purpose, endpoint, model,
    attempt, started_at, duration_seconds, outcome, prompt_tokens, cached_tokens,
    completion_tokens, currency, prompt_per_million, cost)
{numbers} SELECT 1 + (n - 1) / :each, 1 + (n - 1) / :each, 'log_triage', 'container-' || (n % 20),
    'triage', '10.0.0.' || (n % 5) || '\\:8000', 'model-' || (n % 5), 1, {time}, 1.5 + n % 7,
    CASE n % 50 WHEN 7 THEN 'timeout' WHEN 9 THEN 'cut' WHEN 11 THEN 'http_error' ELSE 'ok' END,
    CASE WHEN n % 50 IN (7, 11) THEN NULL ELSE 500 + n % 4001 END,
    CASE WHEN n % 50 IN (7, 11) THEN NULL ELSE n % 400 END,
    CASE WHEN n % 50 IN (7, 11) THEN NULL ELSE 50 + n % 601 END,
    CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN 'EUR' ELSE 'USD' END,
    CASE n % 5 WHEN 0 THEN NULL ELSE 150000000000 END,
    CASE WHEN n % 5 = 0 OR n % 50 IN (7, 11) THEN NULL ELSE (500 + n % 4001) * 150000 END
FROM numbers"""


def fill(database: Database, runs: int, calls: int) -> None:
    """Put so many runs with so many calls into an empty database, and the sums they make."""
    with database.writing() as connection:
        for number in range(1, 6):
            connection.execute(
                text(
                    "INSERT INTO directives (id, name, version, sha256, text, created_at) "
                    f"VALUES ({number}, 'directive-{number - 1}', 1, '{number}', 'x', {_now(connection)})"
                )
            )
    for statement, count in ((_RUNS, runs), (_JOBS, runs), (_ARTIFACTS, runs), (_CALLS, calls)):
        for first in range(1, count + 1, AT_ONCE):
            values = {"first": first, "last": min(count, first + AT_ONCE - 1)}
            if ":each" in statement:
                values["each"] = max(1, calls // runs)
            with database.writing() as connection:
                _trust(connection)
                time = _time(connection, YEAR_SECONDS / count)
                parts = {"numbers": _NUMBERS, "directive": _DIRECTIVE, "time": time}
                connection.execute(text(statement.format(**parts)), values)
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            for name in ("directives", "runs", "run_jobs", "artifacts"):
                sequence = f"pg_get_serial_sequence('{name}', 'id')"
                connection.execute(text(f"SELECT setval({sequence}, (SELECT max(id) FROM {name}))"))
        for table in (sql.DAYS, sql.WORK_DAYS):
            keys = keys_of(table)
            insert = sql.dialect_insert(connection, table)
            rows = sums_of_rows(connection, keys)
            connection.execute(insert.from_select((*keys, *MEASURES), rows))
    with database.session() as connection:
        connection.execute(text("ANALYZE"))


def _trust(connection: Connection) -> None:
    """The owners are there: looking each up takes most of the time on PostgreSQL."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL session_replication_role = replica"))


def _time(connection: Connection, step_seconds: float) -> str:
    """SQL for the moment of row `n`, as the columns keep it."""
    at = f"{FIRST} + CAST(n * {step_seconds:.9f} AS INTEGER)"
    if connection.dialect.name == "postgresql":
        return f"to_timestamp({at})"
    return f"strftime('%Y-%m-%d %H:%M:%S.000000', {at}, 'unixepoch')"


def _now(connection: Connection) -> str:
    return "now()" if connection.dialect.name == "postgresql" else "'2026-11-23 00:00:00.000000'"
