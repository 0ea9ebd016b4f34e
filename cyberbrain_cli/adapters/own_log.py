"""The program's own log: what was done, never what was read.

JSON lines to a rotating file that several processes may share, and readable text to stderr.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cyberbrain_cli.core.errors import UsageError

ROOT = "cyberbrain_cli"
FILE_BYTES = 10 * 1024 * 1024
FILES_KEPT = 5
_FIELDS = ("run_id", "job_id", "task", "container")

_MASKS = (
    (re.compile(r"\b[0-9a-f]{12,64}\b"), "[id]"),
    (re.compile(r"(/(?:home|Users)/)[^/\s]+"), r"\1[user]"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), "[address]"),
    (re.compile(r"\b(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{0,4}\b", re.IGNORECASE), "[address]"),
)


def mask(text: str) -> str:
    """The text without container ids, user names in paths and addresses."""
    for pattern, placeholder in _MASKS:
        text = pattern.sub(placeholder, text)
    return text


def to_file(path: Path, level: str, *, redacted: bool) -> None:
    """Write the log to a file, mode 0600. Raises UsageError when it cannot be written."""
    from concurrent_log_handler import ConcurrentRotatingFileHandler

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = ConcurrentRotatingFileHandler(
            path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8", chmod=0o600
        )
    except OSError as error:
        raise UsageError(
            f"The log file {path} cannot be written: {error.strerror}.", "Change logging.file."
        ) from None
    handler.setFormatter(_json_formatter(redacted=redacted))
    _add(handler, level)


def to_stderr(level: str) -> None:
    """Write the log as text for a person."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    _add(handler, level)


def _add(handler: logging.Handler, level: str) -> None:
    logger = logging.getLogger(ROOT)
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False


def _json_formatter(*, redacted: bool) -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    class Formatter(JsonFormatter):
        def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
            return _masked(log_data) if redacted else log_data

    return Formatter(
        ["levelname", "name", "message", *_FIELDS],
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp=True,
    )


def _masked(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: mask(value) if isinstance(value, str) and name != "timestamp" else value
        for name, value in fields.items()
        if value is not None
    }
