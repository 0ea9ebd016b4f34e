"""The tables, in a module for each subject: a command pays only for those it speaks to."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import MetaData, Table
from sqlmodel import SQLModel

_HOMES = {
    "directives": "directives",
    "runs": "runs",
    "run_jobs": "jobs",
    "artifacts": "jobs",
    "llm_calls": "ledger",
    "counters": "counters",
    "llm_days": "rollups",
    "llm_work_days": "rollups",
    "llm_retired": "rollups",
    "llm_reservations": "reservations",
    "container_allowlist": "policy",
    "image_allowlist": "policy",
    "audit_events": "policy",
    "container_inventory": "reading",
    "log_cursors": "reading",
    "patterns_seen": "reading",
}


def load(name: str) -> Table:
    """The table of this name, for statements that need no objects."""
    import_module(f"{__name__}.{_HOMES[name]}")
    return SQLModel.metadata.tables[name]


def metadata() -> MetaData:
    """All tables."""
    for name in _HOMES:
        load(name)
    return SQLModel.metadata
