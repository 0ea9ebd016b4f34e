"""What cannot be seen is taken out; what is too long is cut where it can be seen."""

from __future__ import annotations

from cyberbrain_cli.logs.text import clean, one_line, quote


def test_colours_controls_and_bidirectional_marks_are_taken_out() -> None:
    raw = "\x1b[31mred\x1b[0m \x1b]0;title\x07a\x00b\u202ec\u200bd\te".encode()
    assert clean(raw) == "red abcd\te"


def test_bytes_that_are_not_utf8_are_replaced() -> None:
    assert clean(b"caf\xe9") == "caf\ufffd"


def test_a_long_line_is_cut_visibly_and_never_within_a_word() -> None:
    raw = b"x " * 990 + b"token=" + b"s" * 100 + b" end"
    shown = quote(raw)
    assert "s" * 5 not in shown
    assert shown.endswith(f"[{len(raw)} bytes in all]")


def test_a_megabyte_becomes_one_short_line() -> None:
    assert len(one_line("a\nb " * 300_000, 100)) == 100
