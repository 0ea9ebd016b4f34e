"""Plans, previews and checks for a person."""

from __future__ import annotations

from collections.abc import Sequence

from cyberbrain_cli.core.launch import (
    Check,
    PlanDocument,
    PlannedContainer,
    PlannedJob,
    PreviewDocument,
)
from cyberbrain_cli.render import human
from cyberbrain_cli.render.page import Page
from cyberbrain_cli.render.safe import safe

_STYLES = {"ok": "good", "warning": "warning", "failed": "critical"}


def show_plan(document: PlanDocument, page: Page) -> None:
    """Put the document of `launch --dry-run` on the page."""
    plan = document.plan
    page.line(("bold", "Plan"), f"  {plan.directive} v{plan.directive_version}  model: {plan.llm}")
    for job in plan.jobs:
        page.gap()
        _job(job, page)
    page.gap()
    page.line("Nothing was started.")


def _job(job: PlannedJob, page: Page) -> None:
    name = job.key if job.key == job.task else f"{job.key} ({job.task})"
    page.line(("bold", name), f"  after {', '.join(job.needs)}" if job.needs else "")
    for container in job.containers:
        _container(container, page)
    if image := job.params.get("image"):
        page.line("  runs ", str(image))
    if environment := job.params.get("env"):
        page.line("  environment ", ", ".join(environment))
    if job.estimated_tokens is not None:
        page.line("  at most ", human.plural(job.estimated_tokens, "token"))
    if job.timeout_seconds is not None:
        page.line("  at most ", human.duration(job.timeout_seconds))


def _container(container: PlannedContainer, page: Page) -> None:
    if container.problem is not None:
        page.line("  ", container.name, ("warning", f"  {container.problem}"))
        return
    start = "the beginning" if container.after is None else human.log_time(container.after)
    page.line("  ", container.name, f"  {start} to {human.log_time(container.until)}")


def show_preview(document: PreviewDocument, page: Page) -> None:
    """Put the document of `launch --preview` on the page: each body as it would be sent."""
    for request in document.requests:
        page.gap()
        page.line(
            ("bold", f"To {request.endpoint}"),
            f"  {request.purpose}",
            f"  {request.container}" if request.container else "",
        )
        page.line(request.body)
    if not document.requests:
        page.line("Nothing would be sent.")


def show_checks(checks: Sequence[Check], page: Page) -> None:
    """Put the lines of `doctor` on the page, each problem with its remedy."""
    wide = max((len(safe(check.name)) for check in checks), default=0)
    for check in checks:
        page.line(
            (_STYLES.get(check.status, ""), check.status.ljust(8)),
            ("bold", check.name.ljust(wide)),
            f"  {check.message}",
        )
        if check.hint and check.status != "ok":
            page.paragraph(f"→ {check.hint}", " " * (wide + 10))
