"""A report in Markdown, as a reader with HTML switched on sees it."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it import MarkdownIt

_READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.found.add(tag)

    def handle_comment(self, data: str) -> None:
        self.found.add("!--")


def elements(markdown: str) -> set[str]:
    """The HTML elements that the text becomes."""
    tags = _Tags()
    tags.feed(_READER.render(markdown))
    tags.close()
    return tags.found
