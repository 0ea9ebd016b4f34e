"""cyberbrain artifacts: the files that runs wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cyberbrain_cli.cli.files import save
from cyberbrain_cli.cli.options import Command, TableCommand, group
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import ExitCode, UsageError
from cyberbrain_cli.render.columns import ARTIFACTS, CHECKS
from cyberbrain_cli.render.emit import emit_done, emit_record, emit_rows
from cyberbrain_cli.render.screen import Output

app = group("List, show, download and verify the files that runs wrote.", "list")
ArtifactId = Annotated[int, typer.Argument(metavar="ID", help="The artifact's id.", min=1)]
RunOption = Annotated[
    int | None, typer.Option("--run", metavar="ID", help="Only this run's artifacts.", min=1)
]
STDOUT = "-"


@app.command("list", cls=TableCommand)
def list_artifacts(
    context: typer.Context,
    run_id: RunOption = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="Only artifacts of this kind.")
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", help="The most artifacts to list.", min=1)
    ] = 50,
    every: Annotated[bool, typer.Option("--all", help="List them all.")] = False,
) -> None:
    """List artifacts, the newest first."""
    state = State.of(context)
    with state.services() as services:
        rows = services.reports.artifacts(run_id=run_id, kind=kind, limit=None if every else limit)
        emit_rows(state.screen, ARTIFACTS, rows)


@app.command("show", cls=Command)
def show(context: typer.Context, artifact_id: ArtifactId) -> None:
    """Show what is recorded of an artifact."""
    state = State.of(context)
    with state.services() as services:
        emit_record(state.screen, "artifact", services.reports.artifact(artifact_id))


@app.command("download", cls=Command)
def download(
    context: typer.Context,
    artifact_id: ArtifactId,
    to: Annotated[str, typer.Option("--to", metavar="PATH", help="Where to; - is stdout.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Copy an artifact to a file, or print it."""
    state = State.of(context)
    if to == STDOUT and state.screen.output is not Output.HUMAN:
        raise UsageError("--to - prints the artifact itself: leave --output out.")
    with state.services() as services:
        artifact = services.reports.artifact(artifact_id)
        content = services.artifacts.read(artifact.path)
    if to == STDOUT:
        state.screen.write_bytes(content)
        return
    target = save(content, Path(to), Path(artifact.path).name, replace=force)
    answer = {"artifact_id": artifact_id, "path": str(target), "size_bytes": len(content)}
    emit_done(state.screen, answer, f"Artifact {artifact_id} is in {target}.")


@app.command("verify", cls=TableCommand)
def verify(context: typer.Context, run_id: RunOption = None) -> None:
    """Find artifacts that are missing or were altered; exit with 1 if there are any."""
    state = State.of(context)
    with state.services() as services:
        checks = services.verify_artifacts(run_id)
    emit_rows(state.screen, CHECKS, checks)
    bad = sum(check.status != "ok" for check in checks)
    if bad:
        state.screen.say(f"{bad} of {len(checks)} artifacts are missing or altered.", "critical")
        raise typer.Exit(ExitCode.FAILED)
