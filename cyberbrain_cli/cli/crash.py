"""Crash reports that may be attached anywhere: where it happened, and not a word of any data."""

from __future__ import annotations

import os
import platform
import tempfile
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cyberbrain_cli import __version__

_OURS = Path(__file__).resolve().parents[1]


def report(bug: BaseException) -> Path | None:
    """Write the report of an unforeseen error; its path, or None where nothing can be written."""
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(".txt", f"cyberbrain-crash-{os.getpid()}-", folder)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write("\n".join(_lines(bug)) + "\n")
        except OSError:
            continue
        return Path(name)
    return None


def _folders() -> Iterator[Path]:
    import platformdirs

    yield platformdirs.user_state_path("cyberbrain")
    yield Path(tempfile.gettempdir())


def _lines(bug: BaseException) -> Iterator[str]:
    yield f"cyberbrain {__version__}, Python {platform.python_version()}, {platform.platform()}"
    yield f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    error: BaseException | None = bug
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        yield from _frames(error)
        error = error.__cause__ or error.__context__


def _frames(error: BaseException) -> Iterator[str]:
    """File, line and function of our own code; messages and values could hold anything."""
    for frame, line in traceback.walk_tb(error.__traceback__):
        path = Path(frame.f_code.co_filename).resolve()
        if path.is_relative_to(_OURS):
            yield f"  {path.relative_to(_OURS.parent)}:{line} in {frame.f_code.co_name}"
