"""Two runs side by side, on a page and as Markdown: both are made from the same facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from cyberbrain_cli.render.diff_facts import Row, names, rows, sections, verdict
from cyberbrain_cli.render.escaping import escape
from cyberbrain_cli.render.page import Page
from cyberbrain_cli.render.safe import safe
from cyberbrain_cli.render.widths import display_width, wrapped

if TYPE_CHECKING:
    from cyberbrain_cli.core.diffs import DiffDocument

_GAP = "  "
_NARROWEST = 8


def show_diff(document: DiffDocument, page: Page) -> None:
    """Put the document of `runs diff` on the page."""
    before, after = document.before, document.after
    page.line(
        ("bold", f"Run {before.id}"), " → ", ("bold", f"Run {after.id}"), f"  {names(document)}"
    )
    page.gap()
    _side_by_side(rows(document), page)
    page.gap()
    page.paragraph(verdict(document), "", "good" if document.nothing_new else "bold")
    for section in sections(document):
        page.gap()
        page.line((section.style, section.title))
        for line in section.lines:
            page.paragraph(line, "    ")
    page.gap()
    for warning in document.warnings:
        page.paragraph(warning, "", "warning")


def diff_markdown(document: DiffDocument) -> str:
    """The document of `runs diff` as Markdown, hostile text escaped."""
    return "\n".join(_markdown(document)).rstrip("\n") + "\n"


def _markdown(document: DiffDocument) -> Iterator[str]:
    yield f"# Run {document.before.id} and run {document.after.id}: {escape(names(document))}"
    yield ""
    yield verdict(document)
    yield ""
    yield f"| | Run {document.before.id} | Run {document.after.id} | Change |"
    yield "|---|---|---|---|"
    for row in rows(document):
        cells = (escape(text) for text in (row.label, row.before, row.after, row.change))
        yield f"| {' | '.join(cells)} |"
    yield ""
    for section in sections(document):
        yield f"## {section.title}"
        yield ""
        yield from (f"- {escape(line)}" for line in section.lines)
        yield ""
    for warning in document.warnings:
        yield f"- {escape(warning)}"


def _side_by_side(table: Sequence[Row], page: Page) -> None:
    head = Row("", "BEFORE", "AFTER", "CHANGE")
    lines = [[safe(text) for text in row.cells] for row in (head, *table)]
    wide = _fitted([max(map(display_width, column)) for column in zip(*lines, strict=True)], page)
    for number, cells in enumerate(lines):
        columns = [wrapped(text, width) or [""] for text, width in zip(cells, wide, strict=True)]
        for pieces in zip_longest(*columns, fillvalue=""):
            padded = [
                text + " " * (width - display_width(text))
                for text, width in zip(pieces, wide, strict=True)
            ]
            page.line(("bold", padded[0]), ("" if number else "bold", _GAP.join(["", *padded[1:]])))


def _fitted(wide: list[int], page: Page) -> list[int]:
    """The widths of the columns, the widest made narrower where the page has not the room."""
    room = page.width - len(_GAP) * (len(wide) - 1)
    while page.width and sum(wide) > room and max(wide) > _NARROWEST:
        wide[wide.index(max(wide))] -= 1
    return [max(width, 1) for width in wide]
