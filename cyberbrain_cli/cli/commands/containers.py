"""cyberbrain containers: what the daemon has, and what the allowlist says of it."""

from __future__ import annotations

import typer

from cyberbrain_cli.cli.options import TableCommand, single
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.allowlist import Decision, decide_container
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.render.columns import CONTAINERS, ContainerRow
from cyberbrain_cli.render.emit import emit_rows

app = single()


@app.command("containers", cls=TableCommand)
def containers(context: typer.Context) -> None:
    """List the daemon's containers and whether they may be read."""
    state = State.of(context)
    with state.services() as services:
        entries = services.reports.allowlist()
        found = services.host.containers()
        services.journal.note_containers(found)
    rows = [_row(item, decide_container(item.name, entries)) for item in found]
    emit_rows(state.screen, CONTAINERS, rows)


def _row(item: ContainerInfo, decision: Decision) -> ContainerRow:
    return ContainerRow(
        name=item.name,
        id=item.id,
        image=item.image,
        state=item.state,
        health=item.health,
        compose_project=item.compose_project,
        compose_service=item.compose_service,
        allowed=decision.allowed,
        reason=decision.reason,
    )
