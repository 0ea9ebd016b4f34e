"""What `runs prune` did, or would do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from cyberbrain_cli.core.prune import Pruned
from cyberbrain_cli.render import human

MOST_SPANS = 20
MOST_LEFT = 20


def pruned_text(pruned: Pruned, *, dry_run: bool) -> str:
    """How much, which runs, and what could not be removed."""
    lead = "Would remove" if dry_run else "Removed"
    said = f"{lead} {human.plural(len(pruned.run_ids), 'run')}, "
    said += f"{human.plural(pruned.artifacts, 'artifact')} ({human.size(pruned.size_bytes)})."
    which = [f"Runs {_listed(pruned.run_ids)}."] if pruned.run_ids else []
    more = len(pruned.left) - MOST_LEFT
    left = [*pruned.left[:MOST_LEFT], *([f"… and {human.plural(more, 'run')} more"] * (more > 0))]
    return "\n".join((said, *which, *left))


def _listed(run_ids: Sequence[int]) -> str:
    spans = list(islice(_spans(run_ids), MOST_SPANS + 1))
    more = ["…"] if len(spans) > MOST_SPANS else []
    return ", ".join([*spans[:MOST_SPANS], *more])


def _spans(run_ids: Sequence[int]) -> Iterator[str]:
    """`1-3`, `5`: ids that follow each other are told together."""
    first = last = None
    for run_id in run_ids:
        if last is None or run_id != last + 1:
            if first is not None:
                yield _span(first, last)
            first = run_id
        last = run_id
    if first is not None:
        yield _span(first, last)


def _span(first: int, last: int | None) -> str:
    return str(first) if first == last else f"{first}-{last}"
