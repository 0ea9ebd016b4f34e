"""One launch, from the request to the document: load → plan → preflight → execute → settle."""

from __future__ import annotations

import logging
from contextlib import suppress

from cyberbrain_cli.core.errors import Cancelled, CyberbrainError, ExitCode, exit_code_of
from cyberbrain_cli.core.findings import Finding, Severity, worst
from cyberbrain_cli.core.launch import (
    LaunchRequest,
    LaunchResult,
    PlanDocument,
    PreviewDocument,
)
from cyberbrain_cli.core.lifecycle import Status, run_status
from cyberbrain_cli.core.records import Held, LlmCall, NewJob, NewRun, RunDocument
from cyberbrain_cli.core.retry import PastLaunch
from cyberbrain_cli.engine.budgets import period_budgets, run_budget
from cyberbrain_cli.engine.context import JobRoom, llm_state
from cyberbrain_cli.engine.documents import SCHEMA_VERSION, run_document
from cyberbrain_cli.engine.heartbeat import beating
from cyberbrain_cli.engine.leftovers import remove_leftovers
from cyberbrain_cli.engine.loader import LoadedDirective
from cyberbrain_cli.engine.overlap import OverlapLock, lock_name
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.engine.planner import Plan, windows_of
from cyberbrain_cli.engine.preflight import ChosenModel, Ground
from cyberbrain_cli.engine.preview import preview
from cyberbrain_cli.engine.recovery import discard_unfinished, recover
from cyberbrain_cli.engine.retry import options_of
from cyberbrain_cli.engine.runner import JobEnd, Runner
from cyberbrain_cli.engine.stop import Stop
from cyberbrain_cli.engine.telling import Teller

log = logging.getLogger(__name__)


