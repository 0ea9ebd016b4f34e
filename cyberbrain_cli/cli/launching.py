"""Doing a launch, or the launch that a retry is, and telling of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cyberbrain_cli.cli.files import save_shared
from cyberbrain_cli.cli.signals import cancelled_by_signals
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import CyberbrainError, DatabaseUnavailable, ExitCode, UsageError
from cyberbrain_cli.core.launch import LaunchResult
from cyberbrain_cli.render.emit import emit_document, emit_done
from cyberbrain_cli.render.launch_view import show_plan, show_preview
from cyberbrain_cli.render.progress import watching
from cyberbrain_cli.render.run_markdown import run_markdown
from cyberbrain_cli.render.run_view import show_run
from cyberbrain_cli.render.screen import Output, Screen

if TYPE_CHECKING:
    from cyberbrain_cli.core.ports import Progress
    from cyberbrain_cli.engine.launch import Launcher
    from cyberbrain_cli.wiring import Services

MakeLauncher = Callable[["Services", "Progress"], "Launcher"]


def perform(
    state: State,
    launcher_of: MakeLauncher,
    metrics_textfile: Path | None = None,
    *,
    dry_run: bool = False,
    preview: bool = False,
) -> int:
    """Launch, or print what the launch would do or send; the exit code."""
    screen = state.screen
    if screen.output is Output.MARKDOWN and (dry_run or preview):
        raise UsageError(
            "`--dry-run` and `--preview` have no Markdown to print.", "Use --output json."
        )
    with state.services() as services:
        with watching(screen) as progress:
            launcher = launcher_of(services, progress)
            with cancelled_by_signals(launcher.cancel):
                plan = launcher.plan() if dry_run else None
                requests = launcher.preview() if preview else None
                result = None
                if not plan and not requests:
                    with _telling_prometheus(services, metrics_textfile, screen):
                        result = launcher.launch()
        if plan is not None:
            emit_document(screen, plan, show_plan)
        if requests is not None:
            emit_document(screen, requests, show_preview)
        if result is None:
            return ExitCode.OK
        return _report(screen, result)


@contextmanager
def _telling_prometheus(services: Services, path: Path | None, screen: Screen) -> Iterator[None]:
    """Write the figures at the end, however it comes; of a database that is gone there are none."""
    try:
        yield
    except DatabaseUnavailable:
        raise
    except BaseException:
        _write_metrics(services, path, screen)
        raise
    _write_metrics(services, path, screen)


def _write_metrics(services: Services, path: Path | None, screen: Screen) -> None:
    """Tell Prometheus. What is over is recorded: what goes wrong here is no failure of it."""
    if path is None:
        return
    from cyberbrain_cli.wiring import metrics  # 60 ms that few launches need

    try:
        save_shared(metrics.exposition(services).plain(), path)
    except CyberbrainError as error:
        screen.warn(f"warning: {error.message}")


def _report(screen: Screen, result: LaunchResult) -> int:
    if result.document is not None:
        emit_document(screen, result.document, show_run, markdown=run_markdown)
    else:
        skipped = {"run": None, "findings": [], "warnings": ["Another launch is running."]}
        emit_done(screen, skipped, "Skipped: another launch of this directive is running.")
    return result.exit_code
