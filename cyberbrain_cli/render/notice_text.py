"""A run in a few lines for those who are told of it: counts and titles, never a line of a log."""

from __future__ import annotations

from cyberbrain_cli.core.findings import FindingState, Severity
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.notice import Notice
from cyberbrain_cli.core.records import RunDocument
from cyberbrain_cli.render import human
from cyberbrain_cli.render.safe import safe

MOST_TITLES = 10


def notice_of(document: RunDocument) -> Notice:
    """The summary of a run."""
    run = document.run
    still = [item for item in document.findings if item.state is not FindingState.RESOLVED]
    still.sort(key=lambda item: -item.severity.rank)
    counts = [
        f"{count} {severity}"
        for severity in reversed(Severity)
        if (count := sum(item.severity is severity for item in still))
    ]
    found = ", ".join(counts) or "no findings"
    lines = [f"Run {run.id} on {run.host} took {human.duration(run.duration_seconds)}."]
    if run.error is not None:
        lines.append(f"Error: {run.error.message}")
    for item in still[:MOST_TITLES]:
        where = f"{item.container}: " if item.container else ""
        lines.append(f"{item.severity}, {item.state}: {where}{item.title}")
    if len(still) > MOST_TITLES:
        lines.append(f"… and {human.plural(len(still) - MOST_TITLES, 'finding')} more")
    resolved = len(document.findings) - len(still)
    if resolved:
        lines.append(f"{human.plural(resolved, 'finding')} resolved.")
    return Notice(
        title=safe(f"{run.directive} {run.status}: {found}"),
        body="\n".join(map(safe, lines)),
        failed=run.status is not Status.SUCCEEDED,
    )
