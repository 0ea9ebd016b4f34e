"""How much happened when, in spans that are never finer than what was counted."""

from __future__ import annotations

from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.testing import FakeHost, run_worker
from cyberbrain_cli.workers.log_triage import WORKER

SECOND = NANOSECONDS
T0 = 1_795_402_800 * SECOND


def timelines(*lines: tuple[float, str]) -> list[dict[str, object]]:
    """The timelines of a triage of one container with these lines, by second."""
    host = FakeHost()
    read = [(T0 + int(second * SECOND), "stdout", text.encode()) for second, text in lines]
    host.add("shop-db", sorted(read))
    found = run_worker(WORKER, host).documents["analysis.json"]["timelines"]
    assert isinstance(found, list)
    return found


def test_events_and_those_behind_a_finding_are_counted_over_the_same_time() -> None:
    calm = [(second, f"INFO served {second}") for second in range(480)]
    bad = [(second, "ERROR disk full") for second in range(240, 480, 2)]
    (line,) = timelines(*calm, *bad)
    assert line["container"] == "shop-db"
    counts = line["counts"]
    assert isinstance(counts, list)
    assert len(counts) == 47
    assert sum(counts) == 600
    findings = line["findings"]
    assert isinstance(findings, dict)
    (errors,) = findings.values()
    assert sum(errors) == 120
    assert sum(errors[:23]) == 0
    assert min(errors[25:-1]) > 0


def test_a_time_too_short_to_tell_apart_has_no_timeline() -> None:
    assert timelines((0, "ERROR a"), (39, "ERROR b")) == []
    assert timelines((0, "ERROR a")) == []
    assert timelines() == []
    assert len(timelines((0, "ERROR a"), (41, "ERROR b"))) == 1
