"""Jobs side by side: order, failure, stopping. Work is driven by events, never by time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from cyberbrain_cli.core.directive import Directive
from cyberbrain_cli.core.errors import Cancelled, ExitCode, RunFailed
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import JobSettlement
from cyberbrain_cli.core.worker import Outcome, TaskParams, Worker
from cyberbrain_cli.engine.loader import LoadedDirective
from cyberbrain_cli.engine.planner import Plan, PlanJob
from cyberbrain_cli.engine.runner import GRACE_SECONDS, JobEnd, Runner
from cyberbrain_cli.engine.stop import Stop

LONG = 30
WORKER = Worker("work", "works", TaskParams, lambda params, context: Outcome())


class Notebook:
    """Stands for journal and progress: remembers what it was told."""

    def __init__(self) -> None:
        self.started: list[int] = []
        self.settled: dict[int, JobSettlement] = {}
        self.notes: list[str] = []

    def start_job(self, job_id: int) -> None:
        self.started.append(job_id)

    def settle_job(self, job_id: int, settlement: JobSettlement) -> None:
        self.settled[job_id] = settlement

    def job_started(self, key: str) -> None: ...

    def job_finished(self, key: str, status: Status) -> None: ...

    def note(self, text: str) -> None:
        self.notes.append(text)


def run(
    tasks: Sequence[dict[str, Any]],
    work: Callable[[PlanJob, Stop], Outcome],
    stop: Stop | None = None,
    max_parallel: int = 4,
) -> tuple[dict[str, JobEnd], Notebook]:
    directive = Directive.model_validate({"name": "d", "tasks": tasks})
    jobs = tuple(PlanJob(spec, WORKER, TaskParams()) for spec in directive.tasks)
    plan = Plan(LoadedDirective(directive, {}, ""), jobs, {})
    ids = {job.spec.key: number for number, job in enumerate(jobs)}
    notebook: Any = Notebook()
    runner = Runner(plan, ids, notebook, notebook, stop or Stop(), work, max_parallel)
    return {end.key: end for end in runner.run()}, notebook


def task(key: str, **options: Any) -> dict[str, Any]:
    return {"task": "work", "id": key, **options}


def test_jobs_without_needs_run_side_by_side() -> None:
    meeting = threading.Barrier(3)

    def work(job: PlanJob, stop: Stop) -> Outcome:
        meeting.wait(LONG)
        return Outcome()

    ends, _ = run([task("a"), task("b"), task("c")], work)
    assert {end.status for end in ends.values()} == {Status.SUCCEEDED}


def test_no_more_jobs_than_allowed_run_at_once() -> None:
    active: list[str] = []
    most = 0

    def work(job: PlanJob, stop: Stop) -> Outcome:
        nonlocal most
        active.append(job.spec.key)
        most = max(most, len(active))
        active.remove(job.spec.key)
        return Outcome()

    run([task(key) for key in "abcdefgh"], work, max_parallel=1)
    assert most == 1


def failing(*keys: str) -> Callable[[PlanJob, Stop], Outcome]:
    def work(job: PlanJob, stop: Stop) -> Outcome:
        if job.spec.key in keys:
            raise RunFailed("It broke.", "Mend it.")
        return Outcome()

    return work


def test_what_needs_a_failed_job_never_starts() -> None:
    tasks = [task("a", on_failure="continue"), task("b", needs=["a"]), task("c")]
    ends, notebook = run(tasks, failing("a"))
    assert [ends[key].status for key in "abc"] == ["failed", "cancelled", "succeeded"]
    assert 1 not in notebook.started
    error = notebook.settled[0].error
    assert error is not None
    assert (error.message, error.hint) == ("It broke.", "Mend it.")


def test_a_failure_that_stops_the_run_keeps_later_jobs_from_starting() -> None:
    ends, _ = run([task("a"), task("b")], failing("a"), max_parallel=1)
    assert [ends[key].status for key in "ab"] == ["failed", "cancelled"]


def test_a_failure_that_is_told_to_continue_does() -> None:
    ends, _ = run([task("a", on_failure="continue"), task("b")], failing("a"), max_parallel=1)
    assert [ends[key].status for key in "ab"] == ["failed", "succeeded"]


def test_a_stop_reaches_running_jobs_and_keeps_others_from_starting() -> None:
    stop = Stop()

    def work(job: PlanJob, own: Stop) -> Outcome:
        stop.request(Cancelled(ExitCode.INTERRUPTED))
        own.wait(LONG)
        return Outcome()

    ends, notebook = run([task("a"), task("b")], work, stop, max_parallel=1)
    assert [ends[key].status for key in "ab"] == ["cancelled", "cancelled"]
    assert notebook.settled[0].status is Status.CANCELLED


def test_a_job_that_takes_too_long_fails_and_says_so() -> None:
    def work(job: PlanJob, stop: Stop) -> Outcome:
        stop.wait(LONG)
        return Outcome()

    ends, _ = run([task("a", timeout_seconds=0.01)], work)
    assert ends["a"].status is Status.FAILED
    assert "did not end within 0.01 s" in str(ends["a"].error)


def test_a_bug_in_a_worker_is_carried_out_and_not_swallowed() -> None:
    def work(job: PlanJob, stop: Stop) -> Outcome:
        raise ZeroDivisionError

    ends, _ = run([task("a")], work)
    assert isinstance(ends["a"].bug, ZeroDivisionError)


def test_jobs_that_do_not_hear_share_one_grace() -> None:
    stop, go_on = Stop(), threading.Event()

    def work(job: PlanJob, own: Stop) -> Outcome:
        stop.request(Cancelled(ExitCode.INTERRUPTED))
        go_on.wait(LONG)
        return Outcome()

    begin = time.monotonic()
    ends, told = run([task("a"), task("b"), task("c")], work, stop)
    seconds = time.monotonic() - begin
    go_on.set()
    assert {end.status for end in ends.values()} == {Status.CANCELLED}
    assert seconds < GRACE_SECONDS * 2
    assert told.notes[0].startswith("Job 'a' did not stop")
