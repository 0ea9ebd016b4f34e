"""A run that has ended, as far as another is compared with it: read from its artifacts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.lifecycle import ACTIVE, Status
from cyberbrain_cli.core.ports import ArtifactStore, History
from cyberbrain_cli.core.records import ArtifactRecord, JobRecord, RunRecord
from cyberbrain_cli.core.service_map import KIND as SERVICE_MAP
from cyberbrain_cli.core.service_map import ServiceMap
from cyberbrain_cli.engine.documents import ANALYSIS, findings_in, json_in, recorded


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

    `containers` are what was mined, by container. `warnings` name what could not be read, and
    `lost` are the keys of the jobs that wrote it. `notes` say which jobs are a retry's.
    """

    run: RunRecord
    findings: Mapping[str, tuple[Finding, ...]]
    containers: Mapping[str, MinedContainer]
    maps: Mapping[str, ServiceMap]
    warnings: tuple[str, ...] = ()
    lost: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def job(self, key: str) -> JobRecord | None:
        """The job of this key, if what it found is known: it succeeded, and its files are there."""
        known = (job for job in self.run.jobs if job.status is Status.SUCCEEDED)
        return next((job for job in known if job.key == key and key not in self.lost), None)

    def met(self, container: str, key: str) -> bool:
        """Whether the job of this key was to read the container's log, whatever came of it."""
        jobs = (job for job in self.run.jobs if job.key == key)
        return any(reading.name == container for job in jobs for reading in job.containers)

    def read(self, container: str, key: str | None = None) -> bool:
        """Whether the job of this key, or any, read the log to the end; its files are there."""
        jobs = (job for job in self.run.jobs if job.key not in self.lost)
        return any(_whole(job, container) for job in jobs if key in (None, job.key))


@dataclass(slots=True)
class _Reader:
    """Takes in the artifacts of a run, one by one."""

    artifacts: ArtifactStore
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)
    mined: dict[str, MinedContainer] = field(default_factory=dict)
    maps: dict[str, ServiceMap] = field(default_factory=dict)

    def take_in(self, job: JobRecord, artifact: ArtifactRecord) -> None:
        """Raises CyberbrainError for one that is gone, altered, or not what its kind says."""
        if artifact.kind not in (ANALYSIS, SERVICE_MAP):
            return
        content = recorded(self.artifacts, artifact)
        document = json_in(content, artifact.path)
        if artifact.kind == ANALYSIS:
            found = findings_in(content, artifact.path)
            self.findings[job.key] = self.findings.get(job.key, ()) + found
            _take_in(self.mined, document)
            return
        try:
            self.maps[job.key] = _MAP.validate_python(document)
        except ValueError:
            raise CyberbrainError(f"{artifact.path} is of another version.") from None


def past_run(
    history: History, artifacts: ArtifactStore, run_id: int, retries: Sequence[int] = ()
) -> PastRun:
    """What is left of a run, with the jobs that its retries did in the place of its own.

    An artifact that cannot be read is a warning. Raises NotFound, or CyberbrainError for a run
    that has not ended.
    """
    run = history.run(run_id)
    if run.status in ACTIVE:
        raise CyberbrainError(
            f"Run {run_id} has not ended: it is {run.status}.", "Wait for it to end."
        )
    jobs, notes = {job.key: job for job in run.jobs}, []
    for retry in map(history.run, retries):
        for job in retry.jobs:
            if job.status is Status.SUCCEEDED:
                jobs[job.key] = job
                notes.append(f"Job '{job.key}' of run {run_id} was done by its retry, {retry.id}.")
    whole = replace(run, jobs=tuple(jobs.values()))
    reader = _Reader(artifacts)
    lost = dict(_lost(whole, reader))
    return PastRun(
        whole,
        reader.findings,
        reader.mined,
        reader.maps,
        tuple(lost),
        frozenset(lost.values()),
        tuple(notes),
    )


def _lost(run: RunRecord, reader: _Reader) -> Iterator[tuple[str, str]]:
    """What could not be read, in a sentence, and of which job it was."""
    for job in run.jobs:
        for artifact in job.artifacts:
            try:
                reader.take_in(job, artifact)
            except CyberbrainError as error:
                yield f"Run {run.id}, job '{job.key}': {error.message}", job.key


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
