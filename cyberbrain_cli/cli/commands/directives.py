"""cyberbrain directives: the directives there are, and whether they are valid."""

from __future__ import annotations

from typing import Annotated

import typer

from cyberbrain_cli.cli.options import Command, TableCommand, group
from cyberbrain_cli.cli.schemas import Document, schema_of
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.render.columns import DIRECTIVES
from cyberbrain_cli.render.emit import emit_done, emit_rows, emit_schema, emit_text
from cyberbrain_cli.render.human import plural

app = group("List, show and validate directives.", "list")
Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A directive's name, or the path of its file.")
]


@app.command("list", cls=TableCommand)
def list_directives(context: typer.Context) -> None:
    """List the directives in the directive folders."""
    state = State.of(context)
    with state.services() as services:
        emit_rows(state.screen, DIRECTIVES, services.directives.list())


@app.command("show", cls=Command)
def show(context: typer.Context, name: Name) -> None:
    """Print a directive's file."""
    state = State.of(context)
    with state.services() as services:
        emit_text(state.screen, services.directives.show(name), "directive")


@app.command("validate", cls=Command)
def validate(context: typer.Context, name: Name) -> None:
    """Check a directive; exit with 2 and every problem with its place if it is not valid."""
    state = State.of(context)
    with state.services() as services:
        directive = services.directives.load(name).directive
    answer = {
        "name": directive.name,
        "version": directive.version,
        "valid": True,
        "tasks": [task.key for task in directive.tasks],
    }
    sentence = f"{directive.name} v{directive.version} is valid: "
    emit_done(state.screen, answer, f"{sentence}{plural(len(directive.tasks), 'task')}.")


@app.command("schema", cls=Command)
def schema(context: typer.Context) -> None:
    """Print the JSON Schema of directive files, for editors."""
    emit_schema(State.of(context).screen, schema_of(Document.DIRECTIVE))
