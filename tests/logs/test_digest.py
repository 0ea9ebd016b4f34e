"""What the model is shown: within its budget, the gravest first, what is missing in numbers."""

from __future__ import annotations

import pytest

from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.logs.digest import Digest, make_digest
from tests.logs.kit import WINDOW, judged

NOISE = "\n".join(f"{a}{b}{c} went" for a in "abcdefghij" for b in "klmno" for c in "stuvwxyz")
LOG = f"{NOISE}\nWARN slow disk\n{NOISE}\nERROR the one that matters\n{NOISE}"


def tokens(text: str) -> int:
    return (len(text) + 1) // 2


def digest(budget: int, log: str = LOG) -> Digest:
    return make_digest(judged(log), WINDOW, budget, tokens, str)


@pytest.mark.parametrize("budget", [200, 300, 1000, 5000])
def test_the_budget_holds_and_the_gravest_come_first(budget: int) -> None:
    made = digest(budget)
    assert 0 < tokens(made.text) <= budget
    assert made.ids[0] == "P1"
    assert "the one that matters" in made.text
    assert f"{made.left_out.patterns} patterns" in made.text
    assert len(made.ids) + made.left_out.patterns == 402
    assert (made.left_out.critical, made.left_out.warning) == (0, 0)


def test_what_is_left_out_is_counted_by_severity() -> None:
    words = [f"{a}{b}{c}" for a in "abcdef" for b in "klmno" for c in "stuv"]
    made = digest(400, "\n".join(f"ERROR {word}" for word in words))
    assert made.left_out.critical == len(words) - len(made.ids) > 0


def test_room_that_is_left_goes_to_lines_and_what_stands_around_them() -> None:
    made = digest(5000, "starting\nlistening\nERROR broke at 17:03\ngoing on")
    assert "line: ERROR broke at 17:03" in made.text
    assert "listening" in made.text
    assert made.text.endswith("all 4 patterns are listed")


def test_the_lines_of_many_come_before_the_surroundings_of_one() -> None:
    around = "".join(f"served {a}{b} {'x' * 90}\n" for a in "ab" for b in "cde")
    log = "".join(f"{around}ERROR {word} at 17:03\n" for word in ("broke", "fell", "sank"))
    made = digest(600, log)
    quoted = [line for line in made.text.split("\n") if line.startswith("  line: ")]
    assert len([line for line in quoted if "ERROR" in line]) == 3
    assert "near:" not in made.text
    assert "near:" in digest(5000, log).text


def test_a_budget_too_small_gives_no_digest() -> None:
    assert digest(10).ids == ()


def test_secrets_do_not_reach_the_digest() -> None:
    log = "ERROR key AKIAIOSFODNN7EXAMPLE\nbefore password=hunter2hunter2\nERROR x"
    made = make_digest(judged(log), WINDOW, 3000, tokens, Redactor().redact)
    assert "AKIAIOSFODNN" not in made.text
    assert "hunter" not in made.text
