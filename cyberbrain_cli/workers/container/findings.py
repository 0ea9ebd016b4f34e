"""What is wrong with how a container ended."""

from __future__ import annotations

from collections.abc import Iterator

from cyberbrain_cli.core.errors import RunFailed
from cyberbrain_cli.core.findings import (
    Evidence,
    Finding,
    FindingState,
    Severity,
    Source,
    finding_id,
)
from cyberbrain_cli.core.records import ContainerResult
from cyberbrain_cli.core.timestamps import to_ns

_LAST_LINES = 5


def failure_of(result: ContainerResult, success_codes: tuple[int, ...]) -> RunFailed | None:
    """Why the job failed, if it did."""
    hint = "Its log is among the artifacts of the run: log.txt."
    if result.stopped is not None:
        return RunFailed(f"The container was stopped: {result.stopped}", hint)
    if result.end.exit_code in success_codes:
        return None
    why = " and ran out of memory" if result.end.oom_killed else ""
    return RunFailed(f"The container ended with exit code {result.end.exit_code}{why}.", hint)


def findings_of(job: str, result: ContainerResult, failure: RunFailed | None) -> Iterator[Finding]:
    """One finding for each thing that is wrong."""
    last = _evidence(result)
    if result.end.oom_killed:
        yield _finding(
            (job, "oom"),
            Severity.CRITICAL if failure else Severity.WARNING,
            f"{job}: a process of its container was killed for want of memory",
            f"Exit code {result.end.exit_code}.",
            "Raise resources.memory, or give it less to do.",
            result,
            last,
        )
    elif failure is not None:
        yield _finding(
            (job, "failed"),
            Severity.CRITICAL,
            f"{job}: its container {_how(result)}",
            result.stopped or "The last lines of its log are the evidence.",
            "Read log.txt among the artifacts of the run.",
            result,
            last,
        )
    if result.refused:
        refused = result.refused
        yield _finding(
            (job, "refused"),
            Severity.WARNING,
            f"{job}: outputs were refused",
            "; ".join(f"{item.path or 'outputs'}: {item.reason}" for item in refused[:5]),
            "Write regular files within max_size and max_files.",
            result,
            (),
            len(refused),
        )


def _how(result: ContainerResult) -> str:
    if result.stopped is not None:
        return "was stopped"
    return f"ended with exit code {result.end.exit_code}"


def _evidence(result: ContainerResult) -> tuple[Evidence, ...]:
    errors = [line for line in result.log if line.stream == "stderr" and line.line.strip()]
    return tuple(errors[-_LAST_LINES:]) or result.log[-_LAST_LINES:]


def _finding(
    what: tuple[str, str],
    severity: Severity,
    title: str,
    explanation: str,
    suggestion: str,
    result: ContainerResult,
    evidence: tuple[Evidence, ...],
    count: int = 1,
) -> Finding:
    ended = result.end.finished_at
    return Finding(
        id=finding_id("container", *what),
        severity=severity,
        state=FindingState.NEW,
        title=title,
        explanation=explanation,
        suggestion=suggestion,
        container=None,
        source=Source.RULE,
        pattern=None,
        count=count,
        first_seen=to_ns(ended) if ended else None,
        last_seen=to_ns(ended) if ended else None,
        evidence=evidence,
    )
