"""What libraries have to say of their own accord: nothing that a terminal or a file would show."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import TextIO

_log = logging.getLogger(__name__)


def hush() -> None:
    """Keep the words of libraries to themselves: they may quote requests, statements and values.

    Without this, Python writes the warnings of any logger and of any module to standard error as
    they are. Of a module's warning our own log has its kind and its place.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    warnings.showwarning = _note


def _note(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del message, file, line
    place = "/".join(Path(filename).parts[-2:])
    _log.warning("%s at %s:%d", category.__name__, place, lineno)
