"""Writes docs/cli.md from the command tree: `python -m tests.docs.generate`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from cyberbrain_cli.cli.app import COMMANDS, PROGRAM
from cyberbrain_cli.cli.options import shared_options
from cyberbrain_cli.cli.tree import root

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "cli.md"
_INTRODUCTION = """\
# The command line

This page is made from the program by `python -m tests.docs.generate`; do not edit it.

A time is `2026-11-23T03:00:00Z`, a date, or a duration back from now such as `90s`, `24h` or `7d`.
Exit codes are in the [README](../README.md).

## Everywhere

These options may stand before or after any command; the last one wins.
"""


def text() -> str:
    """The whole page."""
    return "\n".join(_page()) + "\n"


def _page() -> Iterator[str]:
    program = root(PROGRAM, COMMANDS)
    context = typer.Context(program, info_name=PROGRAM)
    yield _INTRODUCTION
    yield from _table(shared_options(), context, "Option")
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        yield from _command(command, typer.Context(command, info_name=name, parent=context), 2)


def _command(command: Any, context: typer.Context, level: int) -> Iterator[str]:
    yield ""
    yield f"{'#' * level} {context.command_path}"
    yield ""
    yield command.help or ""
    yield ""
    below = getattr(command, "commands", {})
    if not below:
        yield "```"
        yield context.get_usage().removeprefix("Usage: ")
        yield "```"
        own = [option for option in command.params if option not in shared_options()]
        arguments = [item for item in own if item.param_type_name == "argument"]
        options = [item for item in own if item.param_type_name == "option"]
        yield from _table(arguments, context, "Argument")
        yield from _table(options, context, "Option")
    for name, item in below.items():
        yield from _command(item, typer.Context(item, info_name=name, parent=context), level + 1)


def _table(items: Any, context: typer.Context, title: str) -> Iterator[str]:
    if not items:
        return
    yield ""
    yield f"| {title} | |"
    yield "|---|---|"
    for item in items:
        names, meaning = item.get_help_record(context)
        yield f"| `{names.replace('|', chr(92) + '|')}` | {meaning.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
