"""The program's own log: what was done, never what was read.

JSON lines to a rotating file that several processes may share, and readable text to stderr.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cyberbrain_cli.core.errors import CyberbrainError, UsageError
from cyberbrain_cli.core.redaction.personal import redact_emails

ROOT = "cyberbrain_cli"
_FIELDS = ("run_id", "job_id", "task", "container")

_MASKS = (
    # Compose names a container that it replaces after its id: 0123456789ab_shop-db.
    (re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{12,64}(?![0-9A-Za-z])"), "[id]"),
    (re.compile(r"(/(?:home|Users)/)[^/\s]+"), r"\1[user]"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b"), "[address]"),
    (re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?![\w:-])"), "[address]"),
)
_COLONS = re.compile(
    r"(?<![\w.:])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?<=\d)(?:\.\d{1,3}){3})?"
    r"(?:%[\w-]+)?(?![\w:])"
)


def mask(text: str) -> str:
    """The text without container ids, user names in paths and addresses, e-mail's among them."""
    text = redact_emails(_COLONS.sub(_address, text))
    for pattern, placeholder in _MASKS:
        text = pattern.sub(placeholder, text)
    return text


def _address(match: re.Match[str]) -> str:
    """A time of day has colons too."""
    try:
        ipaddress.IPv6Address(match[0])
    except ValueError:
        return match[0]
    return "[address]"


def to_file(
    path: Path,
    level: str,
    *,
    redacted: bool,
    max_bytes: int,
    files: int,
    warn: Callable[[str], None] = lambda _text: None,
) -> None:
    """Write the log to a file, mode 0600, and to as many `files` in all, each so long at most.

    `warn` hears once of a file that cannot be written any more: the work goes on without it.
    Raises UsageError when it cannot be written to begin with.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _create(path)
    except OSError as error:
        raise UsageError(
            f"The log file {path} cannot be written: {error.strerror}.", "Change logging.file."
        ) from None
    handler = _rotating(path, max_bytes, files, warn)
    handler.setFormatter(_json_formatter(redacted=redacted))
    _add(handler, level)


def _create(path: Path) -> None:
    """Make the file for its owner alone. A pipe would block, and a device's mode is not ours."""
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK, 0o600)
    regular = stat.S_ISREG(os.fstat(handle).st_mode)
    os.close(handle)
    if not regular:
        raise UsageError(f"The log file {path} is not a file.", "Change logging.file.")


def _rotating(
    path: Path, max_bytes: int, files: int, warn: Callable[[str], None]
) -> logging.Handler:
    from concurrent_log_handler import ConcurrentRotatingFileHandler

    class Handler(ConcurrentRotatingFileHandler):
        warned = False

        def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
            del record
            if not self.warned:
                self.warned = True
                why = getattr(sys.exc_info()[1], "strerror", None) or "its lock cannot be taken"
                warn(f"warning: the log file {path} cannot be written: {why}.")

    return Handler(path, maxBytes=max_bytes, backupCount=files - 1, encoding="utf-8", chmod=0o600)


def to_stderr(level: str) -> None:
    """Write the log as text for a person."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_TextFormatter("%(levelname)s %(message)s"))
    _add(handler, level)


class _TextFormatter(logging.Formatter):
    """Adds what the event is about, and lets nothing steer the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        about = [f"{name}={value}" for name in _FIELDS if (value := getattr(record, name, None))]
        text = " ".join((super().format(record), *about))
        return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)


def _add(handler: logging.Handler, level: str) -> None:
    logging.raiseExceptions = False  # a reader of stderr that has gone is no reason for a traceback
    handler.addFilter(_cut)
    logger = logging.getLogger(ROOT)
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False


def _cut(record: logging.LogRecord) -> bool:
    """Leave of an exception its kind: a library's own words may quote a request or a file."""
    record.msg = _kind(record.msg)
    if isinstance(record.args, tuple):
        record.args = tuple(map(_kind, record.args))
    elif record.args:
        record.args = {name: _kind(value) for name, value in record.args.items()}
    if record.exc_info:
        kind = record.exc_info[0]
        record.msg = f"{record.msg} ({kind.__name__ if kind else 'no exception'})"
        record.exc_info = record.exc_text = None
    record.stack_info = None
    return True


def _kind(value: Any) -> Any:
    """Of an exception that is not ours its kind, also of one among others."""
    if isinstance(value, BaseException) and not isinstance(value, CyberbrainError):
        return type(value).__name__
    if isinstance(value, list | tuple | set):
        return [_kind(one) for one in value]
    return value


def _json_formatter(*, redacted: bool) -> logging.Formatter:
    from pythonjsonlogger.json import JsonFormatter

    class Formatter(JsonFormatter):
        def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
            return _fields(log_data, redacted=redacted)

    return Formatter(
        ["levelname", "name", "message", *_FIELDS],
        rename_fields={"levelname": "level", "name": "logger"},
        timestamp=True,
    )


def _fields(fields: Mapping[str, Any], *, redacted: bool) -> dict[str, Any]:
    """What is known, and nothing else; masked if that is wanted."""
    return {
        name: mask(value) if redacted and isinstance(value, str) and name != "timestamp" else value
        for name, value in fields.items()
        if value is not None
    }
