"""A run in a few lines for those who are told of it: counts and titles, never a line of a log.

Titles are made of what stands in logs, and whoever writes logs knows what chats and mail programs
make of text: nothing in them mentions anybody, is a link, or is markup.
"""

from __future__ import annotations

import re

from cyberbrain_cli.core.findings import FindingState, Severity
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.notice import Notice
from cyberbrain_cli.core.records import RunDocument
from cyberbrain_cli.render import human
from cyberbrain_cli.render.safe import safe

MOST_TITLES = 10
LONGEST_LINE = 300
_INERT = str.maketrans({"@": "＠", "<": "‹", ">": "›", "`": "'", "*": "∗", "_": "ˍ", "~": "∼"})
_ADDRESS = re.compile(r"(?i)\b(www|mailto|tel)([.:])")


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
        title=inert(f"{run.directive} {run.status}: {found}"),
        body="\n".join(map(inert, lines)),
        failed=run.status is not Status.SUCCEEDED,
    )


def failure_of(directive: str, host: str, message: str) -> Notice:
    """The summary of a launch that has no run, or none whose records can be read."""
    body = f"On {host}: {message}"
    return Notice(inert(f"{directive} failed: there is no run to tell of"), inert(body), True)


def inert(text: str) -> str:
    """One line that no program takes for anything but text, and no longer than it need be."""
    line = safe(text).translate(_INERT).replace("][", "] [").replace("](", "] (")
    line = _ADDRESS.sub(r"\1[\2]", line.replace("://", "[:]//"))
    return line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"
