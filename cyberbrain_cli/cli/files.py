"""Writing a file for the person who asked for it: whole or not at all, and over nothing."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from cyberbrain_cli.core.errors import CyberbrainError


def save(content: bytes, target: Path, name: str, *, replace: bool) -> Path:
    """Write a file, in a folder under `name`; its path.

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
