"""The program's entry point and its command tree: every command, and the module it lives in."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import NoReturn

from cyberbrain_cli import __version__

PROGRAM = "cyberbrain"
COMMANDS = {
    "launch": ("launch", "Do a directive's tasks now and report what was found."),
    "runs": ("runs", "List runs, show one, or cancel one."),
    "artifacts": ("artifacts", "List, show, download and verify the files that runs wrote."),
    "cost-report": ("cost_report", "Tokens and money spent on the model."),
    "allowlist": ("allowlist", "Say which containers may be read and which images may be run."),
    "containers": ("containers", "List the daemon's containers and whether they may be read."),
    "directives": ("directives", "List, show and validate directives."),
    "serve-metrics": ("serve_metrics", "Show the records to Prometheus."),
    "db": ("db", "Upgrade or check the database."),
    "doctor": ("doctor", "Check everything that a launch needs."),
    "config": ("config", "Show the settings and where each comes from."),
}
"""Name → (module in cli.commands, what it does). A module is imported when it is invoked."""

_COLLECT_AFTER = 50_000


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program and exit with its code."""
    gc.set_threshold(_COLLECT_AFTER)  # start-up makes many objects and no garbage
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given == ["--version"] and sys.stdout is not None:
        given = _version()
    from cyberbrain_cli.cli.boundary import run
    from cyberbrain_cli.cli.leaving import leave

    code = run(PROGRAM, COMMANDS, given)
    gc.freeze()  # the last collection would look at every module once more, and free nothing
    leave(code)


def _version() -> list[str]:
    """Answer without importing anything, unless nobody can take the answer."""
    try:
        print(f"{PROGRAM} {__version__}", flush=True)  # noqa: T201
    except OSError:
        return ["--version"]
    sys.exit(0)
