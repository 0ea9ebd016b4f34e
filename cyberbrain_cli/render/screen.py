"""Standard output and standard error, and what the person wants to see on them."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, AnyStr

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.render.safe import safe_lines

PIPED_WIDTH = 0
STYLES = {
    "bold": "1",
    "dim": "2",
    "good": "32",
    "critical": "1;31",
    "warning": "33",
    "info": "36",
}


class Output(StrEnum):
    """What is printed on standard output."""

    HUMAN = "human"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"


class OutputFailed(CyberbrainError):
    """Standard output cannot be written to."""

    code = "output_failed"


@dataclass(slots=True)
class Screen:
    """Writes for people and programs alike. Exactly one document goes to standard output.

    A reader who has gone (`| head`) is no error: the rest is dropped in silence.
    """

    output: Output = Output.HUMAN
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    answered: bool = False

    def write(self, text: str) -> None:
        """Write the answer. Raises OutputFailed, say for a full disk."""
        self.answered = True
        _write(sys.stdout, text)

    def write_bytes(self, content: bytes) -> None:
        """Write the content of a file as the answer, byte for byte."""
        self.answered = True
        _write(sys.stdout.buffer, content)

    def say(self, text: str, style: str = "") -> None:
        """Tell a person something on standard error, unless they asked for quiet."""
        if not self.quiet:
            self.warn(text, style)

    def warn(self, text: str, style: str = "") -> None:
        """Tell a person something on standard error that must not be missed."""
        line = paint(safe_lines(text), style) if self.colored(sys.stderr) else safe_lines(text)
        try:
            _write(sys.stderr, f"{line}\n")
        except OutputFailed:
            return

    def colored(self, stream: IO[str]) -> bool:
        """Whether colour is welcome there: a terminal, and nobody said no."""
        unwelcome = self.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        return not unwelcome and is_terminal(stream)

    def width(self) -> int:
        """Columns of the terminal on standard output; 0 means without limit: not a terminal."""
        return shutil.get_terminal_size().columns if is_terminal(sys.stdout) else PIPED_WIDTH


def is_terminal(stream: IO[str]) -> bool:
    """Whether a person is looking at the stream."""
    return not stream.closed and stream.isatty()


def paint(text: str, style: str) -> str:
    """The text in a style of STYLES, for a terminal. The text must be safe already."""
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if style and text else text


def prepare_streams() -> None:
    """Make the standard streams usable whatever the caller closed or whatever its locale is."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            _occupy(number)
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _occupy(number: int) -> None:
    """Put the null device where a closed stream was, before another file lands there."""
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)


def _write(stream: IO[AnyStr], content: AnyStr) -> None:
    try:
        stream.write(content)
        stream.flush()
    except BrokenPipeError:
        _abandon(stream)
    except OSError as error:
        _abandon(stream)
        raise OutputFailed(f"The output cannot be written: {error.strerror}.") from error


def _abandon(stream: IO[str] | IO[bytes]) -> None:
    """Send what is left in the stream's buffer nowhere, or Python complains when it ends."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
