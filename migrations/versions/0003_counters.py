"""Counters for Prometheus, begun with what the records hold so far."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

KEYS = ("name", "a", "b", "c")
SO_FAR = (
    "SELECT 'runs_created', '', '', '', count(*) FROM runs",
    "SELECT 'runs_finished', directive, status, '', count(*) FROM runs "
    "WHERE finished_at IS NOT NULL GROUP BY directive, status",
    "SELECT 'jobs_created', task, '', '', count(*) FROM run_jobs GROUP BY task",
    "SELECT 'jobs_finished', task, status, '', count(*) FROM run_jobs "
    "WHERE finished_at IS NOT NULL GROUP BY task, status",
    "SELECT 'llm_calls', model, endpoint, outcome, count(*) FROM llm_calls "
    "GROUP BY model, endpoint, outcome",
    *(
        f"SELECT 'llm_tokens', model, '{kind}', '', sum({kind}_tokens) FROM llm_calls "  # noqa: S608
        f"WHERE {kind}_tokens > 0 GROUP BY model"
        for kind in ("prompt", "cached", "completion", "reasoning")
    ),
    "SELECT 'llm_cost', model, currency, '', sum(cost / 1000) FROM llm_calls "
    "WHERE cost IS NOT NULL AND currency IS NOT NULL GROUP BY model, currency",
    "SELECT 'refusals', '', '', '', count(*) FROM audit_events WHERE outcome = 'refused'",
)
"""Sums of money from 10**-12 to 10**-9. Histograms and gauges begin with the next run."""


def upgrade() -> None:
    """Create the table and fill it."""
    op.create_table(
        "counters",
        *(sa.Column(name, sa.Text(), nullable=False) for name in KEYS),
        sa.Column("value", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint(*KEYS),
    )
    for query in SO_FAR:
        op.execute(f"INSERT INTO counters (name, a, b, c, value) {query}")
