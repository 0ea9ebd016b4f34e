"""The ledger's sums by day, made of the rows that are there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

COARSE = ("model", "endpoint", "outcome", "currency")
FINE = ("model", "endpoint", "directive", "task", "container", "currency")
BOTH = ("model", "endpoint", "directive", "task", "container", "outcome", "currency")
PRICED = "c.cost IS NOT NULL AND c.currency IS NOT NULL"
LABELS = {
    "directive": "r.directive",
    "container": "coalesce(c.container, '')",
    "currency": f"CASE WHEN {PRICED} THEN c.currency ELSE '' END",
}
DAY = {
    "postgresql": "CAST(timezone('UTC', c.started_at) AS date)",
    "sqlite": "substr(c.started_at, 1, 10)",
}
WHOLE = {"postgresql": "trunc(c.duration_seconds * 1e6)", "sqlite": "c.duration_seconds * 1e6"}
MEASURES = {
    "calls": "count(*)",
    "failed_calls": "sum(CASE WHEN c.outcome IN ('ok', 'cut') THEN 0 ELSE 1 END)",
    "unknown_calls": "sum(CASE WHEN c.prompt_tokens IS NULL OR c.completion_tokens IS NULL "
    "THEN 1 ELSE 0 END)",
    "estimated_calls": "sum(CASE WHEN c.estimated THEN 1 ELSE 0 END)",
    "unpriced_calls": f"sum(CASE WHEN {PRICED} THEN 0 ELSE 1 END)",
    "prompt_tokens": "coalesce(sum(c.prompt_tokens), 0)",
    "cached_tokens": "sum(c.cached_tokens)",
    "completion_tokens": "coalesce(sum(c.completion_tokens), 0)",
    "reasoning_tokens": "sum(c.reasoning_tokens)",
    "cost_high": "coalesce(sum(c.cost / 1000000), 0)",
    "cost_low": "coalesce(sum(c.cost % 1000000), 0)",
    "duration_microseconds": "sum(CAST({whole} AS bigint))",
}
MAY_BE_NULL = ("cached_tokens", "reasoning_tokens")


def upgrade() -> None:
    """Create the tables, and fill those that have rows to be made of."""
    _table("llm_days", COARSE)
    _table("llm_work_days", FINE)
    _table("llm_retired", BOTH)
    op.create_index(
        "llm_work_days_by_directive", "llm_work_days", ["directive", "day"], unique=False
    )
    _fill("llm_days", COARSE)
    _fill("llm_work_days", FINE)


def _table(name: str, keys: tuple[str, ...]) -> None:
    op.create_table(
        name,
        *(_measure(measure) for measure in MEASURES),
        sa.Column("day", sa.Date(), nullable=False),
        *(sa.Column(key, sa.Text(), nullable=False) for key in keys),
        sa.PrimaryKeyConstraint("day", *keys),
    )


def _measure(name: str) -> sa.Column[int]:
    if name in MAY_BE_NULL:
        return sa.Column(name, sa.BigInteger(), nullable=True)
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _fill(table: str, keys: tuple[str, ...]) -> None:
    dialect = op.get_bind().dialect.name
    labels = [DAY[dialect], *(LABELS.get(key, f"c.{key}") for key in keys)]
    measures = ", ".join(MEASURES.values()).replace("{whole}", WHOLE[dialect])
    runs = "JOIN runs r ON r.id = c.run_id" if "directive" in keys else ""
    # exec_driver_sql would take % for a placeholder on one driver alone
    op.execute(
        sa.text(
            f"INSERT INTO {table} (day, {', '.join(keys)}, {', '.join(MEASURES)}) "  # noqa: S608
            f"SELECT {', '.join(labels)}, {measures} FROM llm_calls c {runs} "
            f"GROUP BY {', '.join(labels)}"
        )
    )
