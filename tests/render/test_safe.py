"""Text that others wrote cannot steer a terminal."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from cyberbrain_cli.render.safe import safe, safe_lines
from tests.render.samples import HOSTILE

TEXT = st.text(st.characters(codec=None), max_size=200)


@given(TEXT)
def test_nothing_that_is_not_visible_gets_through(text: str) -> None:
    for character in safe(text):
        assert unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        )  # fmt: skip


@given(TEXT)
def test_lines_stay_lines_and_each_is_safe(text: str) -> None:
    assert [safe(line) for line in safe_lines(text).split("\n")] == safe_lines(text).split("\n")


def test_what_was_there_can_still_be_recognised() -> None:
    assert safe(HOSTILE) == (r"\x1b[2J[red]x[/red] \u202egnp.exe\x9b31m <b>`rm`</b>\r\nnext")


def test_ordinary_text_of_any_script_is_left_alone() -> None:
    assert safe("Grüße, 日本 🚀 naïve") == "Grüße, 日本 🚀 naïve"
