"""cyberbrain doctor: everything that a launch needs, checked."""

from __future__ import annotations

import typer

from cyberbrain_cli.cli.options import Command, single
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import ExitCode
from cyberbrain_cli.render.emit import emit_list
from cyberbrain_cli.render.launch_view import show_checks

app = single()


@app.command("doctor", cls=Command)
def doctor(context: typer.Context) -> None:
    """Check everything that a launch needs; exit with 4 if something is missing."""
    state = State.of(context)
    with state.services() as services:
        checks = list(services.doctor())
    emit_list(state.screen, "checks", checks, show_checks)
    if any(check.status == "failed" for check in checks):
        raise typer.Exit(ExitCode.UNAVAILABLE)
