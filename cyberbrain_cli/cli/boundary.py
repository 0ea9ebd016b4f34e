"""Where every error ends: one line or one document, and the exit code. The only catch-all."""

from __future__ import annotations

from collections.abc import Sequence

from cyberbrain_cli.cli.state import State
from cyberbrain_cli.cli.tree import Entries, invoke, root
from cyberbrain_cli.core.errors import Cancelled, CyberbrainError, ExitCode
from cyberbrain_cli.render.screen import Output, Screen, prepare_streams


class Bug(CyberbrainError):
    """Something that nobody foresaw."""

    code = "bug"
    exit_code = ExitCode.BUG


def run(program: str, entries: Entries, arguments: Sequence[str]) -> int:
    """Run a command line and tell of whatever goes wrong; the exit code."""
    prepare_streams()
    state = State()
    try:
        return invoke(root(program, entries), arguments, state)
    except CyberbrainError as error:
        return _tell(state.screen, arguments, error)
    except KeyboardInterrupt:
        return _tell(state.screen, arguments, Cancelled(ExitCode.INTERRUPTED))
    except Exception as bug:  # noqa: BLE001 - the boundary
        return _tell(state.screen, arguments, _bug(bug))


def _tell(screen: Screen, arguments: Sequence[str], error: CyberbrainError) -> int:
    from cyberbrain_cli.render.emit import emit_error

    if _wants_json(arguments):
        screen.output = Output.JSON
    try:
        emit_error(screen, error)
    except CyberbrainError as second:
        screen.warn(f"error: {error.message}\nerror: {second.message}", "critical")
    return error.exit_code


def _bug(bug: BaseException) -> Bug:
    from cyberbrain_cli.cli.crash import report

    path = report(bug)
    where = f"Please report it with the file {path}." if path else "Please report it."
    return Bug(f"An unexpected {type(bug).__name__} happened: this is a bug.", where)


def _wants_json(arguments: Sequence[str]) -> bool:
    """Whether the command line asks for JSON, even where it could not be parsed so far."""
    wanted = Output.HUMAN.value
    for word, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if word in ("-o", "--output"):
            wanted = following
        elif word.startswith("--output="):
            wanted = word.removeprefix("--output=")
        elif word.startswith("-o") and len(word) > len("-o"):
            wanted = word.removeprefix("-o").removeprefix("=")
        elif word == "--":
            break
    return wanted == Output.JSON
