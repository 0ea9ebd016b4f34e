"""The root of the command tree: it knows all commands by name and imports the one invoked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.exceptions import Abort, Exit, TyperException

from cyberbrain_cli import __version__
from cyberbrain_cli.cli.options import HELP_OPTIONS, Group
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import Cancelled, ExitCode, UsageError
from cyberbrain_cli.render.screen import Output

Entries = Mapping[str, tuple[str, str]]

_SUMMARY = (
    "Unattended triage of Docker hosts with an LLM that runs on your own hardware. "
    "The shared options may stand before or after any command."
)


class Root(Group):
    """The command that is the program."""

    entries: ClassVar[Entries] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Every command, in the table's order."""
        del ctx
        return list(self.entries)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, imported now; None when there is none."""
        del ctx
        if cmd_name not in self.entries:
            return None
        module, _ = self.entries[cmd_name]
        app = import_module(f"cyberbrain_cli.cli.commands.{module}").app
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """The list of commands from the table alone."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in self.entries.items()])


def root(program: str, entries: Entries) -> Root:
    """The command tree of the program."""
    app = typer.Typer(
        cls=type("Program", (Root,), {"entries": entries}),
        name=program,
        help=_SUMMARY,
        invoke_without_command=True,
        add_completion=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": list(HELP_OPTIONS)},
    )
    app.callback()(_bare)
    command = typer.main.get_command(app)
    assert isinstance(command, Root)  # noqa: S101 - Typer makes a group of what has a callback
    return command


def _bare(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version."),
) -> None:
    screen = State.of(context).screen
    if version:
        screen.write(f"{context.info_name} {__version__}\n")
        raise typer.Exit
    if context.invoked_subcommand is None and screen.output is Output.JSON:
        raise UsageError("No command was given.", f"See `{context.info_name} --help`.")
    if context.invoked_subcommand is None:
        screen.write(f"{context.get_help()}\n")


def invoke(command: Root, arguments: Sequence[str], state: State) -> int:
    """Run a command line; its exit code. Raises CyberbrainError, and whatever is a bug."""
    try:
        with command.make_context(command.name, list(arguments), obj=state) as context:
            command.invoke(context)
    except Exit as end:
        return end.exit_code
    except Abort:
        raise Cancelled(ExitCode.INTERRUPTED) from None
    except TyperException as error:
        raise _usage(error) from None
    return ExitCode.OK


def _usage(error: TyperException) -> UsageError:
    path = getattr(getattr(error, "ctx", None), "command_path", "cyberbrain")
    return UsageError(error.format_message().rstrip("."), f"See `{path} --help`.")
