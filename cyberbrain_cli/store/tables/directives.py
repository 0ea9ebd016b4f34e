"""The directives that runs used."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint

from cyberbrain_cli.store.tables.columns import (
    Base,
    moment,
    row_id,
    words,
)


class DirectiveRow(Base, table=True):
    """A directive's text as some run used it."""

    __tablename__ = "directives"
    __table_args__ = (UniqueConstraint("sha256"),)

    id: int | None = row_id()
    name: str = words()
    version: int
    sha256: str = words()
    text: str = words()
    created_at: datetime = moment()
