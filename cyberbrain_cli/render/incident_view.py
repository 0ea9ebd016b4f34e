"""What findings have to do with each other, for people: chains, and the model's story."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.records import RunDocument
from cyberbrain_cli.render.escaping import escape
from cyberbrain_cli.render.page import Page


def incident(report: Report) -> Iterator[str]:
    """The chains of a report, as Markdown."""
    if report.chains:
        yield "## What explains what"
        yield ""
        for chain in report.chains:
            yield f"- {escape(chain.text)}"
            for link in chain.links:
                if link.because is not None:
                    yield f"  - {escape(link.container)}: {escape(link.because)}"
        yield ""


def show_incident(document: RunDocument, page: Page) -> None:
    """Put the chains on the page."""
    if document.chains:
        page.gap()
        page.line(("bold", "What explains what"))
        for chain in document.chains:
            page.paragraph(chain.text, "    ")