class Launcher:
    """Launches one loaded directive: anew, or again what `past` did not do."""

    def __init__(
        self,
        parts: Parts,
        loaded: LoadedDirective,
        request: LaunchRequest,
        past: PastLaunch | None = None,
    ) -> None:
        self._parts = parts
        self._loaded = loaded
        self._request = request
        self._past = past
        self._stop = Stop()
        self._ground = Ground(parts, loaded, request, past)
        lock = past.lock_name if past is not None else lock_name(loaded, request)
        self._lock = OverlapLock(parts, lock, request.if_running, self._stop)

    def cancel(self, exit_code: ExitCode) -> None:
        """Ask the launch to stop and clean up; safe in a signal handler."""
        self._stop.request(Cancelled(exit_code))

    def plan(self) -> PlanDocument:
        """What the launch would do. Starts nothing and records nothing."""
        plan, now_ns = self._stop.outlived(self._ground.plan)
        return PlanDocument(SCHEMA_VERSION, plan.record(self._request, now_ns))

    def preview(self) -> PreviewDocument:
        """The request bodies that the launch would send. Sends nothing and records nothing."""
        plan, model = self._stop.outlived(self._prepared)
        requests = preview(self._parts, self._loaded, plan, model, self._stop)
        return PreviewDocument(SCHEMA_VERSION, requests)

    def launch(self) -> LaunchResult:
        """Do it: the run's document and the exit code that says what happened."""
        call_off = self._stop.after(self._request.timeout_seconds, "The launch")
        try:
            with self._lock.held() as free:
                if not free:
                    return LaunchResult(None, ExitCode.OK)
                return self._launch()
        finally:
            call_off()

    def _launch(self) -> LaunchResult:
        parts, key = self._parts, self._request.run_key
        recover(parts.history, parts.journal, parts.locks, parts.artifacts, self._lock.name)
        known = parts.history.run_by_key(key) if key else None
        if known is not None:
            return self._result(run_document(parts.history, parts.artifacts, known))
        teller = Teller(parts, self._loaded, self._stop)
        teller.check()
        with teller.before():
            plan, model = self._stop.outlived(self._prepared)
            self._stop.outlived(lambda: remove_leftovers(parts))
        run_id, job_ids = parts.journal.create_run(self._new_run(plan))
        log.info("run of %s started", self._loaded.directive.name, extra={"run_id": run_id})
        with teller.of(run_id):
            try:
                ends = self._execute(plan, model, run_id, job_ids)
            finally:
                with suppress(CyberbrainError):  # without a database, recovery does it
                    discard_unfinished(parts.history, parts.artifacts, run_id)
        bug = next((end.bug for end in ends if end.bug is not None), None)
        if bug is not None:
            raise bug
        return self._result(run_document(parts.history, parts.artifacts, run_id))

    def _prepared(self) -> tuple[Plan, ChosenModel]:
        """What daemon and model say before anything is recorded."""
        plan = self._ground.inspected(self._ground.plan()[0])
        return plan, self._ground.model(plan)

    def _execute(
        self, plan: Plan, model: ChosenModel, run_id: int, job_ids: dict[str, int]
    ) -> list[JobEnd]:
        """Run the jobs and end the run. What a dead database leaves open, recovery ends."""
        parts, stop = self._parts, self._stop
        room = JobRoom(
            parts=parts,
            loaded=self._loaded,
            run_id=run_id,
            job_ids=job_ids,
            model=model,
            budget=run_budget(self._loaded, parts.budget),
            open_endpoint=parts.models.open,
            shared=llm_state(model),
            record=self._record,
            periods=period_budgets(self._loaded, parts.budget, parts.journal, run_id),
        )
        parts.journal.start_run(run_id)
        with beating(parts.journal, run_id, stop):
            ends = Runner(
                plan=plan,
                job_ids=job_ids,
                journal=parts.journal,
                progress=parts.progress,
                stop=stop,
                work=room.work,
                max_parallel=parts.max_parallel,
                run_id=run_id,
            ).run()
        cancelled = isinstance(stop.error, Cancelled)
        status = run_status((end.status for end in ends), cancelled=cancelled)
        reasons = dict.fromkeys(reason for end in ends for reason in end.degraded)
        parts.journal.finish_run(run_id, status, tuple(reasons))
        log.info("run ended %s", status, extra={"run_id": run_id})
        return ends

    def _record(self, call: LlmCall, held: Held | None) -> None:
        self._parts.journal.record_call(call, held)
        about: dict[str, object] = {"run_id": call.run_id, "job_id": call.job_id, "task": call.task}
        if call.container is not None:
            about["container"] = call.container
        seconds = round(call.duration_seconds, 1)
        log.debug("asked %s: %s after %s s", call.model, call.outcome, seconds, extra=about)

    def _new_run(self, plan: Plan) -> NewRun:
        directive, identity = self._loaded.directive, self._parts.identity
        return NewRun(
            directive=directive.name,
            directive_version=directive.version,
            directive_sha256=self._loaded.sha256,
            directive_text=self._loaded.text,
            host=identity.host,
            pid=identity.pid,
            boot_id=identity.boot_id,
            lock_name=self._lock.name,
            run_key=self._request.run_key,
            labels={**directive.labels, **self._request.labels},
            jobs=tuple(
                NewJob(
                    job.spec.key,
                    job.spec.task,
                    place,
                    job.params.model_dump(mode="json"),
                    windows_of(job),
                )
                for place, job in enumerate(plan.jobs)
            ),
            options=options_of(self._request),
            retry_of=self._past.id if self._past is not None else None,
        )

    def _result(self, document: RunDocument) -> LaunchResult:
        return LaunchResult(document, self._exit_code(document))

    def _exit_code(self, document: RunDocument) -> ExitCode:
        status = document.run.status
        if status is Status.SUCCEEDED:
            limit = self._request.fail_on or self._loaded.directive.fail_on
            return ExitCode.FINDINGS if _reaches(document.findings, limit) else ExitCode.OK
        if status is Status.CANCELLED and self._stop.error is not None:
            return self._stop.error.exit_code
        errors = [job.error for job in document.run.jobs if job.error is not None]
        return exit_code_of(errors[0].code) if errors else ExitCode.FAILED


def _reaches(findings: tuple[Finding, ...], limit: Severity | None) -> bool:
    highest = worst(findings)
    return limit is not None and highest is not None and highest.rank >= limit.rank
