"""The figures as they are asked for by many at once, and while the records are slow or gone."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cyberbrain_cli.core.errors import DatabaseUnavailable
from cyberbrain_cli.core.metering import BUCKETS, OUTCOMES, Meter, Reading, Readings
from cyberbrain_cli.metrics import FRESH_SECONDS, Exposition

SCRAPERS = 10


class Records:
    """Counts how often it was asked; answers when it is let go."""

    def __init__(self, *counters: Reading) -> None:
        self.asked = 0
        self.failure: Exception | None = None
        self.free = threading.Event()
        self.free.set()
        self.counters = counters

    def read(self) -> Readings:
        self.asked += 1
        self.free.wait(20)
        if self.failure is not None:
            raise self.failure
        return Readings(self.counters, 0)


def answers(count: int, ask: Callable[[], object]) -> list[object]:
    """What so many got that asked at once: the kind of an exception, or None."""

    def attempt(_: int) -> object:
        try:
            ask()
        except Exception as error:  # noqa: BLE001 - its kind is the answer
            return type(error)
        return None

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(attempt, range(count)))


@pytest.mark.parametrize("failure", [None, DatabaseUnavailable("gone"), KeyError("a bug")])
def test_ten_scrapers_cost_one_query_whatever_comes_of_it(failure: Exception | None) -> None:
    records = Records()
    records.failure = failure
    records.free.clear()
    shown = Exposition(records.read)
    threading.Timer(0.2, records.free.set).start()
    told = answers(SCRAPERS, shown.text)
    assert told == [None if failure is None else type(failure)] * SCRAPERS
    assert records.asked == 1
    assert (shown.last_ok_at is None) == (failure is not None)


def test_who_waits_too_long_hears_so_and_the_next_answer_is_for_all() -> None:
    records, times = Records(), iter(range(1000))
    records.free.clear()
    shown = Exposition(records.read, patience_seconds=0.05, now=lambda: float(next(times)))
    assert answers(SCRAPERS, shown.json) == [DatabaseUnavailable] * SCRAPERS
    assert (records.asked, shown.last_ok_at) == (1, None)
    records.free.set()
    shown.patience_seconds = 20
    assert answers(1, shown.json) == [None]
    assert shown.last_ok_at is not None


def test_a_failure_is_forgotten_as_soon_as_a_figure_would_be() -> None:
    records, clock = Records(), [0.0]
    shown = Exposition(records.read, now=lambda: clock[0])
    records.failure = DatabaseUnavailable("gone")
    for moment, asked in ((0.0, 1), (FRESH_SECONDS, 1), (FRESH_SECONDS + 1, 2)):
        clock[0] = moment
        assert answers(1, shown.plain) == [DatabaseUnavailable]
        assert records.asked == asked
    records.failure = None
    clock[0] += FRESH_SECONDS + 1
    assert answers(1, shown.plain) == [None]


def figures(*counters: Reading) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Every sample of the text, by name and labels."""
    text = Exposition(Records(*counters).read).plain().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_histogram_adds_up() -> None:
    bounds = BUCKETS[Meter.JOB_TIME]
    found = figures(
        Reading("job_time", ("t", str(bounds[1]), ""), 2),
        Reading("job_time", ("t", str(bounds[4]), ""), 3),
        Reading("job_time", ("t", "+Inf", ""), 1),
        Reading("job_time", ("t", "sum", ""), 4_000_000_000),
    )
    name = "cyberbrain_jobs_duration_seconds"
    steps = [found[f"{name}_bucket", (("le", str(bound)), ("task", "t"))] for bound in bounds]
    assert steps[:6] == [0, 2, 2, 2, 5, 5]
    assert all(lower <= upper for lower, upper in pairwise(steps))
    assert found[f"{name}_bucket", (("le", "+Inf"), ("task", "t"))] == 6
    assert found[f"{name}_count", (("task", "t"),)] == 6
    assert found[f"{name}_sum", (("task", "t"),)] == 4000


def labelled(found: Iterable[tuple[str, tuple[tuple[str, str], ...]]], name: str) -> int:
    return sum(key[0] == name for key in found)


def test_what_never_happened_is_there_as_zero() -> None:
    found = figures(
        Reading("llm_calls", ("m", "h:1", "timeout"), 5),
        Reading("runs_finished", ("nightly", "succeeded", ""), 2),
        Reading("last_success", ("nightly", "", ""), 10**15),
        Reading("findings", ("nightly", "critical", "new"), 3),
    )
    calls = {
        dict(labels)["outcome"]: value
        for (name, labels), value in found.items()
        if name == "cyberbrain_llm_calls_total"
    }
    assert calls == {outcome: 5 if outcome == "timeout" else 0 for outcome in OUTCOMES}
    assert labelled(found, "cyberbrain_runs_finished_total") == 4
    assert labelled(found, "cyberbrain_findings") == 9
    assert sum(value for key, value in found.items() if key[0] == "cyberbrain_findings") == 3


def test_hostile_labels_are_escaped_in_every_form() -> None:
    name = 'x"} 1\ncyberbrain_active_runs 9\\'
    shown = Exposition(Records(Reading("llm_tokens", (name, "prompt", ""), 7)).read)
    found = figures(Reading("llm_tokens", (name, "prompt", ""), 7))
    key = ("cyberbrain_llm_tokens_total", (("kind", "prompt"), ("model", name)))
    assert (found[key], found["cyberbrain_active_runs", ()]) == (7, 0)
    (metric,) = [
        one for one in json.loads(shown.json())["metrics"] if one["name"].endswith("llm_tokens")
    ]
    assert metric["samples"][0]["labels"]["model"] == name
