"""Lines alike become one pattern; what is unlike stays apart; nothing is lost."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from cyberbrain_cli.logs.masks import mask
from cyberbrain_cli.testing import START_NS, LogLine, log_lines
from tests.logs.kit import mine, mine_text

ACCESS = '10.0.0.{0} - - [23/Nov/2026:02:58:{1:02d} +0000] "GET /a/{0} HTTP/1.1" {2} 15 "-" "x"'


def test_what_varies_is_masked() -> None:
    text = "10.0.0.1:5432 took 3.5s id=550e8400-e29b-41d4-a716-446655440000 at 0xdeadbeef by a@b.co"
    assert mask(text) == "<ip> took <duration> id=<uuid> at <hex> by <email>"


def test_lines_alike_are_one_pattern_with_count_and_times() -> None:
    mined = mine_text("\n".join(f"served request {i} in {i * 7}ms" for i in range(500)))
    (pattern,) = mined.patterns
    assert (pattern.id, pattern.count) == ("P1", 500)
    assert (pattern.first, pattern.last) == (START_NS, START_NS + 499_000)
    assert pattern.exemplars[0].lines[0].text == "served request 0 in 0ms"
    assert pattern.exemplars[-1].lines[0].text == "served request 499 in 3493ms"


def test_json_lines_are_alike_by_logger_message_and_fields() -> None:
    lines = [f'{{"level":30,"pid":{i},"id":"{i:08x}a1","msg":"done in {i}"}}' for i in range(50)]
    (pattern,) = mine_text("\n".join(lines)).patterns
    assert pattern.template == "done in <n> {id, level, msg, pid}"


def test_one_severity_is_never_grouped_under_another() -> None:
    lines = [ACCESS.format(i % 250, i % 60, 502 if i % 10 == 0 else 200) for i in range(1000)]
    lines += [f'{{"level":{50 if i % 10 == 0 else 30},"msg":"upstream"}}' for i in range(1000)]
    lines += [f"run {i}: {1 if i % 10 == 0 else 0} errors" for i in range(1000)]
    random.Random(1).shuffle(lines)
    mined = mine_text("\n".join(lines))
    counts = {(p.severity.value, p.count) for p in mined.patterns}
    assert counts == {("critical", 100), ("info", 900)}
    assert len(mined.patterns) == 6


def test_fingerprints_do_not_depend_on_the_order_of_arrival() -> None:
    lines = [ACCESS.format(i, i % 60, (200, 404, 502)[i % 3]) for i in range(90)]
    lines += [f"x {'' if i % 2 else i}y id {i:x}aaaaaaaa{i}" for i in range(90)]
    forward = {p.fingerprint: p.count for p in mine_text("\n".join(lines)).patterns}
    backward = {p.fingerprint: p.count for p in mine_text("\n".join(lines[::-1])).patterns}
    assert forward == backward


def test_a_flood_of_kinds_is_counted_and_does_not_crowd_out_an_error() -> None:
    words = [f"{a}{b}{c}" for a in "abcdefgh" for b in "klmnopqr" for c in "stuvwxyz"]
    lines = [*words, "ERROR disk on fire"]
    mined = mine(*log_lines("\n".join(lines)), most=300)
    assert len(mined.patterns) == 101
    assert mined.patterns[0].template == "disk on fire"
    (other,) = mined.overflow
    assert other.count == len(words) - 100
    assert other.severity == "info"


def test_the_lines_around_the_first_error_are_kept() -> None:
    text = "\n".join(["calm"] * 5 + ["before", "ERROR broke", "after"] + ["calm"] * 5)
    error = mine_text(text).patterns[0]
    around = [quote.text for quote in error.context]
    assert around == ["calm", "calm", "before", "after", "calm", "calm"]


def test_a_rate_stays_coarse_however_long_the_time() -> None:
    day = 86_400 * 10**9
    mined = mine(*log_lines("tick\n" * 5000, every=day))
    buckets = list(mined.patterns[0].rate.buckets())
    assert len(buckets) <= 64
    assert sum(count for _, count in buckets) == 5000


LINES = st.lists(
    st.tuples(
        st.integers(0, 10**10),
        st.sampled_from(("stdout", "stderr")),
        st.one_of(
            st.binary(max_size=60),
            st.sampled_from(
                (b"ERROR x", b"\tat a.b(C.java:1)", b"Caused by: a.BError: x", b"", b"  in",
                 b"Traceback (most recent call last):", b'{"level":50}', b"-----BEGIN KEY-----")
            ),
        ),
    ),
    max_size=40,
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(LINES, st.integers(1, 7), st.integers(3, 12))
def test_no_bytes_crash_the_miner_and_no_line_is_lost(
    lines: list[LogLine], batch: int, most: int
) -> None:
    mined = mine(*lines, batch=batch, most=most)
    assert mined.lines == len(lines)
    assert sum(pattern.line_count for pattern in mined.all) == len(lines)


@settings(max_examples=100, deadline=None)
@given(LINES, st.integers(1, 7))
def test_how_lines_are_cut_into_batches_changes_nothing(lines: list[LogLine], batch: int) -> None:
    whole, pieces = mine(*lines), mine(*lines, batch=batch)
    assert whole.tail == pieces.tail
    assert [(p.fingerprint, p.count, p.exemplars, p.context) for p in whole.all] == [
        (p.fingerprint, p.count, p.exemplars, p.context) for p in pieces.all
    ]
