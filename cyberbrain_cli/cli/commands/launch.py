"""cyberbrain launch: do a directive's tasks now."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cyberbrain_cli.cli.options import Command, single
from cyberbrain_cli.cli.parsing import pairs, seconds
from cyberbrain_cli.cli.signals import cancelled_by_signals
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.launch import IfRunning, LaunchRequest, LaunchResult
from cyberbrain_cli.render.emit import emit_document, emit_value
from cyberbrain_cli.render.launch_view import show_plan, show_preview
from cyberbrain_cli.render.progress import watching
from cyberbrain_cli.render.run_view import show_run
from cyberbrain_cli.render.screen import Screen

app = single()


@app.command(cls=Command)
def launch(
    context: typer.Context,
    directive: Annotated[
        str | None,
        typer.Argument(metavar="DIRECTIVE", help="A directive's name, or the path of its file."),
    ] = None,
    task: Annotated[
        list[str] | None,
        typer.Option(metavar="TASK", help="Do this task, without a directive. Repeatable."),
    ] = None,
    container: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this container. Repeatable.")
    ] = None,
    since: Annotated[
        str,
        typer.Option(metavar="WHEN", help="Read from: last-success, a duration back, or a time."),
    ] = "last-success",
    until: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Read until: a duration back, or a time. Default: now."),
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="A task's option. Repeatable.")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option(metavar="K=V", help="A label of the run. Repeatable.")
    ] = None,
    run_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Your own key: a second launch with it starts nothing."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan; start nothing.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Print what the model would be sent; send nothing.")
    ] = False,
    no_llm: Annotated[bool, typer.Option("--no-llm", help="Judge by rules alone.")] = False,
    fail_on: Annotated[
        Severity | None, typer.Option(help="Exit with 3 for findings at least this severe.")
    ] = None,
    if_running: Annotated[
        IfRunning, typer.Option(help="When another launch of this directive is running.")
    ] = IfRunning.FAIL,
    timeout: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="The longest that the launch may take: 90s, 15m."),
    ] = None,
) -> None:
    """Do a directive's tasks now and report what was found."""
    if (directive is None) != bool(task):
        raise UsageError(
            "Give either a directive or --task.", "`cyberbrain directives` lists the directives."
        )
    if dry_run and preview:
        raise UsageError("Give either --dry-run or --preview.")
    request = LaunchRequest(
        directive=directive,
        tasks=tuple(task or ()),
        containers=tuple(container or ()),
        since=since,
        until=until,
        params=pairs(param, "--param"),
        labels=pairs(label, "--label"),
        run_key=run_key,
        no_llm=no_llm,
        fail_on=fail_on,
        if_running=if_running,
        timeout_seconds=seconds(timeout, "--timeout"),
    )
    raise typer.Exit(_perform(State.of(context), request, dry_run=dry_run, preview=preview))


def _perform(state: State, request: LaunchRequest, *, dry_run: bool, preview: bool) -> int:
    screen = state.screen
    with state.services() as services:
        with watching(screen) as progress:
            launcher = services.launcher(request, progress)
            with cancelled_by_signals(launcher.cancel):
                answer: Any = (
                    launcher.plan()
                    if dry_run
                    else launcher.preview()
                    if preview
                    else launcher.launch()
                )
        if dry_run:
            emit_document(screen, answer, show_plan)
        elif preview:
            emit_document(screen, answer, show_preview)
        else:
            return _report(screen, answer)
    return 0


def _report(screen: Screen, result: LaunchResult) -> int:
    if result.document is not None:
        emit_document(screen, result.document, show_run)
    else:
        skipped = {"run": None, "findings": [], "warnings": ["Another launch is running."]}
        emit_value(screen, skipped, "Skipped: another launch of this directive is running.")
    return result.exit_code
