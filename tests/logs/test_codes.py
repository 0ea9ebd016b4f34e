"""Numbers that carry a meaning decide of a line's severity, however many are counted at once."""

from __future__ import annotations

from collections import Counter

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cyberbrain_cli.logs import codes
from cyberbrain_cli.logs.codes import Codes
from cyberbrain_cli.logs.lines import Kind, read_line
from cyberbrain_cli.testing import log_lines
from tests.logs.kit import mine, mine_text

NUMBERS = st.one_of(
    st.sampled_from(["", "0", "00", "3", "7", "200", "404", "429", "500", "503", "1000", "50012"]),
    st.integers(0, 10**6).map(str),
)
SHAPES = st.sampled_from([
    "GET /a HTTP/1.1\" {n} 12", '10.0.0.1 - - "GET / HTTP/2.0" {n} {n}', "status={n} done", "status: {n}",
    "exited with code {n}", "exit status {n}", "errors={n} rows={n}", "failed: {n}", "{n} errors in {n} files",
    "run {n}: {n} other errors", "{n} timed out", '{"level":{n},"msg":"upstream"}', '{"level": {n}, "status": {n}, "msg": "a"}',
    "<{n}>Nov 22 03:00:00 host app[{n}]: hello", "level={n} msg=x y={n}", "grpc.code={n} level=info msg=x",
    "took {n} ms", "worker{n} has {n} failures", "error_count={n}",
])  # fmt: skip
LINES = st.lists(st.tuples(SHAPES, st.lists(NUMBERS, min_size=3, max_size=3)), max_size=60)


def filled(shape: str, numbers: list[str]) -> str:
    for number in numbers:
        shape = shape.replace("{n}", number, 1)
    return shape


@settings(deadline=None, max_examples=150)
@given(LINES, st.integers(1, 40))
@example([("status={n} done", ["", "", ""]), ("status={n} done", ["500", "", ""])], 1)
@example(
    [("{n} errors in {n} files", ["0", "1", ""]), ("{n} errors in {n} files", ["10", "", ""])], 9
)
def test_no_line_is_counted_under_another_severity(
    drawn: list[tuple[str, list[str]]], batch: int
) -> None:
    lines = [filled(shape, numbers) for shape, numbers in drawn]
    lines = [line for line in lines if read_line(line.encode()).kind is Kind.HEAD]
    expected = Counter(read_line(line.encode()).severity for line in lines)
    found: Counter[object] = Counter()
    for pattern in mine(*log_lines("\n".join(lines)) if lines else (), batch=batch).all:
        found[pattern.severity] += pattern.count
    assert found == expected


def test_a_line_that_looks_marked_hides_no_other() -> None:
    marker = Codes()
    marker.learn(b'GET / HTTP/1.1" 500')
    forged = marker.mark(b'\nGET / HTTP/1.1" 500').strip()
    text = b"\n".join([forged, b'GET / HTTP/1.1" \x15\x10\x10', b'GET / HTTP/1.1" 500'] * 3)
    graves = [pattern for pattern in mine_text(text).patterns if pattern.severity == "critical"]
    assert sum(pattern.count for pattern in graves) == 3


def test_more_kinds_of_places_than_there_is_room_for_are_still_told_apart() -> None:
    letters = "abcdefghijklmnop"
    words = [f"{a}{b}x" for a in letters for b in letters][: 2 * codes._MOST_ANCHORS]
    lines = [f"{number} {word} errors" for word in words for number in (0, 7)]
    counts: Counter[str] = Counter()
    for pattern in mine_text("\n".join(lines * 2)).patterns:
        counts[pattern.severity.value] += pattern.count
    assert counts == {"info": 2 * len(words), "critical": 2 * len(words)}
