"""The room a worker works in: every port guarded, and nothing else within reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cyberbrain_cli.core.directive import OnBudget
from cyberbrain_cli.core.errors import CyberbrainError, LlmUnavailable, UsageError
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.ports import ChatEndpoint, ContainerRunner, Llm, ModelInfo
from cyberbrain_cli.core.records import Held, InputFile, LlmCall
from cyberbrain_cli.core.tokens import RunBudget
from cyberbrain_cli.core.worker import JobContext, Outcome
from cyberbrain_cli.engine.artifact_guard import GuardedArtifacts
from cyberbrain_cli.engine.budgets import PeriodBudgets, effective_budget
from cyberbrain_cli.engine.caller import Caller
from cyberbrain_cli.engine.container_guard import GuardedRunner
from cyberbrain_cli.engine.documents import ANALYSIS, findings_in, json_in, recorded
from cyberbrain_cli.engine.host_guard import GuardedHost
from cyberbrain_cli.engine.llm_guard import GuardedLlm
from cyberbrain_cli.engine.llm_state import LlmState
from cyberbrain_cli.engine.loader import LoadedDirective
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.engine.planner import PlanJob
from cyberbrain_cli.engine.preflight import ChosenModel
from cyberbrain_cli.engine.stop import Stop


@dataclass(frozen=True, slots=True)
class JobRoom:
    """Makes the context of each job of a run, runs its worker, and checks what came of it."""

    parts: Parts
    loaded: LoadedDirective
    run_id: int
    job_ids: dict[str, int]
    model: ChosenModel
    budget: RunBudget
    open_endpoint: Callable[[ModelInfo], ChatEndpoint]
    shared: LlmState
    record: Callable[[LlmCall, Held | None], None]
    periods: PeriodBudgets | None = None

    def work(self, job: PlanJob, stop: Stop) -> Outcome:
        """Run one job. Raises whatever makes it fail, also where its worker carried on."""
        llm = self._llm(job, stop)
        try:
            outcome = job.worker.run(job.params, self._context(job, stop, llm))
        finally:
            if llm is not None:
                llm.close()
        self._insist(llm)
        return outcome

    def _insist(self, llm: GuardedLlm | None) -> None:
        """A worker goes on without the model; the directive may say that this is not enough."""
        if llm is None:
            return
        if llm.spent is not None:
            if effective_budget(self.loaded, self.parts.budget).on_budget is OnBudget.FAIL:
                raise llm.spent
            self.parts.progress.note(llm.spent.message)
        required = self.loaded.directive.llm.use == "required"
        if required and isinstance(llm.failure, LlmUnavailable):
            raise llm.failure

    def _llm(self, job: PlanJob, stop: Stop) -> GuardedLlm | None:
        if self.model.info is None or not job.worker.uses_llm:
            return None
        endpoint = self.open_endpoint(self.model.info)
        stop.on_stop(endpoint.close)
        return GuardedLlm(
            endpoint=endpoint,
            budget=self.budget,
            redact=self.parts.redact,
            record=self.record,
            price=self.parts.models.price(self.model.info),
            clock=self.parts.clock,
            wait=stop.wait,
            run_id=self.run_id,
            job_id=self.job_ids[job.spec.key],
            task=job.spec.task,
            state=self.shared,
            periods=self.periods,
            used=lambda total: self.parts.progress.tokens(job.spec.key, total),
        )

    def _context(self, job: PlanJob, stop: Stop, llm: Llm | None) -> JobContext:
        parts, key = self.parts, job.spec.key
        directive = self.loaded.directive.name
        return JobContext(
            run_id=self.run_id,
            job_key=key,
            directive=directive,
            targets=job.targets,
            host=GuardedHost(
                parts.host, parts.history.allowlist(), parts.journal.audit, self.run_id
            ),
            gpus=parts.gpus,
            runner=self._runner(job, stop),
            llm=llm,
            llm_absence=self.model.absence,
            artifacts=GuardedArtifacts(
                parts.artifacts, parts.redact, f"run_{self.run_id}/{key}", parts.documents
            ),
            redact=parts.redact,
            clock=parts.clock,
            progress=parts.progress,
            check=stop.check,
            previous=self._previous(directive, key),
            seen=parts.history.seen(directive, key),
            max_parallel=parts.max_parallel,
            earlier=lambda kind: self._earlier(directive, key, kind),
            results=lambda other, kind: self._results(job, other, kind),
        )

    def _runner(self, job: PlanJob, stop: Stop) -> ContainerRunner:
        parts, key = self.parts, job.spec.key
        caller = Caller(
            owner=parts.owner,
            user=parts.identity.user,
            run_id=self.run_id,
            job_id=self.job_ids[key],
            job_key=key,
            directive=self.loaded.directive.name,
        )
        return GuardedRunner(
            runtime=parts.runtime,
            host=parts.host,
            entries=parts.history.images,
            audit=parts.journal.audit,
            redact=parts.redact,
            environment=parts.environment,
            caller=caller,
            stop=stop,
        )

    def _results(self, job: PlanJob, other: str, kind: str | None) -> tuple[InputFile, ...]:
        """The artifacts of a job that this one needs, of this run or the one retried."""
        if other not in job.params.reads_from():
            raise UsageError(f"Job '{job.spec.key}' does not read from '{other}'.")
        run = self.parts.history.run(self.run_id)
        while run.retry_of is not None and other not in {found.key for found in run.jobs}:
            run = self.parts.history.run(run.retry_of)
        return tuple(
            InputFile(artifact.path.rpartition("/")[2], recorded(self.parts.artifacts, artifact))
            for found in run.jobs
            for artifact in found.artifacts
            if found.key == other and kind in (None, artifact.kind)
        )

    def _earlier(self, directive: str, key: str, kind: str) -> tuple[Any, ...]:
        found: list[Any] = []
        for artifact in self.parts.history.previous_artifacts(directive, key, kind):
            try:
                content = recorded(self.parts.artifacts, artifact)
                found.append(json_in(content, artifact.path))
            except CyberbrainError as error:
                self.parts.progress.note(f"What the last run wrote cannot be read: {error.message}")
        return tuple(found)

    def _previous(self, directive: str, key: str) -> tuple[Finding, ...]:
        findings: tuple[Finding, ...] = ()
        for artifact in self.parts.history.previous_artifacts(directive, key, ANALYSIS):
            try:
                content = recorded(self.parts.artifacts, artifact)
                findings += findings_in(content, artifact.path)
            except CyberbrainError as error:
                self.parts.progress.note(f"The previous findings cannot be read: {error.message}")
        return findings


def llm_state(model: ChosenModel) -> LlmState:
    """What a run's jobs know together of the model: whose turn it is, and what it cannot do."""
    return LlmState(model.info.max_parallel if model.info is not None else 1)
