"""cyberbrain launch: do a directive's tasks now."""

from __future__ import annotations

from pathlib import Path

import typer

from cyberbrain_cli.cli import launch_options as options
from cyberbrain_cli.cli.files import save_shared
from cyberbrain_cli.cli.options import Command, single
from cyberbrain_cli.cli.parsing import pairs, seconds
from cyberbrain_cli.cli.signals import cancelled_by_signals
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import CyberbrainError, ExitCode, UsageError
from cyberbrain_cli.core.launch import IfRunning, LaunchRequest, LaunchResult
from cyberbrain_cli.render.emit import emit_document, emit_value
from cyberbrain_cli.render.launch_view import show_plan, show_preview
from cyberbrain_cli.render.progress import watching
from cyberbrain_cli.render.run_view import show_run
from cyberbrain_cli.render.screen import Screen
from cyberbrain_cli.wiring import Services

app = single()


@app.command(cls=Command)
def launch(
    context: typer.Context,
    directive: options.Directive = None,
    tasks: options.Tasks = None,
    containers: options.Containers = None,
    since: options.Since = "last-success",
    until: options.Until = None,
    params: options.Params = None,
    labels: options.Labels = None,
    run_key: options.RunKey = None,
    dry_run: options.DryRun = False,
    preview: options.Preview = False,
    no_llm: options.NoLlm = False,
    fail_on: options.FailOn = None,
    if_running: options.WhenRunning = IfRunning.FAIL,
    timeout: options.Timeout = None,
    metrics_textfile: options.MetricsTextfile = None,
) -> None:
    """Do a directive's tasks now and report what was found."""
    if (directive is None) != bool(tasks):
        raise UsageError(
            "Give either a directive or --task.", "`cyberbrain directives` lists the directives."
        )
    if dry_run and preview:
        raise UsageError("Give either --dry-run or --preview.")
    request = LaunchRequest(
        directive=directive,
        tasks=tuple(tasks or ()),
        containers=tuple(containers or ()),
        since=since,
        until=until,
        params=pairs(params, "--param"),
        labels=pairs(labels, "--label"),
        run_key=run_key,
        no_llm=no_llm,
        fail_on=fail_on,
        if_running=if_running,
        timeout_seconds=seconds(timeout, "--timeout"),
    )
    raise typer.Exit(
        _perform(State.of(context), request, metrics_textfile, dry_run=dry_run, preview=preview)
    )


def _perform(
    state: State,
    request: LaunchRequest,
    metrics_textfile: Path | None,
    *,
    dry_run: bool,
    preview: bool,
) -> int:
    screen = state.screen
    with state.services() as services:
        with watching(screen) as progress:
            launcher = services.launcher(request, progress)
            with cancelled_by_signals(launcher.cancel):
                plan = launcher.plan() if dry_run else None
                requests = launcher.preview() if preview else None
                result = None if plan or requests else launcher.launch()
        if plan is not None:
            emit_document(screen, plan, show_plan)
        if requests is not None:
            emit_document(screen, requests, show_preview)
        if result is None:
            return ExitCode.OK
        if metrics_textfile is not None:
            _write_metrics(services, metrics_textfile, screen)
        return _report(screen, result)


def _write_metrics(services: Services, path: Path, screen: Screen) -> None:
    """Tell Prometheus. The run is over and recorded: what goes wrong here is no failure of it."""
    from cyberbrain_cli.wiring import metrics  # 60 ms that few launches need

    try:
        save_shared(metrics.exposition(services).plain(), path)
    except CyberbrainError as error:
        screen.warn(f"warning: {error.message}")


def _report(screen: Screen, result: LaunchResult) -> int:
    if result.document is not None:
        emit_document(screen, result.document, show_run)
    else:
        skipped = {"run": None, "findings": [], "warnings": ["Another launch is running."]}
        emit_value(screen, skipped, "Skipped: another launch of this directive is running.")
    return result.exit_code
