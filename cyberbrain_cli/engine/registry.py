"""Which tasks there are: the built-in workers, and those of other packages."""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points

from cyberbrain_cli import workers
from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.core.worker import Worker

ENTRY_POINT_GROUP = "cyberbrain.workers"


@cache
def discover() -> Mapping[str, Worker]:
    """Every worker by key. Raises UsageError for another package's worker that does not fit."""
    found: dict[str, Worker] = {}
    for module in pkgutil.iter_modules(workers.__path__, f"{workers.__name__}."):
        worker: Worker = importlib.import_module(module.name).WORKER
        found[worker.key] = worker
    for point in entry_points(group=ENTRY_POINT_GROUP):
        try:
            loaded = point.load()
        except ImportError as error:
            raise UsageError(
                f"The task worker {point.value} cannot be imported: {error.name or 'unknown'}.",
                f"Reinstall or remove the package that provides '{point.name}'.",
            ) from error
        if not isinstance(loaded, Worker) or loaded.key in found:
            raise UsageError(
                f"The task worker {point.value} is not a Worker, or its key is taken.",
                f"Remove the package that provides '{point.name}'.",
            )
        found[loaded.key] = loaded
    return found


def unknown_task(key: str, known: Mapping[str, Worker]) -> str:
    """What to say of a task that does not exist, with the nearest one that does."""
    close = difflib.get_close_matches(key, known, n=1)
    suggestion = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(known))}"
    return f"unknown task '{key}': {suggestion}"
