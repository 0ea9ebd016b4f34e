"""No gap, no overlap: windows, caps, rotation, and what is said of them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import ContainerReading, Cursor
from cyberbrain_cli.testing import START_NS, FakeHost, LogLine, WorkerRun, log_lines, run_worker
from cyberbrain_cli.workers.log_triage import WORKER

SECOND = 10**9
LINES = log_lines("".join(f"INFO line {number}\n" for number in range(100)))


def host(lines: list[LogLine], now: int | None = None) -> FakeHost:
    made = FakeHost(batch_lines=7)
    made.add("app", lines)
    made.now = now if now is not None else lines[-1][0]
    return made


def reading(run: WorkerRun) -> ContainerReading:
    return run.outcome.containers[0]


def cursor(run: WorkerRun) -> Cursor:
    return run.outcome.cursors[0]


def test_the_cursor_ends_with_the_window_and_remembers_the_last_line() -> None:
    run = run_worker(WORKER, host(LINES, LINES[-1][0] + SECOND))
    assert cursor(run) == Cursor("id-app", "app", LINES[-1][0] + SECOND, LINES[-1][0])


def test_a_cap_cuts_the_reading_and_the_next_run_goes_on_there() -> None:
    fake = host(LINES)
    total, known = 0, None
    for expected in (40, 40, 20):
        run = run_worker(WORKER, fake, {"max_lines": 40}, cursors=[known] if known else [])
        known = cursor(run)
        total += reading(run).lines
        cut = reading(run).truncated
        assert reading(run).lines == expected
        assert reading(run).until == known.until
        assert (cut is None) == (expected == 20)
        assert cut is None or (cut.limit, cut.read_until) == (40, known.until)
    assert total == 100


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=40),
    st.integers(1, 9),
    st.integers(1, 5),
)
def test_capped_runs_read_every_line_exactly_once(
    steps: list[int], cap: int, batch_lines: int
) -> None:
    times, time = [], START_NS
    for step in steps:
        time += step
        times.append(time)
    lines = [(at, "stdout", b"INFO %d" % number) for number, at in enumerate(times)]
    fake = host(lines)
    fake.batch_lines = batch_lines
    total, known = 0, None
    while True:
        run = run_worker(WORKER, fake, {"max_lines": cap}, cursors=[known] if known else [])
        total += reading(run).lines
        known = cursor(run)
        if reading(run).truncated is None:
            break
    assert total == len(lines)


def test_lines_of_two_streams_a_little_out_of_order_are_not_lost_at_a_cap() -> None:
    lines = [
        (START_NS + 1, "stdout", b"INFO a"), (START_NS + 3, "stdout", b"INFO c"),
        (START_NS + 2, "stderr", b"INFO b"), (START_NS + 9, "stdout", b"INFO d"),
    ]  # fmt: skip
    run = run_worker(WORKER, host(lines), {"max_lines": 2})
    assert (reading(run).lines, cursor(run).until) == (3, START_NS + 3)


def after_rotation(known: Cursor, kept: list[LogLine]) -> WorkerRun:
    return run_worker(WORKER, host(kept, LINES[-1][0] + 60 * SECOND), cursors=[known])


def test_no_gap_is_claimed_while_the_last_line_is_there() -> None:
    known = Cursor("id-app", "app", LINES[50][0], LINES[50][0])
    assert reading(after_rotation(known, LINES[50:])).gap is None
    assert reading(after_rotation(known, LINES)).gap is None
    late = log_lines("INFO much later\n", start=LINES[-1][0] + 30 * SECOND)
    assert reading(after_rotation(known, [LINES[50], *late])).gap is None


def test_a_gap_is_told_in_numbers_when_lines_were_rotated_away() -> None:
    known = Cursor("id-app", "app", LINES[50][0], LINES[50][0])
    gap = reading(after_rotation(known, LINES[70:])).gap
    assert gap is not None
    assert (gap.after, gap.until, gap.seconds) == (LINES[50][0], LINES[70][0], 20.0)


def test_a_log_that_was_emptied_is_a_gap() -> None:
    known = Cursor("id-app", "app", LINES[50][0], LINES[50][0])
    gap = reading(after_rotation(known, [])).gap
    assert gap is not None
    assert gap.after == LINES[50][0]


def test_a_silent_container_that_begins_to_talk_has_no_gap() -> None:
    first = run_worker(WORKER, replace(host(LINES[:1], START_NS - SECOND), logs={"app": []}))
    known = cursor(first)
    assert known.last_line is None
    assert reading(after_rotation(known, LINES)).gap is None


def test_a_window_without_lines_keeps_the_proof_that_nothing_is_gone() -> None:
    fake = host(LINES, LINES[-1][0] + SECOND)
    known = cursor(run_worker(WORKER, fake))
    fake.now += 60 * SECOND
    again = cursor(run_worker(WORKER, fake, cursors=[known]))
    assert again == replace(known, until=fake.now)
    late = log_lines("INFO late\n", start=fake.now + SECOND)
    fake.logs["app"], fake.now = [*LINES, *late], fake.now + 9 * SECOND
    assert reading(run_worker(WORKER, fake, cursors=[again])).gap is None


def test_looking_at_another_time_moves_no_cursor() -> None:
    known = Cursor("id-app", "app", LINES[50][0], LINES[50][0])
    for window in (
        Window(LINES[60][0], LINES[90][0]),
        Window(LINES[10][0], LINES[40][0]),
    ):
        run = run_worker(WORKER, host(LINES), window=window, cursors=[known])
        assert run.outcome.cursors == ()
        assert "goes on where the last one ended" in run.documents["analysis.json"]["notes"][0]
    covering = Window(LINES[10][0], LINES[90][0])
    run = run_worker(WORKER, host(LINES), window=covering, cursors=[known])
    assert cursor(run).until == LINES[90][0]


def test_what_a_cut_reading_did_not_reach_is_not_resolved() -> None:
    lines = log_lines("INFO a\nINFO b\nERROR c\n")
    before = run_worker(WORKER, host(lines)).outcome.findings
    run = run_worker(WORKER, host(lines), {"max_lines": 1}, previous=before)
    assert run.outcome.findings == ()
