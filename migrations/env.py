"""Runs the migrations on the connection that the store hands over; it is the only way in."""

from __future__ import annotations

from alembic import context

from cyberbrain_cli.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata(),
    transactional_ddl=False,  # the store has begun the one transaction already
    render_as_batch=True,
)
context.run_migrations()
