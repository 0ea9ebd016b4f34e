"""The run document: the records of a run together with the findings in its artifacts."""

from __future__ import annotations

import json

from pydantic import TypeAdapter, ValidationError

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.ports import ArtifactStore, History
from cyberbrain_cli.core.records import RunDocument

SCHEMA_VERSION = 1
ANALYSIS = "analysis"
"""The kind of artifact that holds a job's findings, under the key `findings`."""


def run_document(history: History, artifacts: ArtifactStore, run_id: int) -> RunDocument:
    """The document of `launch` and `runs show`. Raises NotFound.

    Findings live only in artifacts; one that is missing or unreadable becomes a warning.
    """
    run = history.run(run_id)
    findings: list[Finding] = []
    warnings: list[str] = []
    for job in run.jobs:
        for artifact in job.artifacts:
            if artifact.kind == ANALYSIS:
                try:
                    findings += read_findings(artifacts, artifact.path)
                except CyberbrainError as error:
                    warnings.append(f"Findings of job '{job.key}': {error.message}")
    return RunDocument(SCHEMA_VERSION, run, tuple(findings), tuple(warnings))


def read_findings(artifacts: ArtifactStore, path: str) -> tuple[Finding, ...]:
    """The findings in an artifact. Raises NotFound when it is gone or is not an analysis."""
    content = artifacts.read(path)
    try:
        document = json.loads(content)
        return TypeAdapter(tuple[Finding, ...]).validate_python(document["findings"])
    except (ValueError, ValidationError, KeyError, TypeError):
        raise CyberbrainError(
            f"The artifact {path} is not a readable analysis.", "cyberbrain artifacts verify"
        ) from None
