"""cyberbrain runs: what was launched, and what came of it."""

from __future__ import annotations

from typing import Annotated

import typer

from cyberbrain_cli.cli import launch_options as options
from cyberbrain_cli.cli.launching import perform
from cyberbrain_cli.cli.options import Command, ReportCommand, TableCommand, group
from cyberbrain_cli.cli.parsing import moment, seconds
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import ExitCode, UsageError
from cyberbrain_cli.core.launch import IfRunning
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.prune import Retention
from cyberbrain_cli.render.columns import RUNS
from cyberbrain_cli.render.diff_view import diff_markdown, show_diff
from cyberbrain_cli.render.emit import emit_document, emit_done, emit_rows, emit_value
from cyberbrain_cli.render.prune_text import pruned_text
from cyberbrain_cli.render.run_markdown import run_markdown
from cyberbrain_cli.render.run_view import show_run

app = group("List and show runs, tell two apart, retry, cancel, and prune them.", "list")
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


@app.command("show", cls=ReportCommand)
def show(context: typer.Context, run_id: RunId) -> None:
    """Show a run with its findings."""
    state = State.of(context)
    with state.services() as services:
        document = services.run_document(run_id)
        emit_document(state.screen, document, show_run, markdown=run_markdown)


@app.command("diff", cls=ReportCommand)
def diff(
    context: typer.Context,
    before: Annotated[int | None, typer.Argument(help="The earlier run's id.", min=1)] = None,
    after: Annotated[int | None, typer.Argument(help="The later run's id.", min=1)] = None,
    last: Annotated[
        str | None,
        typer.Option(metavar="DIRECTIVE", help="Compare the last two ended runs of a directive."),
    ] = None,
) -> None:
    """Tell two runs apart: what is new, resolved, worse and better in the later one."""
    from cyberbrain_cli.wiring import history  # with all that a launch needs

    pair = before is not None and after is not None
    if pair == (last is not None) or (before is not None) != (after is not None):
        raise UsageError("Give either two runs or --last DIRECTIVE.", "cyberbrain runs list")
    state = State.of(context)
    with state.services() as services:
        if last is not None:
            document = history.diff_last(services, last)
        else:
            document = history.diff_runs(services, before or 0, after or 0)
        emit_document(state.screen, document, show_diff, markdown=diff_markdown)


@app.command("retry", cls=ReportCommand)
def retry(
    context: typer.Context,
    run_id: RunId,
    dry_run: options.DryRun = False,
    if_running: options.WhenRunning = IfRunning.FAIL,
    timeout: options.Timeout = None,
) -> None:
    """Do again the jobs of a run that did not succeed: same directive, same windows."""
    from cyberbrain_cli.wiring import history  # with all that a launch needs

    limit = seconds(timeout, "--timeout")
    raise typer.Exit(
        perform(
            State.of(context),
            lambda services, progress: history.retrier(
                services, run_id, if_running, limit, progress
            ),
            dry_run=dry_run,
        )
    )


@app.command("cancel", cls=Command)
def cancel(context: typer.Context, run_id: RunId) -> None:
    """Ask a running run to stop and clean up."""
    state = State.of(context)
    with state.services() as services:
        asked = services.cancel_run(run_id)
        sentence = "was asked to stop" if asked else "had lost its process: it is interrupted now"
        answer = {"run_id": run_id, "outcome": "requested" if asked else "interrupted"}
        emit_done(state.screen, answer, f"Run {run_id} {sentence}.")


@app.command("prune", cls=Command)
def prune(
    context: typer.Context,
    older_than: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Runs from before then: a duration back, or a time."),
    ] = None,
    keep_last: Annotated[
        int | None, typer.Option(metavar="N", help="Keep the newest of each directive.", min=0)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go.")] = False,
) -> None:
    """Remove old runs with their artifacts. Sums, metrics and the next launch miss nothing."""
    from cyberbrain_cli.wiring import history  # with all that a launch needs

    if older_than is None and keep_last is None:
        raise UsageError("Give --older-than, --keep-last, or both.")
    state, wanted = State.of(context), Retention(moment(older_than), keep_last)
    with state.services() as services:
        pruned = history.prune_runs(services, wanted, dry_run=dry_run)
    answer = {
        "dry_run": dry_run,
        "run_ids": pruned.run_ids.tolist(),
        "artifacts": pruned.artifacts,
        "size_bytes": pruned.size_bytes,
        "left": pruned.left,
    }
    emit = emit_value if dry_run or pruned.left else emit_done
    emit(state.screen, answer, pruned_text(pruned, dry_run=dry_run))
    if pruned.left:
        raise typer.Exit(ExitCode.FAILED)
