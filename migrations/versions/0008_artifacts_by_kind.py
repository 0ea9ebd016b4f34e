"""Artifacts of a kind are found without reading all of them."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """An index more."""
    op.create_index("artifacts_by_kind", "artifacts", ["kind", "id"], unique=False)
