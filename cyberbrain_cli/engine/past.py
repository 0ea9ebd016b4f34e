"""A run that has ended, as far as another is compared with it: read from its artifacts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.ports import ArtifactStore, History
from cyberbrain_cli.core.records import JobRecord, RunRecord
from cyberbrain_cli.core.service_map import KIND as SERVICE_MAP
from cyberbrain_cli.core.service_map import ServiceMap
from cyberbrain_cli.engine.documents import ANALYSIS, read_findings, read_json


@dataclass(frozen=True, slots=True)
class MinedPattern:
    """A pattern in an analysis; `forms` are the patterns that were found to be one in it."""

    fingerprint: str
    severity: str
    template: str
    count: int
    forms: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """Every fingerprint that it goes by."""
        return frozenset((self.fingerprint, *self.forms))


@dataclass(frozen=True, slots=True)
class _Reading:
    name: str


@dataclass(frozen=True)
class MinedContainer:
    """The patterns of one container; `unlisted` are fingerprints alone."""

    reading: _Reading
    patterns: tuple[MinedPattern, ...] = ()
    unlisted: tuple[str, ...] = ()

    @classmethod
    def nothing(cls, name: str) -> MinedContainer:
        """A container in which nothing was met."""
        return cls(_Reading(name))

    @cached_property
    def fingerprints(self) -> frozenset[str]:
        """Every fingerprint that was met."""
        return frozenset(self.unlisted).union(*(item.names for item in self.patterns))


@dataclass(frozen=True, slots=True)
class _Mined:
    containers: tuple[MinedContainer, ...] = ()


_MINED = TypeAdapter(_Mined)
_MAP = TypeAdapter(ServiceMap)


@dataclass(frozen=True, slots=True)
class PastRun:
    """The run with what its artifacts say, each part by the job that wrote it.

    `containers` are what was mined, by container; `warnings` name what could not be read.
    """

    run: RunRecord
    findings: Mapping[str, tuple[Finding, ...]]
    containers: Mapping[str, MinedContainer]
    maps: Mapping[str, ServiceMap]
    warnings: tuple[str, ...] = ()

    def job(self, key: str) -> JobRecord | None:
        """The job of this key, if it succeeded: of any other nothing is known."""
        jobs = (job for job in self.run.jobs if job.status is Status.SUCCEEDED)
        return next((job for job in jobs if job.key == key), None)

    def read(self, container: str) -> bool:
        """Whether a job read the container's log to the end of its window."""
        return any(_whole(job, container) for job in self.run.jobs)


def past_run(history: History, artifacts: ArtifactStore, run_id: int) -> PastRun:
    """What is left of a run. Raises NotFound; an artifact that cannot be read is a warning."""
    run = history.run(run_id)
    findings: dict[str, tuple[Finding, ...]] = {}
    mined: dict[str, MinedContainer] = {}
    maps: dict[str, ServiceMap] = {}
    warnings: list[str] = []
    for job in run.jobs:
        for artifact in job.artifacts:
            try:
                if artifact.kind == ANALYSIS:
                    found = read_findings(artifacts, artifact.path)
                    findings[job.key] = findings.get(job.key, ()) + found
                    _take_in(mined, read_json(artifacts, artifact.path))
                elif artifact.kind == SERVICE_MAP:
                    maps[job.key] = _MAP.validate_python(read_json(artifacts, artifact.path))
            except CyberbrainError as error:
                warnings.append(f"Run {run_id}, job '{job.key}': {error.message}")
            except ValueError:
                warnings.append(
                    f"Run {run_id}, job '{job.key}': {artifact.path} is of another version."
                )
    return PastRun(run, findings, mined, maps, tuple(warnings))


def _take_in(mined: dict[str, MinedContainer], document: Any) -> None:
    """The patterns of an analysis. One that another task wrote has none, or other ones."""
    try:
        found = _MINED.validate_python(document).containers
    except ValueError:
        return
    for item in found:
        name = item.reading.name
        before = mined.get(name, MinedContainer.nothing(name))
        mined[name] = MinedContainer(
            item.reading, before.patterns + item.patterns, before.unlisted + item.unlisted
        )


def _whole(job: JobRecord, container: str) -> bool:
    readings = (reading for reading in job.containers if reading.name == container)
    return any(reading.error is None and reading.truncated is None for reading in readings)
