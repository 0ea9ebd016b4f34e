"""cyberbrain runs: what was launched, and what came of it."""

from __future__ import annotations

from typing import Annotated

import typer

from cyberbrain_cli.cli.options import Command, TableCommand, group
from cyberbrain_cli.cli.parsing import moment
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.render.columns import RUNS
from cyberbrain_cli.render.emit import emit_document, emit_rows, emit_value
from cyberbrain_cli.render.run_view import show_run

app = group("List runs, show one, or cancel one.", "list")
RunId = Annotated[int, typer.Argument(metavar="ID", help="The run's id.", min=1)]


@app.command("list", cls=TableCommand)
def list_runs(
    context: typer.Context,
    status: Annotated[Status | None, typer.Option(help="Only runs in this state.")] = None,
    directive: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only runs of this directive.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Only runs from then on: a time, or a duration back."),
    ] = None,
    limit: Annotated[int, typer.Option(metavar="N", help="The most runs to list.", min=1)] = 20,
    every: Annotated[bool, typer.Option("--all", help="List them all.")] = False,
) -> None:
    """List runs, the newest first."""
    state, start = State.of(context), moment(since)
    with state.services() as services:
        runs = services.reports.runs(
            status=status, directive=directive, since=start, limit=None if every else limit
        )
        emit_rows(state.screen, RUNS, runs)


@app.command("show", cls=Command)
def show(context: typer.Context, run_id: RunId) -> None:
    """Show a run with its findings."""
    state = State.of(context)
    with state.services() as services:
        emit_document(state.screen, services.run_document(run_id), show_run)


@app.command("cancel", cls=Command)
def cancel(context: typer.Context, run_id: RunId) -> None:
    """Ask a running run to stop and clean up."""
    state = State.of(context)
    with state.services() as services:
        asked = services.cancel_run(run_id)
        sentence = "was asked to stop" if asked else "had lost its process: it is interrupted now"
        answer = {"run_id": run_id, "outcome": "requested" if asked else "interrupted"}
        emit_value(state.screen, answer, f"Run {run_id} {sentence}.")
