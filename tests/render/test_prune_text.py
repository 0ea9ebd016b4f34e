"""What `runs prune` says."""

from __future__ import annotations

from cyberbrain_cli.core.prune import OldRun, Pruned
from cyberbrain_cli.render.prune_text import pruned_text


def test_it_says_how_much_and_which_and_what_is_left() -> None:
    pruned = Pruned()
    assert pruned_text(pruned, dry_run=True) == "Would remove 0 runs, 0 artifacts (0 B)."
    pruned.add([OldRun(number, 2, 1000) for number in (1, 2, 3, 7, 9, 10)])
    pruned.left.append("Run 4 is left.")
    assert pruned_text(pruned, dry_run=False).splitlines() == [
        "Removed 6 runs, 12 artifacts (6.0 kB).",
        "Runs 1-3, 7, 9-10.",
        "Run 4 is left.",
    ]


def test_a_million_runs_are_a_short_text() -> None:
    pruned = Pruned()
    pruned.run_ids.extend(range(0, 2_000_000, 2))
    pruned.left.extend(["Run 1 is left."] * 23)
    (_, which, *left) = pruned_text(pruned, dry_run=True).splitlines()
    assert (len(left), left[-1]) == (21, "… and 3 runs more")
    assert which == f"Runs {', '.join(str(2 * n) for n in range(20))}, …."
