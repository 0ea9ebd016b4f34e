"""The run document: the records of a run together with the findings in its artifacts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.incidents import Chain, Story
from cyberbrain_cli.core.panels import Panel, Timeline
from cyberbrain_cli.core.ports import ArtifactStore, History
from cyberbrain_cli.core.records import ArtifactRecord, RunDocument

SCHEMA_VERSION = 1
ANALYSIS = "analysis"
"""The kind of artifact that holds a job's findings, under the key `findings`."""


def run_document(history: History, artifacts: ArtifactStore, run_id: int) -> RunDocument:
    """The document of `launch` and `runs show`. Raises NotFound.

    Findings live only in artifacts; one that is missing, altered or unreadable becomes a warning.
    """
    run = history.run(run_id)
    read: list[_Analysis] = []
    warnings: list[str] = [*run.warnings]
    for job in run.jobs:
        for artifact in job.artifacts:
            if artifact.kind == ANALYSIS:
                try:
                    read.append(_analysis(recorded(artifacts, artifact), artifact.path))
                except CyberbrainError as error:
                    warnings.append(f"Findings of job '{job.key}': {error.message}")
    return RunDocument(
        SCHEMA_VERSION,
        run,
        tuple(finding for analysis in read for finding in analysis.findings),
        tuple(warnings),
        chains=tuple(chain for analysis in read for chain in analysis.chains),
        stories=tuple(analysis.story for analysis in read if analysis.story is not None),
        panels=tuple(panel for analysis in read for panel in analysis.panels),
        timelines=tuple(timeline for analysis in read for timeline in analysis.timelines),
        notes=tuple(note for analysis in read for note in analysis.notes),
    )


def recorded(artifacts: ArtifactStore, artifact: ArtifactRecord) -> bytes:
    """The content of an artifact, as the run wrote it.

    Raises NotFound when it is gone, CyberbrainError when it is another one by now.
    """
    content = artifacts.read(artifact.path)
    if hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise CyberbrainError(
            f"The artifact {artifact.path} was altered after the run had written it.",
            "cyberbrain artifacts verify",
        )
    return content


def findings_in(content: bytes, path: str) -> tuple[Finding, ...]:
    """The findings in an analysis. Raises CyberbrainError when it is none."""
    return _analysis(content, path).findings


def json_in(content: bytes, path: str) -> Any:
    """The document in an artifact's content. Raises CyberbrainError when it is not JSON."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise CyberbrainError(
            f"The artifact {path} is not readable JSON.", "cyberbrain artifacts verify"
        ) from None


@dataclass(frozen=True, slots=True)
class _Analysis:
    """What a run document takes from an analysis; only the findings are in each of them."""

    findings: tuple[Finding, ...]
    chains: tuple[Chain, ...] = ()
    story: Story | None = None
    panels: tuple[Panel, ...] = ()
    timelines: tuple[Timeline, ...] = ()
    notes: tuple[str, ...] = ()


def _analysis(content: bytes, path: str) -> _Analysis:
    try:
        return TypeAdapter(_Analysis).validate_json(content)
    except ValueError:
        raise CyberbrainError(
            f"The artifact {path} is not a readable analysis.", "cyberbrain artifacts verify"
        ) from None
