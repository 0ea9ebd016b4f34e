"""The Markdown report, read by a Markdown reader as an attacker would hope it were not."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cyberbrain_cli.core.findings import Evidence, FindingState
from cyberbrain_cli.core.panels import Panel
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.render.documents import MarkdownDocuments
from cyberbrain_cli.render.escaping import escape, fenced
from tests.render.samples import READING, START, T0, chain, finding, story

ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![pixel](http://evil.example/p.png)",
    "```\n# forged heading\n```",
    "`````` code",
    "# heading",
    "1. list",
    "- item\n- item",
    "a | b | c",
    "***bold*** _it_ ~~gone~~",
    "&lt;b&gt; &#60;b&#62;",
    "\\`escaped\\`",
    "<!-- comment",
    "]]> </details></table>",
    "[ref]: http://evil.example",
    "$x^2$",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "| --- |",
    "===",
)
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OURS = {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "pre", "code"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_comment(self, data: str) -> None:
        self.tags.append("!--")

    def handle_data(self, data: str) -> None:
        self.words += data


def read(markdown: str) -> Tags:
    tags = Tags()
    tags.feed(READER.render(markdown))
    tags.close()
    return tags


def report(text: str) -> str:
    item = finding(
        title=text,
        explanation=text,
        suggestion=text,
        container=text,
        evidence=(Evidence(T0, "stdout", text), Evidence(T0, "stdout", "after")),
    )
    gone = finding(id="b", title=text, state=FindingState.RESOLVED)
    told = (chain(text),), story(text), (Panel(text, (text, "after")),)
    made = Report(text, START, (item, gone), (READING,), (text,), *told)
    return MarkdownDocuments().markdown(made)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_changes_nothing_but_words(attack: str) -> None:
    expected = read(report("harmless"))
    found = read(report(attack))
    assert found.tags == expected.tags
    assert set(found.tags) <= OURS


@given(st.text(max_size=80))
def test_escaped_text_is_one_paragraph_of_the_same_words(text: str) -> None:
    tags = read(f"x {escape(text)}")
    assert tags.tags == ["p"]
    assert "\x1b" not in tags.words


@given(st.text(max_size=80))
def test_a_block_shows_its_lines_and_ends_where_it_should(text: str) -> None:
    html = read("\n".join([*fenced([text, "`" * 7]), "", "end"]))
    assert html.tags == ["pre", "code", "p"]
    assert html.words.endswith("end\n")


def test_what_is_pasted_into_a_ticket_mentions_nobody() -> None:
    assert "@" not in escape("ERROR @org/team mail bad@evil.example")


def test_addresses_in_text_do_not_become_links() -> None:
    text = escape("see https://evil.example or www.evil.example")
    assert "://" not in text
    assert "www." not in text
    assert read(text).words.strip() == "see https://evil.example or www.evil.example"


def test_the_report_has_the_findings_and_what_was_and_was_not_read() -> None:
    text = MarkdownDocuments().markdown(Report("Triage", START, (finding(),), (READING,)))
    assert "Findings: 1 critical." in text
    assert "connect ECONNREFUSED 10.0.0.3:5432" in text
    assert "| shop-db | 2026-11-23" in text
    assert "rotated away unread" in text
    assert "limit 10,000" in text


def test_the_models_words_are_marked_as_such() -> None:
    made = Report("Triage", START, (finding(),), (), (), (chain(),), story("It broke [1]."))
    text = MarkdownDocuments().markdown(made)
    start = text.index("## In the model's words")
    assert "it proves nothing" in text[start:]
    assert "2 findings for lack of room" in text[start:]
    assert text.index("upstream refused connections", start) < text.index("ECONNREFUSED")


def test_a_report_without_findings_says_so() -> None:
    assert "No findings." in MarkdownDocuments().markdown(Report("Triage", START, (), ()))
