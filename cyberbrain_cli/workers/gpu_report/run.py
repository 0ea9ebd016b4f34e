"""The job: look for a while, tell whose processes they were, judge, report."""

from __future__ import annotations

from collections.abc import Iterable
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
from cyberbrain_cli.core.records import GpuUse, NewArtifact
from cyberbrain_cli.core.worker import JobContext, Outcome
from cyberbrain_cli.workers.gpu_report import measuring, users
from cyberbrain_cli.workers.gpu_report.measuring import Observed
from cyberbrain_cli.workers.gpu_report.model import KIND, SCHEMA_VERSION, Gpu, GpuReport
from cyberbrain_cli.workers.gpu_report.params import GpuReportParams
from cyberbrain_cli.workers.gpu_report.rules import Problem, Rules
from cyberbrain_cli.workers.gpu_report.table import NO_GPU, lines

_REPORT = TypeAdapter(GpuReport)
_FINDINGS = TypeAdapter(tuple[Finding, ...])


def run(params: GpuReportParams, ctx: JobContext) -> Outcome:
    """Report on the GPUs of this host; without any the report says so. Raises Cancelled."""
    with ctx.gpus.watch() as watch:
        seen = measuring.observe(watch, params.sample_seconds, ctx)
    use = _use(seen, ctx) if seen.facts else GpuUse({})
    report = _report(params, ctx, seen, use)
    earlier = _earlier(ctx)
    problems = [
        problem
        for problem in Rules(report, earlier, params).problems()
        if problem.rule not in params.ignore
    ]
    findings = _findings(problems, report, earlier, ctx)
    return Outcome(findings, artifacts=_write(ctx, report, seen, findings))


def _use(seen: Observed, ctx: JobContext) -> GpuUse:
    allowed = [container.name for container in ctx.host.containers()]
    pids = users.pids_of(sample for samples in seen.samples.values() for sample in samples)
    return ctx.host.gpu_use(sorted(pids), allowed)


def _report(params: GpuReportParams, ctx: JobContext, seen: Observed, use: GpuUse) -> GpuReport:
    gpus = tuple(
        Gpu(
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
            instances=facts.instances,
            xids=seen.xids.get(facts.uuid),
            lost=facts.uuid in seen.lost,
            measured=measuring.measured(seen.samples.get(facts.uuid, [])),
            users=users.users_of(facts, seen.samples.get(facts.uuid, []), use),
        )
        for facts in seen.facts.values()
    )
    hidden = any(user.kind == "hidden" for gpu in gpus for user in gpu.users)
    problem = (f"{use.problem}. Containers that were given a GPU are named instead.",)
    return GpuReport(
        SCHEMA_VERSION,
        ctx.clock.now(),
        params.sample_seconds,
        seen.rounds,
        gpus,
        (*seen.notes, *(problem if use.problem and hidden else ())),
    )


def _earlier(ctx: JobContext) -> GpuReport | None:
    """The last run's report; None where there is none that this version can read."""
    for document in ctx.earlier(KIND):
        try:
            return _REPORT.validate_python(document)
        except ValueError:
            ctx.progress.note("The last run's GPU report cannot be read; there is no comparison.")
    return None


def _findings(
    problems: Iterable[Problem], report: GpuReport, earlier: GpuReport | None, ctx: JobContext
) -> tuple[Finding, ...]:
    """As long as a GPU is missing, nothing that was found before counts as resolved."""
    found = [_finding(problem) for problem in problems]
    here = {gpu.uuid for gpu in report.gpus if not gpu.lost}
    whole = earlier is None or {gpu.uuid for gpu in earlier.gpus} <= here
    names = {item.container or "" for item in ctx.previous}
    return against_previous(found, ctx.previous, frozenset(names if whole else ()))


def _finding(problem: Problem) -> Finding:
    return Finding(
        id=finding_id("gpu_report", problem.rule, problem.gpu, problem.container or ""),
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
    notes = report.notes or (() if report.gpus else (NO_GPU,))
    analysis: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "findings": _FINDINGS.dump_python(findings, mode="json"),
        "panels": [{"title": panel.title, "lines": list(panel.lines)}],
        "notes": list(notes),
    }
    document = Report(
        f"GPU report: {ctx.directive}", report.created_at, findings, (), notes=notes,
        panels=(panel,),
    )  # fmt: skip
    return (
        ctx.artifacts.json("analysis", "analysis.json", analysis),
        ctx.artifacts.json(KIND, "gpu_report.json", _REPORT.dump_python(report, mode="json")),
        ctx.artifacts.markdown("report", "report.md", document),
    )
