"""Running the jobs of a plan side by side, in the order of their needs, and settling each."""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from cyberbrain_cli.core.errors import Cancelled, CyberbrainError
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.ports import Journal, Progress
from cyberbrain_cli.core.records import ErrorRecord, FindingCount, JobSettlement
from cyberbrain_cli.core.worker import Outcome
from cyberbrain_cli.engine.planner import Plan, PlanJob
from cyberbrain_cli.engine.stop import Stop

GRACE_SECONDS = 3.5
"""How long jobs may take to notice that they are to stop, before the run ends without them.

With the heartbeat that hears of it, `runs cancel` is through within five seconds.
"""
_LISTEN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended. `error` is what a person is told; `bug` what nobody foresaw."""

    key: str
    status: Status
    findings: tuple[Finding, ...] = ()
    degraded: tuple[str, ...] = ()
    error: CyberbrainError | None = None
    bug: BaseException | None = None


log = logging.getLogger(__name__)


@dataclass(slots=True)
class Runner:
    """Runs a plan. `work` does one job, given a stop of its own."""

    plan: Plan
    job_ids: dict[str, int]
    journal: Journal
    progress: Progress
    stop: Stop
    work: Callable[[PlanJob, Stop], Outcome]
    max_parallel: int
    run_id: int | None = None
    _waited: float = 0.0
    _ended: dict[str, JobEnd] = field(default_factory=dict)
    _completions: queue.SimpleQueue[JobEnd] = field(default_factory=queue.SimpleQueue)

    def run(self) -> list[JobEnd]:
        """Run every job whose needs succeed; the ends of all, in the order of the plan."""
        jobs = {job.spec.key: job for job in self.plan.jobs}
        sorter = TopologicalSorter({key: job.spec.needs for key, job in jobs.items()})
        sorter.prepare()
        ready: deque[str] = deque()
        running: set[str] = set()
        while sorter.is_active():
            ready.extend(sorter.get_ready())
            while ready and len(running) < self.max_parallel:
                job = jobs[ready.popleft()]
                if self._may_start(job):
                    running.add(job.spec.key)
                    threading.Thread(target=self._run_job, args=(job,), daemon=True).start()
                else:
                    self._completions.put(JobEnd(job.spec.key, Status.CANCELLED))
                    running.add(job.spec.key)
            end = self._next_end(running)
            running.discard(end.key)
            self._ended[end.key] = end
            sorter.done(end.key)
        return [self._ended[key] for key in jobs]

    def _may_start(self, job: PlanJob) -> bool:
        needs = [self._ended[need] for need in job.spec.needs]
        return (
            self.stop.error is None
            and all(need.status is Status.SUCCEEDED for need in needs)
            and not any(self._halts(end) for end in self._ended.values())
        )

    def _halts(self, end: JobEnd) -> bool:
        spec = next(job.spec for job in self.plan.jobs if job.spec.key == end.key)
        failed = end.status is Status.FAILED or end.bug is not None
        return failed and spec.on_failure == "stop"

    def _next_end(self, running: set[str]) -> JobEnd:
        """Wait for a job to end; once asked to stop, for all no longer than the grace allows."""
        while True:
            try:
                return self._completions.get(timeout=_LISTEN_SECONDS)
            except queue.Empty:
                self._waited += _LISTEN_SECONDS if self.stop.error is not None else 0.0
                if self._waited >= GRACE_SECONDS:
                    return self._left_behind(min(running))

    def _left_behind(self, key: str) -> JobEnd:
        self.progress.note(
            f"Job '{key}' did not stop within {GRACE_SECONDS:g} s and is left behind. "
            "A container that it started, if any, is removed by the next launch."
        )
        return JobEnd(key, Status.CANCELLED, error=self.stop.error)

    def _run_job(self, job: PlanJob) -> None:
        key = job.spec.key
        self.progress.job_started(key)
        try:
            end = self._attempt(job)
        except BaseException as bug:  # noqa: BLE001 - carried to the main thread, raised there
            end = JobEnd(key, Status.FAILED, bug=bug)
        self.progress.job_finished(key, end.status)
        why = end.error or (type(end.bug).__name__ if end.bug else None)
        told = (end.status, f": {why}" if why else "")
        log.info("job %s ended %s%s", key, *told, extra=self._about(job))
        self._completions.put(end)

    def _about(self, job: PlanJob) -> dict[str, object]:
        job_id = self.job_ids[job.spec.key]
        return {"run_id": self.run_id, "job_id": job_id, "task": job.spec.task}

    def _attempt(self, job: PlanJob) -> JobEnd:
        key, stop = job.spec.key, self.stop.child()
        call_off = stop.after(job.spec.timeout_seconds, f"Job '{key}'")
        try:
            self.journal.start_job(self.job_ids[key])
            outcome = self.work(job, stop)
            if outcome.failure is None or isinstance(stop.error, Cancelled):
                stop.check()
        except CyberbrainError as error:
            return self._fail(key, stop.error or error)
        finally:
            call_off()
        self.journal.settle_job(self.job_ids[key], _settled(outcome))
        for item in outcome.containers:
            about = {**self._about(job), "container": item.name}
            log.debug("read %d lines, %d patterns", item.lines, item.patterns, extra=about)
        status = Status.SUCCEEDED if outcome.failure is None else Status.FAILED
        return JobEnd(key, status, outcome.findings, outcome.degraded, outcome.failure)

    def _fail(self, key: str, error: CyberbrainError) -> JobEnd:
        cancelled = isinstance(error, Cancelled)
        status = Status.CANCELLED if cancelled else Status.FAILED
        record = None if cancelled else _recorded(error)
        self.journal.settle_job(self.job_ids[key], JobSettlement(status, error=record))
        return JobEnd(key, status, error=error)


def _recorded(error: CyberbrainError) -> ErrorRecord:
    return ErrorRecord(error.code, error.message, error.hint)


def _settled(outcome: Outcome) -> JobSettlement:
    failure = outcome.failure
    return JobSettlement(
        status=Status.SUCCEEDED if failure is None else Status.FAILED,
        error=None if failure is None else _recorded(failure),
        degraded_reasons=outcome.degraded,
        containers=outcome.containers,
        findings=tuple(
            FindingCount(item.id, item.severity.value, item.state.value)
            for item in outcome.findings
        ),
        artifacts=outcome.artifacts,
        cursors=outcome.cursors,
        patterns=outcome.patterns,
    )
