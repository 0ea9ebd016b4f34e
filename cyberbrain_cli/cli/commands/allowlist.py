"""cyberbrain allowlist: which containers may be read, and which images may be run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from cyberbrain_cli.cli import entries
from cyberbrain_cli.cli.entries import Entries
from cyberbrain_cli.cli.options import Command, TableCommand, group
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.allowlist import Permission
from cyberbrain_cli.core.errors import NotFound
from cyberbrain_cli.render.columns import ALLOWLIST, IMAGES
from cyberbrain_cli.render.emit import emit_done, emit_record, emit_rows

app = group("Say which containers may be read and which images may be run.", "list")
Names = Annotated[
    list[str], typer.Argument(metavar="NAME", help="Exact names; with --image, references.")
]
Image = Annotated[bool, typer.Option("--image", help="Images, not containers.")]


@app.command("list", cls=TableCommand)
def list_entries(context: typer.Context, image: Image = False) -> None:
    """List the containers that may be read."""
    state = State.of(context)
    with state.services() as services:
        if image:
            emit_rows(state.screen, IMAGES, services.reports.images())
        else:
            emit_rows(state.screen, ALLOWLIST, services.reports.allowlist())


@app.command("add", cls=Command)
def add(
    context: typer.Context,
    names: Names,
    image: Image = False,
    note: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Why, for whoever reads the list.")
    ] = None,
    allow: Annotated[
        list[Permission] | None,
        typer.Option(metavar="WHAT", help=f"With --image: allow also {', '.join(Permission)}."),
    ] = None,
) -> None:
    """Allow containers to be read, or pin images to what their references mean now."""
    permissions = allow or []
    _change(
        context, names, image, "allowed", lambda items, name: items.add(name, note, permissions)
    )


@app.command("remove", cls=Command)
def remove(context: typer.Context, names: Names, image: Image = False) -> None:
    """Take entries off the list."""
    _change(context, names, image, "removed", lambda items, name: items.remove(name))


@app.command("enable", cls=Command)
def enable(context: typer.Context, names: Names, image: Image = False) -> None:
    """Let disabled entries count again."""
    _change(context, names, image, "enabled", lambda items, name: items.switch(name, enabled=True))


@app.command("disable", cls=Command)
def disable(context: typer.Context, names: Names, image: Image = False) -> None:
    """Keep entries on the list without letting them count."""
    _change(
        context, names, image, "disabled", lambda items, name: items.switch(name, enabled=False)
    )


@app.command("explain", cls=Command)
def explain(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A container's name; with --image, a reference.")
    ],
    image: Image = False,
) -> None:
    """Say whether a container may be read, or an image run, and why."""
    state = State.of(context)
    with state.services() as services:
        emit_record(state.screen, "decision", entries.of(services, image=image).explain(name))


def _change(
    context: typer.Context,
    names: list[str],
    image: bool,
    done: str,
    act: Callable[[Entries, str], bool],
) -> None:
    """Do the same to every name, all of them or none where one is not known."""
    state = State.of(context)
    with state.services() as services:
        items = entries.of(services, image=image)
        wanted = list(dict.fromkeys(names))
        missing = [name for name in wanted if done != "allowed" and not items.has(name)]
        if missing:
            raise NotFound(
                f"Not on the allowlist: {', '.join(missing)}.",
                f"cyberbrain allowlist list{' --image' if image else ''}",
            )
        if done == "allowed":
            items.check(wanted)
        changed = [name for name in wanted if act(items, name)]
    same = [name for name in wanted if name not in changed]
    sentence = f"{done}: {', '.join(changed)}" if changed else f"Already {done}: {', '.join(same)}"
    answer = {"action": done, "changed": changed, "unchanged": same}
    emit_done(state.screen, answer, f"{sentence[0].upper()}{sentence[1:]}.")
