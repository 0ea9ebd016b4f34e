"""Rows as a table: for a terminal, for a pipe, or as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

from cyberbrain_cli.render.escaping import escape_cell
from cyberbrain_cli.render.human import NOTHING
from cyberbrain_cli.render.safe import safe
from cyberbrain_cli.render.screen import STYLES, Screen, paint
from cyberbrain_cli.render.widths import display_width

R = TypeVar("R")
_GAP = "  "
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_RICH_STYLES = {"good": "green", "critical": "bold red", "warning": "yellow", "info": "cyan"}


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """A column: its name, where its value is, and how a person reads it.

    `show` turns a value into text; `human`, where one value is not enough, the whole row. `title`
    is the heading for people, the key's words if not given. On a terminal too narrow for all
    columns those with a `spare` are left out, the highest first.
    """

    key: str
    value: Callable[[R], Any]
    show: Callable[[Any], str] = str
    human: Callable[[R], str] | None = None
    csv_only: bool = False
    human_only: bool = False
    title: str = ""
    spare: int = 0
    right: bool = False
    style: Callable[[R], str] = lambda _: ""

    def text(self, row: R) -> str:
        """The cell for a person."""
        if self.human is not None:
            return safe(self.human(row))
        value = self.value(row)
        return (safe(self.show(value)) if value is not None else "") or NOTHING

    def raw(self, row: R) -> str:
        """The cell for a program; text that a spreadsheet would compute is marked as text."""
        value = self.value(row)
        if value is None:
            return ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, datetime):
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        text = f"{value:f}" if isinstance(value, Decimal) else safe(str(value))
        return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


@dataclass(frozen=True, slots=True)
class Table(Generic[R]):
    """A list under its plural name, with what to say when it is empty."""

    name: str
    columns: tuple[Column[R], ...]
    empty: str

    @property
    def shown(self) -> tuple[Column[R], ...]:
        """The columns that a person sees."""
        return tuple(column for column in self.columns if not column.csv_only)

    @property
    def written(self) -> tuple[Column[R], ...]:
        """The columns of CSV."""
        return tuple(column for column in self.columns if not column.human_only)

    def human(self, rows: Sequence[R], screen: Screen, color: bool) -> str:
        """The table for a person: whole lines where they are piped, folded cells otherwise."""
        width = screen.width()
        shown = self.shown
        while not _fits(lines := _cells(shown, rows), width):
            spare = max(column.spare for column in shown)
            if not spare:
                return _folded(shown, lines, rows, width, color)
            shown = tuple(column for column in shown if column.spare != spare)
        widths = _widths(lines)
        titles, *texts = lines
        styles = [[column.style(row) for column in shown] for row in rows]
        page = [_line(shown, titles, widths, ["bold"] * len(titles), color)]
        for line, painted in zip(texts, styles, strict=True):
            page.append(_line(shown, line, widths, painted, color))
        return "".join(f"{line}\n" for line in page)

    def markdown(self, rows: Sequence[R]) -> str:
        """What a person sees as a table of Markdown."""
        titles, *texts = _cells(self.shown, rows)
        rule = ["---:" if column.right else "---" for column in self.shown]
        lines = [titles, rule, *([escape_cell(text) for text in line] for line in texts)]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)

    def csv(self, rows: Sequence[R]) -> str:
        """The table as CSV with a header line."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([column.key for column in self.written])
        writer.writerows([column.raw(row) for column in self.written] for row in rows)
        return text.getvalue()


def _cells(columns: Sequence[Column[R]], rows: Sequence[R]) -> list[list[str]]:
    """The titles, and a line for each row."""
    titles = [(column.title or column.key.replace("_", " ")).upper() for column in columns]
    return [titles, *([column.text(row) for column in columns] for row in rows)]


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(display_width, column)) for column in zip(*lines, strict=True)]


def _fits(lines: Sequence[Sequence[str]], width: int) -> bool:
    widths = _widths(lines)
    return not width or sum(widths) + len(_GAP) * len(widths) <= width


def _line(
    columns: Sequence[Column[R]],
    texts: Sequence[str],
    widths: Sequence[int],
    styles: Sequence[str],
    color: bool,
) -> str:
    parts = []
    for text, width, style, column in zip(texts, widths, styles, columns, strict=True):
        padding = " " * (width - display_width(text))
        painted = paint(text, style) if color else text
        parts.append(padding + painted if column.right else painted + padding)
    return _GAP.join(parts).rstrip()


def _folded(
    columns: Sequence[Column[R]],
    lines: Sequence[Sequence[str]],
    rows: Sequence[R],
    width: int,
    color: bool,
) -> str:
    """Too wide for the terminal: Rich folds cells, so that nothing is cut off."""
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    titles, *texts = lines
    for title, column in zip(titles, columns, strict=True):
        side: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(Text(title), justify=side, overflow="fold")
    for row, cells in zip(rows, texts, strict=True):
        styles = [_RICH_STYLES.get(column.style(row), "") for column in columns]
        table.add_row(*(Text(text, style) for text, style in zip(cells, styles, strict=True)))
    sink = io.StringIO()
    console = Console(
        file=sink,
        width=width,
        color_system="standard" if color else None,
        force_terminal=color,
    )
    console.print(table, highlight=False)
    return "".join(f"{line.rstrip()}\n" for line in sink.getvalue().splitlines())


assert _RICH_STYLES.keys() <= STYLES.keys()  # noqa: S101 - the two tables name the same styles
