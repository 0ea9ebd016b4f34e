"""Private keys in every shape, and lines without end."""

from __future__ import annotations

import base64
import json
import time

import pytest

from cyberbrain_cli.core.redaction import MAX_LINE, MAX_TEXT, UNREADABLE, Redactor

REDACT = Redactor().redact


def pem(kind: str, columns: int = 64, size: int = 600) -> tuple[str, list[str]]:
    body = base64.b64encode(bytes((i * 73 + 41) % 256 for i in range(size))).decode()
    lines = [body[start : start + columns] for start in range(0, len(body), columns)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"]), lines


@pytest.mark.parametrize(
    "kind",
    ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY", "EC PRIVATE KEY",
     "PGP PRIVATE KEY BLOCK", "ENCRYPTED PRIVATE KEY"],
)  # fmt: skip
@pytest.mark.parametrize("columns", [64, 70, 76])
def test_no_line_of_a_private_key_survives(kind: str, columns: int) -> None:
    block, lines = pem(kind, columns)
    forms = {
        "whole": block,
        "json": json.dumps({"key": block}),
        "json in json": json.dumps(json.dumps({"key": block})),
        "crlf": block.replace("\n", "\r\n"),
        "one line": block.replace("\n", " "),
        "cut": block[: len(block) // 2],
        "prefixed": "\n".join(f"app-1  | {line}" for line in block.split("\n")),
        "timed": "\n".join(f"2026-11-23T02:59:01Z {line}" for line in block.split("\n")),
    }
    for name, form in forms.items():
        redacted = REDACT(form)
        assert [line for line in lines if line in redacted] == [], name
    assert [line for line in lines[:-1] if line in REDACT(line)] == []


def test_what_follows_a_cut_key_is_not_hidden() -> None:
    block, lines = pem("RSA PRIVATE KEY")
    cut = "\n".join(block.split("\n")[:4])
    text = f"{cut}\nERROR: disk full on /var\nP9 again -----END RSA PRIVATE KEY-----"
    redacted = REDACT(text)
    assert "ERROR: disk full on /var" in redacted
    assert "P9 again" in redacted
    assert lines[0] not in redacted


HOSTILE = [
    "a", "=", "://", "@", "a@", "a.", "eyJ", "eyJ.", "=eyJ", "-----BEGIN RSA PRIVATE KEY-----",
    "password", "password=", 'password="', "token: [", "Bearer ", "Cookie: a; ", "sk-", "gl",
    "aws key ", "mysql ", "://a:", "%3A%2F%2Fa%3A", "[redacted:", "\\", '\\"', "4111 ", "1" * 20,
    "A" * 63 + "/", "MII" + "A" * 60, "--password ", "-u a:", "x.y@", "@a.b.", "identified by '",
    "secret-", "authorization: digest ", "{", "password={", "İ", "\x00", "//x/:_authToken=npm_",
]  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_a_line_of_a_megabyte_takes_bounded_time(piece: str) -> None:
    line = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
    begin = time.process_time()
    redacted = REDACT(line)
    assert time.process_time() - begin < 10
    assert redacted != UNREADABLE
    assert len(redacted) <= MAX_LINE
    assert "[redacted:overlong]" in redacted
    assert REDACT(redacted) == redacted


def test_a_secret_at_the_cut_does_not_leave_its_first_half() -> None:
    for place in range(MAX_LINE - 120, MAX_LINE - 20, 7):
        line = "word " * (place // 5) + "ghp_" + "Ab1" * 12 + " end" * 100
        assert "ghp_" not in REDACT(line)


@pytest.mark.parametrize("place", range(MAX_LINE - 1300, MAX_LINE - 20, 13))
def test_no_half_of_a_secret_is_left_where_there_is_no_space_to_cut_at(place: int) -> None:
    known, token = "Zq7-known-to-the-caller", "ghp_" + "a1B2" * 9
    redactor = Redactor([known])
    assert "Zq7-k" not in redactor.redact("x" * place + known + "x" * 9_000)
    filling = '{"k":"vvvvvvvv"},' * (place // 17)
    assert "ghp_a" not in redactor.redact(f'[{filling}{{"k":"{token}"}},{filling}]')


def test_overlong_text_is_cut_and_says_so() -> None:
    redacted = REDACT("an ordinary line\n" * (MAX_TEXT // 10))
    assert len(redacted) <= MAX_TEXT
    assert redacted.endswith("[redacted:overlong]")
