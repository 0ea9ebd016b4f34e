"""A launch as it goes on: a line per job and container where a person is looking."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.ports import Progress
from cyberbrain_cli.render import human
from cyberbrain_cli.render.safe import safe
from cyberbrain_cli.render.screen import Screen, is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class NotesOnly:
    """Says what a person should know, and is silent about how far things are."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def job_started(self, key: str) -> None:
        """Silent."""

    def reading(self, key: str, container: str, lines: int) -> None:
        """Silent."""

    def tokens(self, key: str, total: int) -> None:
        """Silent."""

    def job_finished(self, key: str, status: Status) -> None:
        """Silent."""

    def note(self, message: str) -> None:
        """One line on standard error."""
        self._screen.say(message)


class LiveProgress:
    """Lines on a terminal that change in place; called from many threads at once."""

    def __init__(self, lines: RichProgress) -> None:
        self._lines = lines
        self._jobs: dict[str, TaskID] = {}
        self._containers: dict[tuple[str, str], TaskID] = {}

    def job_started(self, key: str) -> None:
        """A line for the job."""
        self._jobs[key] = self._lines.add_task(safe(key), total=None, figures="")

    def reading(self, key: str, container: str, lines: int) -> None:
        """A line for the container, with the lines read so far."""
        figures = human.plural(lines, "line")
        line = self._containers.get((key, container))
        if line is None:
            name = f"  {safe(container)}"
            line = self._lines.add_task(name, total=None, figures=figures)
            self._containers[key, container] = line
        self._lines.update(line, figures=figures)

    def tokens(self, key: str, total: int) -> None:
        """The tokens so far, on the job's line."""
        if key in self._jobs:
            self._lines.update(self._jobs[key], figures=human.plural(total, "token"))

    def job_finished(self, key: str, status: Status) -> None:
        """The job's line says how it ended; its spinners stand still."""
        ended = [line for (job, _), line in self._containers.items() if job == key]
        if key in self._jobs:
            ended.append(self._jobs[key])
            self._lines.update(self._jobs[key], description=f"{safe(key)}: {status}")
        for line in ended:
            self._lines.update(line, total=1, completed=1)

    def note(self, message: str) -> None:
        """A line above the others that stays."""
        self._lines.console.print(safe(message), markup=False, highlight=False, emoji=False)


@contextmanager
def watching(screen: Screen) -> Iterator[Progress]:
    """Progress for as long as the context is open: live on a terminal, else notes alone."""
    import sys

    if screen.quiet or not is_terminal(sys.stderr):
        yield NotesOnly(screen)
        return
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    lines = RichProgress(
        SpinnerColumn(finished_text=" "),
        TextColumn("{task.description}", markup=False),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeElapsedColumn(),
        console=Console(stderr=True, no_color=not screen.colored(sys.stderr)),
        transient=True,
    )
    with lines:
        yield LiveProgress(lines)
