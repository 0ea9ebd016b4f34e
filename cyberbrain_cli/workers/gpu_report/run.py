"""The job: look for a while, tell whose processes they were, judge, report."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pydantic import TypeAdapter

from cyberbrain_cli.core.findings import (
    Finding,
    FindingState,
    Source,
    against_previous,
    finding_id,
)
from cyberbrain_cli.core.panels import Panel
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.records import GpuFacts, NewArtifact
from cyberbrain_cli.core.worker import JobContext, Outcome
from cyberbrain_cli.workers.gpu_report import measuring
from cyberbrain_cli.workers.gpu_report.before import missing, recognised, settled
from cyberbrain_cli.workers.gpu_report.measuring import Observed
from cyberbrain_cli.workers.gpu_report.model import KIND, SCHEMA_VERSION, Gpu, GpuReport
from cyberbrain_cli.workers.gpu_report.params import GpuReportParams
from cyberbrain_cli.workers.gpu_report.rules import Problem, Rules
from cyberbrain_cli.workers.gpu_report.table import NO_GPU, lines, tables
from cyberbrain_cli.workers.gpu_report.users import Crowd, users_of

_REPORT = TypeAdapter(GpuReport)
_FINDINGS = TypeAdapter(tuple[Finding, ...])


def run(params: GpuReportParams, ctx: JobContext) -> Outcome:
    """Report on the GPUs of this host; without any the report says so. Raises Cancelled."""
    earlier, crowd = _earlier(ctx), Crowd(ctx.host)
    with ctx.gpus.watch() as watch:
        seen = measuring.observe(watch, params.sample_seconds, ctx, crowd.meet)
    allowed = {container.name for container in ctx.host.containers()} if seen.facts else set()
    if seen.facts:
        crowd.ask_claims(sorted(allowed))
    report = _report(params, ctx, seen, crowd, earlier)
    problems = [
        problem
        for problem in Rules(report, earlier, params).problems()
        if problem.rule not in params.ignore
    ]
    resolvable = {
        finding_id(KIND, rule, gpu, container)
        for rule, gpu in settled(report, earlier, owners_known=crowd.problem is None)
        if rule not in params.ignore
        for container in ("", *allowed)
    }
    findings = _findings([_finding(problem) for problem in problems], ctx.previous, resolvable)
    return Outcome(findings, artifacts=_write(ctx, report, seen, findings))


def _report(
    params: GpuReportParams,
    ctx: JobContext,
    seen: Observed,
    crowd: Crowd,
    earlier: GpuReport | None,
) -> GpuReport:
    now = ctx.clock.now()
    gpus = tuple(_gpu(facts, seen, crowd) for facts in recognised(seen.facts.values(), earlier))
    hidden = f"{crowd.problem}. Containers that were given a GPU are named instead."
    return GpuReport(
        SCHEMA_VERSION,
        now,
        params.sample_seconds,
        seen.rounds,
        gpus,
        missing(gpus, earlier, now, params.gone_days),
        (*seen.notes, *((hidden,) if crowd.problem else ())),
    )


def _gpu(facts: GpuFacts, seen: Observed, crowd: Crowd) -> Gpu:
    samples = seen.samples.get(facts.uuid, [])
    return Gpu(
        uuid=facts.uuid,
        index=facts.index,
        vendor=facts.vendor,
        name=facts.name,
        pci_address=facts.pci_address,
        memory_total_bytes=facts.memory_total_bytes,
        power_limit_watts=facts.power_limit_watts,
        pcie=facts.pcie,
        ecc=facts.ecc,
        mig=facts.mig,
        instances=tuple(measuring.instance(part, samples) for part in facts.instances),
        xids=seen.xids.get(facts.uuid),
        lost=facts.lost or facts.uuid in seen.lost,
        measured=measuring.measured(samples),
        users=users_of(facts, samples, crowd),
    )


def _earlier(ctx: JobContext) -> GpuReport | None:
    """The last run's report; None where there is none that this version can read."""
    for document in ctx.earlier(KIND):
        with suppress(ValueError):
            report = _REPORT.validate_python(document)
            if report.schema_version == SCHEMA_VERSION:
                return report
        ctx.progress.note("The last run's GPU report cannot be read; there is no comparison.")
    return None


def _findings(
    found: list[Finding], previous: Sequence[Finding], resolvable: set[str]
) -> tuple[Finding, ...]:
    """The findings against the last run's, of which only those count as resolved that may."""
    ids = {finding.id for finding in found} | resolvable
    known = [finding for finding in previous if finding.id in ids]
    return against_previous(found, known, frozenset(item.container or "" for item in known))


def _finding(problem: Problem) -> Finding:
    return Finding(
        id=finding_id(KIND, problem.rule, problem.gpu, problem.container or ""),
        severity=problem.severity,
        state=FindingState.NEW,
        title=problem.title,
        explanation=problem.explanation,
        suggestion=problem.suggestion,
        container=problem.container,
        source=Source.RULE,
        pattern=None,
        count=0,
        first_seen=None,
        last_seen=None,
        evidence=(),
    )


def _write(
    ctx: JobContext, report: GpuReport, seen: Observed, findings: tuple[Finding, ...]
) -> tuple[NewArtifact, ...]:
    courses = {uuid: measuring.course(samples) for uuid, samples in seen.samples.items()}
    panel = Panel("GPUs, and who uses them", lines(report, courses))
    notes = report.notes or (() if report.gpus or report.missing else (NO_GPU,))
    analysis: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "findings": _FINDINGS.dump_python(findings, mode="json"),
        "panels": [{"title": panel.title, "lines": list(panel.lines)}],
        "notes": list(notes),
    }
    document = Report(
        f"GPU report: {ctx.directive}", report.created_at, findings, (), notes=notes,
        panels=(panel,), tables=tables(report),
    )  # fmt: skip
    return (
        ctx.artifacts.json("analysis", "analysis.json", analysis),
        ctx.artifacts.json(KIND, "gpu_report.json", _REPORT.dump_python(report, mode="json")),
        ctx.artifacts.markdown("report", "report.md", document),
    )
