"""An image's approval says what its containers may have beyond the hardened default."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Images approved before may have nothing more."""
    op.add_column(
        "image_allowlist", sa.Column("allows", sa.Text(), server_default="", nullable=False)
    )
