"""`launch --preview`: the launch's own path with nothing sent, written or recorded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cyberbrain_cli.core.errors import LlmUnavailable
from cyberbrain_cli.core.launch import PreviewRequest
from cyberbrain_cli.core.ports import ArtifactStore
from cyberbrain_cli.core.records import Held, LlmCall, NewArtifact
from cyberbrain_cli.engine.budgets import run_budget
from cyberbrain_cli.engine.context import JobRoom, llm_state
from cyberbrain_cli.engine.loader import LoadedDirective
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.engine.planner import Plan
from cyberbrain_cli.engine.preflight import ChosenModel
from cyberbrain_cli.engine.stop import Stop

NO_RUN = 0


@dataclass(frozen=True, slots=True)
class _Discarded:
    """An artifact store for previews: what earlier runs wrote can be read, nothing is kept."""

    kept: ArtifactStore

    def write(self, path: str, content: bytes, *, kind: str, media_type: str) -> NewArtifact:
        """Accept the content and forget it."""
        return NewArtifact(kind, media_type, path, len(content), "")

    def read(self, path: str) -> bytes:
        """The content of an earlier run's artifact, which a launch would read as well."""
        return self.kept.read(path)

    def discard(self, run_folder: str) -> None:
        """There is nothing to discard."""


def _unrecorded(call: LlmCall, held: Held | None) -> None:
    """Nothing was sent, so the ledger has nothing to say."""


def preview(
    parts: Parts, loaded: LoadedDirective, plan: Plan, model: ChosenModel, stop: Stop
) -> tuple[PreviewRequest, ...]:
    """The request bodies that the plan's jobs would send, byte for byte.

    Raises LlmUnavailable when the launch has no model to ask.
    """
    if model.info is None:
        raise LlmUnavailable(
            model.absence or "This launch uses no model.", "There is nothing to preview."
        )
    endpoint = parts.models.preview(model.info)
    room = JobRoom(
        parts=replace(parts, artifacts=_Discarded(parts.artifacts)),
        loaded=loaded,
        run_id=NO_RUN,
        job_ids={job.spec.key: NO_RUN for job in plan.jobs},
        model=model,
        budget=run_budget(loaded, parts.budget),
        open_endpoint=lambda _: endpoint,
        shared=llm_state(model),
        record=_unrecorded,
    )
    for job in plan.jobs:
        if job.worker.uses_llm:
            room.work(job, stop)
    return tuple(
        PreviewRequest(model.info.endpoint, ask.container, ask.purpose, body.decode())
        for ask, body in endpoint.requests
    )
