"""The options that every command has, and the classes that give them to it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.render.screen import Output

HELP_OPTIONS = ("-h", "--help")
_WITH_VALUE = ("--config", "--output", "-o")
_ATTACHED = ("--config=", "--output=", "-o")
_ALONE = ("--quiet", "--verbose", "--no-color")


def _shared(
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="The configuration file.")
    ] = None,
    output: Annotated[
        Output | None,
        typer.Option("--output", "-o", help="What to print: text, JSON, CSV, or Markdown."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress and no remarks.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Say more.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="No colour.")] = False,
) -> None:
    """Carry the definitions of the shared options; never called."""


@cache
def shared_options() -> tuple[Any, ...]:
    """The parameters that each command and each group takes besides its own."""
    template = typer.Typer(add_completion=False)
    template.command()(_shared)
    options = typer.main.get_command(template).params
    for option in options:
        option.expose_value = False
        option.callback = _record
    return tuple(options)


def _record(context: Any, option: Any, value: Any) -> Any:
    if not context.resilient_parsing:
        State.of(context).record(option.name, value)
    return value


def _answering(option: Any) -> Any:
    if option is not None:
        option.callback = _show_help
    return option


def _show_help(context: Any, option: Any, value: Any) -> None:
    del option
    if value and not context.resilient_parsing:
        State.of(context).screen.write(f"{context.get_help()}\n")
        raise typer.Exit


class Command(TyperCommand):
    """A command that takes the shared options, and refuses a form that its answer does not have."""

    forms: tuple[Output, ...] = (Output.HUMAN, Output.JSON)

    def __init__(self, name: str | None, **attributes: Any) -> None:
        super().__init__(name, **attributes)
        self.params = [*self.params, *shared_options()]

    def get_help_option(self, ctx: Any) -> Any:
        """The option --help, which answers like any command does."""
        return _answering(super().get_help_option(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run the command, unless it was asked for a form that its answer does not have."""
        wanted = State.of(ctx).screen.output
        if wanted not in self.forms:
            what = "table to print as CSV" if wanted is Output.CSV else "Markdown to print"
            others = " or ".join(f"--output {form}" for form in self.forms[::-1])
            raise UsageError(f"`{ctx.command_path}` has no {what}.", f"Use {others}.")
        return super().invoke(ctx)


class TableCommand(Command):
    """A command that answers with a table."""

    forms = (*Command.forms, Output.CSV, Output.MARKDOWN)


class ReportCommand(Command):
    """A command whose answer can also be had as Markdown."""

    forms = (*Command.forms, Output.MARKDOWN)


class Group(TyperGroup):
    """A group that takes the shared options, and without a command does its default one."""

    default: str | None = None

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.params = [*self.params, *shared_options()]

    def get_help_option(self, ctx: Any) -> Any:
        """The option --help, which answers like any command does."""
        return _answering(super().get_help_option(ctx))

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the default command where no command is named."""
        place = _after_shared(args)
        unnamed = place == len(args) or args[place].startswith("-")
        if self.default and unnamed and not set(HELP_OPTIONS) & set(args[place : place + 1]):
            args = [*args[:place], self.default, *args[place:]]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command, or say which one may have been meant."""
        command = self.get_command(ctx, args[0])
        if command is None and not ctx.resilient_parsing:
            raise unknown_command(args[0], self.list_commands(ctx), ctx.command_path)
        return (args[0] if command else None), command, args[1:]


def _after_shared(args: list[str]) -> int:
    """The place of the first argument that is neither a shared option nor its value."""
    place = 0
    while place < len(args):
        word = args[place]
        if word in _WITH_VALUE:
            place += 2
        elif word in _ALONE or word.startswith(_ATTACHED):
            place += 1
        else:
            break
    return min(place, len(args))


def unknown_command(name: str, known: list[str], path: str) -> UsageError:
    """What to say of a command that does not exist."""
    import difflib

    close = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean `{path} {close[0]}`?" if close else f"See `{path} --help`."
    return UsageError(f"There is no command '{name}'.", hint)


def single() -> typer.Typer:
    """A module's app with one command, which is the module's own name on the command line."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def group(summary: str, default: str) -> typer.Typer:
    """A module's app with several commands, and the one that is meant when none is named."""
    kind = type("GroupWithDefault", (Group,), {"default": default})
    text = f"{summary}\n\nWithout a command: {default}."
    return typer.Typer(
        cls=kind,
        help=text,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
