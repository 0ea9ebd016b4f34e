"""What findings have to do with each other, for people: chains, and the model's story."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.incidents import Chain, Story
from cyberbrain_cli.core.records import RunDocument
from cyberbrain_cli.render import human
from cyberbrain_cli.render.escaping import escape
from cyberbrain_cli.render.page import Page


def incident(
    chains: Sequence[Chain], stories: Sequence[Story], findings: Sequence[Finding]
) -> Iterator[str]:
    """The chains and the stories about the findings, as Markdown."""
    if chains:
        yield "## What explains what"
        yield ""
        for chain in chains:
            yield from _chain(chain)
        yield ""
    for story in stories:
        yield "## In the model's words"
        yield ""
        yield escape(_origin(story))
        yield ""
        yield escape(story.text)
        yield ""
        yield from (f"- {escape(line)}" for line in _named(story, findings))
        yield ""


def show_incident(document: RunDocument, page: Page) -> None:
    """Put the chains and the stories on the page."""
    if document.chains:
        page.gap()
        page.line(("bold", "What explains what"))
        for chain in document.chains:
            page.paragraph(chain.text, "    ")
    for story in document.stories:
        page.gap()
        page.line(("bold", "In the model's words"), ("dim", f"  {_origin(story)}"))
        page.paragraph(" ".join(story.text.split()), "    ")
        for line in _named(story, document.findings):
            page.line("    ", ("dim", line))


def _chain(chain: Chain) -> Iterator[str]:
    yield f"- {escape(chain.text)}"
    for link in chain.links:
        if link.because is not None:
            yield f"  - {escape(link.container)}: {escape(link.because)}"


def _origin(story: Story) -> str:
    text = f"Written by {story.model} from the findings below; it proves nothing."
    if story.not_shown:
        text += f" It was not shown {human.plural(story.not_shown, 'finding')} for lack of room."
    return text


def _named(story: Story, findings: Sequence[Finding]) -> Iterator[str]:
    """The findings that the story is about, by the numbers in it."""
    known = {item.id: item for item in findings}
    for number, name in enumerate(story.findings, 1):
        item = known.get(name)
        if item is not None:
            where = f"{item.container}: " if item.container else ""
            yield f"[{number}] {where}{item.title}"
