"""What a launch finds out before it records anything: the plan, the containers, the model."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from cyberbrain_cli.core.errors import LlmUnavailable, NotFound, PolicyRefused
from cyberbrain_cli.core.launch import LaunchRequest
from cyberbrain_cli.core.ports import ModelInfo
from cyberbrain_cli.core.records import AuditEvent
from cyberbrain_cli.core.retry import PastLaunch
from cyberbrain_cli.core.worker import Target
from cyberbrain_cli.engine.budgets import limits_money
from cyberbrain_cli.engine.host_guard import GuardedHost
from cyberbrain_cli.engine.loader import LoadedDirective
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.engine.planner import Plan, World, make_plan
from cyberbrain_cli.engine.retry import make_retry_plan

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChosenModel:
    """The model of a launch, or why there is none; both None when none is wanted."""

    info: ModelInfo | None = None
    absence: str | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """The outside world as one launch meets it; `past` is the run that it does again, if any."""

    parts: Parts
    loaded: LoadedDirective
    request: LaunchRequest
    past: PastLaunch | None = None

    def plan(self) -> tuple[Plan, int]:
        """The plan, and the daemon's time it was made at. Refusals are audited."""
        parts, directive = self.parts, self.loaded.directive
        world = World(
            inventory=parts.host.containers(),
            allowlist=parts.history.allowlist(),
            cursors={
                task.key: parts.history.cursors(directive.name, task.key)
                for task in directive.tasks
            },
            now_ns=parts.host.now_ns(),
        )
        try:
            plan = self._planned(world)
        except PolicyRefused as error:
            self._audit(", ".join(self.request.containers), error.message)
            raise
        for name, reason in plan.refusals.items():
            self._audit(name, reason)
            parts.progress.note(f"{reason} It is left out.")
        return plan, world.now_ns

    def _planned(self, world: World) -> Plan:
        if self.past is not None:
            return make_retry_plan(self.past, self.loaded, self.parts.workers, world)
        return make_plan(self.loaded, self.request, self.parts.workers, world)

    def inspected(self, plan: Plan) -> Plan:
        """The plan with each container in full, as the daemon knows it now."""
        host = GuardedHost(
            self.parts.host, self.parts.history.allowlist(), self.parts.journal.audit
        )
        jobs = tuple(
            replace(job, targets=tuple(_inspect(host, target) for target in job.targets))
            for job in plan.jobs
        )
        if not any(job.targets for job in jobs) and any(job.worker.reads_logs for job in jobs):
            self.parts.progress.note(
                "No container is both on this host and on the allowlist: nothing to read. "
                "Add one with `cyberbrain allowlist add NAME`."
            )
        return replace(plan, jobs=jobs)

    def model(self, plan: Plan) -> ChosenModel:
        """The model to use. Raises LlmUnavailable when one is required and none answers."""
        wanted = self.loaded.directive.llm
        unwanted = self.request.no_llm or wanted.use == "off"
        if unwanted or not any(job.worker.uses_llm for job in plan.jobs):
            return ChosenModel()
        try:
            info = self.parts.models.discover(wanted.endpoint, wanted.model)
        except LlmUnavailable as error:
            if wanted.use == "required":
                raise
            self.parts.progress.note(f"{error.message} The run goes on with rules alone.")
            return ChosenModel(absence=error.message)
        self.parts.progress.note(f"Model {info.model} at {info.endpoint}.")
        if limits_money(self.loaded, self.parts.budget) and self.parts.models.price(info) is None:
            self.parts.progress.note(
                f"Model {info.model} has no price, so no budget of money limits it. "
                "Set one in prices, or limit tokens."
            )
        return ChosenModel(info)

    def _audit(self, subject: str, reason: str) -> None:
        log.warning("reading refused: %s", reason, extra={"container": subject})
        self.parts.journal.audit(AuditEvent("read_logs", subject, "refused", reason))


def _inspect(host: GuardedHost, target: Target) -> Target:
    if target.problem is not None:
        return target
    try:
        return replace(target, container=host.inspect(target.container.id))
    except NotFound as error:
        return replace(target, problem=error.message)
