"""The schema's revision: what the database has, what this program needs, how to get there."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, inspect, text

from cyberbrain_cli.core.errors import DatabaseUnavailable
from cyberbrain_cli.core.shipped import folder
from cyberbrain_cli.store.database import Database

HEAD = "0008"
"""The newest revision in `migrations/`; a constant, so that Alembic is imported only to migrate."""

_MIGRATION_LOCK = 0x6379_6265


@dataclass(frozen=True, slots=True)
class DatabaseStatus:
    """A database's schema against what this program needs; `revision` None means empty."""

    database: str
    embedded: bool
    revision: str | None
    head: str
    ok: bool


def status(database: Database) -> DatabaseStatus:
    """The state of the schema. Raises DatabaseUnavailable when the database does not answer."""
    with database.reading() as connection:
        revision = _revision(connection)
    return DatabaseStatus(database.label, database.embedded, revision, HEAD, ok=revision == HEAD)


def ensure(database: Database) -> None:
    """Make sure of the schema: an embedded database is migrated, a server never by surprise.

    Raises DatabaseUnavailable with what to do.
    """
    state = status(database)
    if state.ok:
        return
    if database.embedded and (state.revision or "") < HEAD:
        upgrade(database)
        return
    raise DatabaseUnavailable(*_mismatch(state))


def upgrade(database: Database) -> None:
    """Bring the schema to HEAD in one transaction, whoever else tries the same at once."""
    from alembic import command
    from alembic.config import Config

    state = status(database)
    if (state.revision or "") > HEAD:
        raise DatabaseUnavailable(*_mismatch(state))
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    with database.writing() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _MIGRATION_LOCK})
        _refuse_foreign(database, connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _refuse_foreign(database: Database, connection: Connection) -> None:
    """Another program's tables are not ours to add to: a file has one owner."""
    if _revision(connection) is not None:
        return
    from cyberbrain_cli.store.tables import metadata

    there = set(inspect(connection).get_table_names())
    taken = there if database.embedded else there & metadata().tables.keys()
    if taken:
        raise DatabaseUnavailable(
            f"The database {database.label} belongs to another program: it has the table "
            f"'{min(taken)}' and no schema of ours.",
            "Set database.url to a database of its own.",
        )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _mismatch(state: DatabaseStatus) -> tuple[str, str]:
    if (state.revision or "") > HEAD:
        return (
            f"The database {state.database} has schema {state.revision}, newer than {HEAD}, "
            "which is all that this version knows.",
            "Install the newer version of cyberbrain.",
        )
    had = f"schema {state.revision}" if state.revision else "no schema"
    return (
        f"The database {state.database} has {had}; this version needs {HEAD}.",
        "Run `cyberbrain db upgrade`.",
    )
