"""Adding rows to the ledger, and what they used to the sums that are kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, insert

from cyberbrain_cli.core.records import LlmCall, Price
from cyberbrain_cli.store import counters
from cyberbrain_cli.store.rollups import roll_up
from cyberbrain_cli.store.sql import CALLS, JOBS, RUNS
from cyberbrain_cli.store.usage import add_usage, summed

_CALL = tuple(field.name for field in fields(LlmCall) if field.name != "price")
_PRICE = tuple(field.name for field in fields(Price))


def record(connection: Connection, calls: Sequence[LlmCall]) -> None:
    """Add the rows, and add them to the sums of their jobs, runs and days, and to the counters.

    What many processes change alike comes last, so that they wait for each other least.
    """
    if not calls:
        return
    connection.execute(insert(CALLS), [bare_row(call) for call in calls])
    for job_id, used in summed(calls, "job_id"):
        add_usage(connection, JOBS.c.task, job_id, used)
    directives: dict[int, str] = {}
    for run_id, used in summed(calls, "run_id"):
        directives[run_id] = add_usage(connection, RUNS.c.directive, run_id, used)
    counters.calls_made(connection, calls)
    roll_up(connection, calls, directives)


def bare_row(call: LlmCall) -> dict[str, Any]:
    """A call as its table has it."""
    row = {name: getattr(call, name) for name in _CALL}
    return row | {name: getattr(call.price, name, None) for name in _PRICE}
