"""The one switch on --output: every answer of every command goes out here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from cyberbrain_cli.core.errors import CyberbrainError, InvalidFile
from cyberbrain_cli.render.human import NOTHING
from cyberbrain_cli.render.json_text import SCHEMA_VERSION, plain, to_json
from cyberbrain_cli.render.page import Page
from cyberbrain_cli.render.screen import Output, Screen
from cyberbrain_cli.render.tables import Table

D = TypeVar("D")
R = TypeVar("R")


def emit_rows(
    screen: Screen,
    table: Table[R],
    rows: Sequence[R],
    *,
    extra: Mapping[str, Any] | None = None,
    footer: Callable[[Page], None] | None = None,
) -> None:
    """Print a list: a table, CSV, or a document under the table's name with `extra` beside it.

    Below the table, people read what the `footer` has to say, also where there are no rows.
    """
    if screen.output is Output.JSON:
        document = {"schema_version": SCHEMA_VERSION, table.name: list(rows), **(extra or {})}
        screen.write(to_json(document))
    elif screen.output is Output.CSV:
        screen.write(table.csv(rows))
    else:
        marked = screen.output is Output.MARKDOWN
        color = not marked and screen.colored(sys.stdout)
        page = Page(color=color, width=0 if marked else screen.width())
        if footer is not None:
            footer(page)
        if marked:
            below = [line for line in page.text().splitlines() if line]
            screen.write("\n".join([table.markdown(rows), *(f"{line}\n" for line in below)]))
        elif rows:
            screen.write(f"{table.human(rows, screen, color)}{page.text()}")
        else:
            screen.write(page.text())
            screen.say(table.empty)


def emit_document(
    screen: Screen,
    document: D,
    human: Callable[[D, Page], None],
    markdown: Callable[[D], str] | None = None,
) -> None:
    """Print a document: as JSON, as Markdown, or as `human` puts it on a page."""
    if screen.output is Output.JSON:
        screen.write(to_json(document))
    elif screen.output is Output.MARKDOWN and markdown is not None:
        screen.write(markdown(document))
    else:
        _page(screen, lambda page: human(document, page))


def emit_list(
    screen: Screen, name: str, items: Sequence[R], human: Callable[[Sequence[R], Page], None]
) -> None:
    """Print a list that is no table: as JSON under its name, or as `human` puts it on a page."""
    if screen.output is Output.JSON:
        screen.write(to_json({"schema_version": SCHEMA_VERSION, name: list(items)}))
    else:
        _page(screen, lambda page: human(items, page))


def emit_record(screen: Screen, name: str, record: Any) -> None:
    """Print one record, a line for each field; as JSON, a document with it under `name`."""
    if screen.output is Output.JSON:
        screen.write(to_json({"schema_version": SCHEMA_VERSION, name: record}))
    else:
        _page(screen, lambda page: _fields(plain(record), page))


def emit_value(screen: Screen, answer: Mapping[str, Any], sentence: str) -> None:
    """Print what was done: as JSON the answer, for a person the sentence."""
    if screen.output is Output.JSON:
        screen.write(to_json({"schema_version": SCHEMA_VERSION, **answer}))
    else:
        _page(screen, lambda page: page.lines(sentence))


def emit_done(screen: Screen, answer: Mapping[str, Any], sentence: str) -> None:
    """Print that something was done, which a person who asked for quiet takes for granted."""
    emit_value(screen, answer, "" if screen.quiet else sentence)


def emit_text(screen: Screen, text: str, name: str) -> None:
    """Print a text that is an answer in itself; as JSON, a document with the text under `name`."""
    emit_value(screen, {name: text}, text)


def emit_schema(screen: Screen, schema: Mapping[str, Any]) -> None:
    """Print a JSON Schema, which is a document whatever --output says."""
    screen.write(to_json(schema, indent=2))


def _page(screen: Screen, fill: Callable[[Page], object]) -> None:
    page = Page(color=screen.colored(sys.stdout), width=screen.width())
    fill(page)
    screen.write(page.text())


def _fields(record: Mapping[str, Any], page: Page) -> None:
    wide = max(map(len, record), default=0)
    for key, value in record.items():
        shown = ("no", "yes")[value] if isinstance(value, bool) else str(value or NOTHING)
        page.line(("bold", key.ljust(wide)), f"  {shown}")


def emit_error(screen: Screen, error: CyberbrainError) -> None:
    """Tell of a failure: the error document, unless an answer is out already, or a line."""
    if screen.output is Output.JSON and not screen.answered:
        screen.write(to_json({"error": error_document(error)}))
        return
    screen.warn(f"error: {error.message}", "critical")
    if error.hint:
        screen.warn(f"hint: {error.hint}")


def error_document(error: CyberbrainError) -> dict[str, Any]:
    """What `--output json` says of a failure."""
    document: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
    }
    if isinstance(error, InvalidFile):
        document["file"] = error.name
        document["problems"] = list(error.problems)
    return document
