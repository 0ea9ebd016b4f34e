"""A task worker that this project does not know of: which containers ended with an error?"""

from __future__ import annotations

from pydantic import Field

from cyberbrain_cli.core.findings import Finding, FindingState, Severity, Source, finding_id
from cyberbrain_cli.core.ports import Report
from cyberbrain_cli.core.worker import JobContext, Outcome, TaskParams, Worker


class RestartParams(TaskParams):
    """Its one option."""

    forgiven: int = Field(0, description="The exit code that is no failure.")


def run(params: RestartParams, ctx: JobContext) -> Outcome:
    """Look at every container that may be read."""
    found = []
    for listed in ctx.host.containers():
        ctx.check()
        container = ctx.host.inspect(listed.name)
        if container.exit_code in (None, 0, params.forgiven):
            continue
        found.append(
            Finding(
                id=finding_id("restart_report", container.name),
                severity=Severity.WARNING,
                state=FindingState.NEW,
                title="Ended with an error",
                explanation=f"Its exit code is {container.exit_code}.",
                suggestion="Look at its last lines.",
                container=container.name,
                source=Source.RULE,
                pattern=None,
                count=1,
                first_seen=None,
                last_seen=None,
                evidence=(),
            )
        )
    findings = tuple(found)
    report = Report("Who ended with an error?", ctx.clock.now(), findings, ())
    artifacts = (
        ctx.artifacts.json("analysis", "analysis.json", {"findings": findings}),
        ctx.artifacts.markdown("report", "report.md", report),
    )
    return Outcome(findings, artifacts=artifacts)


WORKER = Worker(
    key="restart_report",
    summary="Says which containers ended with an error.",
    params=RestartParams,
    run=run,
)
