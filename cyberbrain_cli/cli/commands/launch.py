"""cyberbrain launch: do a directive's tasks now."""

from __future__ import annotations

import typer

from cyberbrain_cli.cli import launch_options as options
from cyberbrain_cli.cli.launching import perform
from cyberbrain_cli.cli.options import ReportCommand, single
from cyberbrain_cli.cli.parsing import pairs, seconds
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.launch import IfRunning, LaunchRequest

app = single()


@app.command(cls=ReportCommand)
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
        perform(
            State.of(context),
            lambda services, progress: services.launcher(request, progress),
            metrics_textfile,
            dry_run=dry_run,
            preview=preview,
        )
    )
