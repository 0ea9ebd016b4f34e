"""What a run needs to be done again, and the mark of one that is being removed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Runs recorded before know no windows: they cannot be retried."""
    empty = sa.text("'{}'")
    op.add_column("runs", sa.Column("options", sa.JSON(), server_default=empty, nullable=False))
    op.add_column("runs", sa.Column("retry_of", sa.BigInteger(), nullable=True))
    op.add_column(
        "runs", sa.Column("pruning", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.add_column("run_jobs", sa.Column("windows", sa.JSON(), nullable=True))
