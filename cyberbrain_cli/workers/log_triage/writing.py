"""What the job has to say of all its containers, as its artifacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.incidents import Chain, Story
from cyberbrain_cli.core.panels import Timeline
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.records import NewArtifact
from cyberbrain_cli.core.worker import JobContext
from cyberbrain_cli.logs.chain import chains
from cyberbrain_cli.workers.log_triage.telling import Closing
from cyberbrain_cli.workers.log_triage.triage import Triaged

SCHEMA_VERSION = 1
_NOTHING = "No container on the allowlist fits the selection; nothing was read."
_FINDINGS = TypeAdapter(tuple[Finding, ...])
_CHAINS = TypeAdapter(tuple[Chain, ...])
_STORY = TypeAdapter(Story | None)
_TIMELINES = TypeAdapter(list[Timeline])
_TRIAGED = TypeAdapter(Triaged)
_ELSEWHERE = {"findings", "cursor", "sightings", "ruled", "trouble", "timeline"}


@dataclass(frozen=True, slots=True)
class Told:
    """All that the job found out; nothing that leaves is unredacted."""

    results: tuple[Triaged, ...]
    findings: tuple[Finding, ...]
    chains: tuple[Chain, ...]
    closing: Closing
    degraded: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of how the containers were read and judged."""
        if not self.results:
            return (_NOTHING,)
        notes = (note for result in self.results for note in result.notes)
        return (*notes, *self.closing.notes)


def chains_of(results: Sequence[Triaged]) -> tuple[Chain, ...]:
    """Which container's trouble explains which."""
    return chains([result.trouble for result in results if result.trouble is not None])


def write(ctx: JobContext, told: Told) -> tuple[NewArtifact, ...]:
    """Write `analysis.json` for programs and `report.md` for people."""
    analysis: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "findings": _FINDINGS.dump_python(told.findings, mode="json"),
        "chains": _CHAINS.dump_python(told.chains, mode="json"),
        "story": _STORY.dump_python(told.closing.story, mode="json"),
        "containers": [
            _TRIAGED.dump_python(result, mode="json", exclude=_ELSEWHERE) for result in told.results
        ],
        "timelines": _TIMELINES.dump_python(
            [result.timeline for result in told.results if result.timeline is not None], mode="json"
        ),
        "notes": list(told.notes),
        "degraded": list(told.degraded),
    }
    report = Report(
        title=f"Log triage: {ctx.directive}",
        created_at=ctx.clock.now(),
        findings=told.findings,
        readings=tuple(result.reading for result in told.results),
        notes=(*told.degraded, *told.notes),
        chains=told.chains,
        story=told.closing.story,
    )
    return (
        ctx.artifacts.json("analysis", "analysis.json", analysis),
        ctx.artifacts.markdown("report", "report.md", report),
    )
