"""cyberbrain config: the settings in force, and the schemas of all documents."""

from __future__ import annotations

from typing import Annotated

import typer

from cyberbrain_cli.cli.options import Command, TableCommand, group
from cyberbrain_cli.cli.schemas import Document, schema_of
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.render.columns import SETTINGS
from cyberbrain_cli.render.emit import emit_rows, emit_schema, emit_value

app = group("Show the settings and where each comes from.", "show")


@app.command("show", cls=TableCommand)
def show(context: typer.Context) -> None:
    """Print every setting and where it comes from; secrets are hidden."""
    state = State.of(context)
    with state.services() as services:
        emit_rows(state.screen, SETTINGS, services.settings_origins())


@app.command("path", cls=Command)
def path(context: typer.Context) -> None:
    """Print the path of the configuration file in use."""
    state = State.of(context)
    with state.services() as services:
        found = services.config_path
    if found is None:
        emit_value(state.screen, {"path": None}, "")
        state.screen.say("No configuration file is in use; the defaults and the environment are.")
    else:
        emit_value(state.screen, {"path": str(found)}, str(found))


@app.command("schema", cls=Command)
def schema(
    context: typer.Context,
    of: Annotated[Document, typer.Option("--of", help="Of which document.")] = Document.CONFIG,
) -> None:
    """Print the JSON Schema of a file or of an answer."""
    emit_schema(State.of(context).screen, schema_of(of))
