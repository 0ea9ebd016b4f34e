"""What went wrong after a run's records were safe, such as a notification that was not sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Runs recorded before have none."""
    empty = sa.text("'[]'")
    op.add_column("runs", sa.Column("warnings", sa.JSON(), server_default=empty, nullable=False))
