"""cyberbrain db: the database's schema and whether the records agree with themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cyberbrain_cli.cli.options import Command, group
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import ExitCode
from cyberbrain_cli.render.emit import emit_done, emit_record, emit_value
from cyberbrain_cli.render.screen import Screen

if TYPE_CHECKING:
    from cyberbrain_cli.store.schema import DatabaseStatus

app = group("Upgrade or check the database.", "status")


@app.command("upgrade", cls=Command)
def upgrade(context: typer.Context) -> None:
    """Bring the database's schema up to date."""
    state = State.of(context)
    with state.services() as services:
        _status(state.screen, services.upgrade_database())


@app.command("status", cls=Command)
def status(context: typer.Context) -> None:
    """Show the database and its schema; exit with 4 if it needs an upgrade."""
    state = State.of(context)
    with state.services() as services:
        _status(state.screen, services.database_status())


@app.command("verify", cls=Command)
def verify(context: typer.Context) -> None:
    """Check that the records agree with themselves; exit with 1 if they do not."""
    state = State.of(context)
    with state.services() as services:
        problems = list(services.verify_database())
    answer = {"ok": not problems, "problems": problems}
    if not problems:
        emit_done(state.screen, answer, "The records agree with themselves.")
    else:
        emit_value(state.screen, answer, "\n".join(problems))
        raise typer.Exit(ExitCode.FAILED)


def _status(screen: Screen, found: DatabaseStatus) -> None:
    emit_record(screen, "database", found)
    if not found.ok:
        screen.say("The schema is not the one this program needs: cyberbrain db upgrade")
        raise typer.Exit(ExitCode.UNAVAILABLE)
