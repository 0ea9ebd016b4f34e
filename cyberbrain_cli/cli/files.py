"""Writing a file for the person who asked for it: whole or not at all, and over nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cyberbrain_cli.core.errors import CyberbrainError

SHARED = 0o644
"""For files that a program of another user reads."""


def save_shared(content: bytes, path: Path) -> None:
    """Write a file that everybody may read, over whatever is there. Raises CyberbrainError."""
    if path.is_dir():
        raise CyberbrainError(f"{path} is a folder.", "Name the file in it, too.")
    save(content, path, path.name, replace=True, mode=SHARED)


def save(
    content: bytes, target: Path, name: str, *, replace: bool, mode: int | None = None
) -> Path:
    """Write a file, in a folder under `name`; its path. Its owner's alone, unless `mode` says else.

    Raises CyberbrainError when something is there already and `replace` is not given, or when
    it cannot be written.
    """
    path = target / name if target.is_dir() else target
    try:
        handle, draft = tempfile.mkstemp(".part", f".{path.name}-", path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                if mode is not None:
                    os.fchmod(file.fileno(), mode)
            if replace:
                Path(draft).replace(path)
            else:
                os.link(draft, path)
        finally:
            Path(draft).unlink(missing_ok=True)
    except FileExistsError:
        raise CyberbrainError(f"{path} is there already.", "Use --force to replace it.") from None
    except OSError as error:
        raise CyberbrainError(f"{path} cannot be written: {error.strerror}.") from error
    return path
