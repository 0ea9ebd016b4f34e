"""Lines that differ by a word that varies are one pattern; words that tell keep patterns apart."""

from __future__ import annotations

import random

import pytest

from cyberbrain_cli.testing import log_lines
from tests.logs.kit import mine, mine_text

USERS = ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy"]


def templates(text: str) -> list[str]:
    return sorted(pattern.template for pattern in mine_text(text).patterns)


def test_a_name_that_varies_is_one_pattern_with_all_its_events() -> None:
    lines = [f"session opened for {user} by login" for user in USERS for _ in range(3)]
    (pattern,) = mine_text("\n".join(lines)).patterns
    assert pattern.template == "session opened for <*> by login"
    assert (pattern.count, len(pattern.forms)) == (30, 10)
    assert pattern.exemplars[0].lines[0].text == "session opened for alice by login"
    assert pattern.exemplars[-1].lines[0].text == "session opened for judy by login"


@pytest.mark.parametrize(
    "lines",
    [
        ["the server was started now", "the server was stopped now"],
        ["VM Started (Event)", "VM Stopped (Event)", "VM Paused (Event)", "VM Resumed (Event)"],
        ["task moved from NEW to READY", "task moved from NEW to DONE"],
        ["link is up on port", "link is down on port"],
        ["read failed: no such file", "read failed: no such device"],
        ["boot (command 1)", "halt (command 2)", "wait (command 3)", "dump (command 4)"],
    ],
)
def test_words_that_tell_keep_patterns_apart(lines: list[str]) -> None:
    assert len(templates("\n".join(lines * 3))) == len(lines)


def test_what_is_masked_in_one_line_may_be_a_word_in_another() -> None:
    text = "lost peer at 10.0.0.1 for good\nlost peer at localhost for good"
    assert templates(text) == ["lost peer at <*> for good"]


def test_merging_never_crosses_severities_and_keeps_fingerprints_whatever_the_order() -> None:
    lines = [f"{level} gave a token to {user} now" for level in ("INFO", "ERROR") for user in USERS]
    random.Random(1).shuffle(lines)
    mined = [mine(*log_lines("\n".join(order))) for order in (lines, lines[::-1])]
    assert [sorted(p.count for p in each.patterns) for each in mined] == [[10, 10]] * 2
    assert len({p.severity for p in mined[0].patterns}) == 2
    assert {p.fingerprint for p in mined[0].patterns} == {p.fingerprint for p in mined[1].patterns}


def test_a_single_event_of_a_kind_that_varies_is_known_again() -> None:
    many = mine_text("\n".join(f"quota of {user} is now used up" for user in USERS))
    seen = set(many.patterns[0].sightings())
    (one,) = mine_text("quota of zoe is now used up").patterns
    (other,) = mine_text("quota of zoe is not used up").patterns
    assert one.fingerprint != many.patterns[0].fingerprint
    assert one.is_known(seen)
    assert one.fingerprint == many.patterns[0].fingerprint
    assert not other.is_known(seen)


def test_two_words_may_vary_at_once() -> None:
    pairs = zip(USERS, USERS[3:] + USERS[:3], strict=True)
    lines = [f"message sent from {a} to {b} over the wire" for a, b in pairs]
    assert templates("\n".join(lines)) == ["message sent from <*> to <*> over the wire"]
