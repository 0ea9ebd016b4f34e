"""JSON and logfmt lines: level, logger, message, and the names of the other fields."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.logs import severity

_LEVELS = ("level", "lvl", "severity", "loglevel", "log_level", "log.level", "levelname", "@l", "s",
           "severity_text", "severitytext", "priority", "l", "at")  # fmt: skip
_MESSAGES = ("msg", "message", "@mt", "@m", "messagetemplate", "event", "text", "textpayload",
             "log", "body", "short_message")  # fmt: skip
_LOGGERS = ("logger", "logger_name", "loggername", "log.logger", "name", "component", "module",
            "caller", "category", "sourcecontext", "c", "controller", "service",
            "source")  # fmt: skip
_ERRORS = ("err", "error", "exception", "exc_info", "exc", "@x", "stack", "stack_trace", "cause",
           "reason", "error.message", "errors", "detail", "stacktrace", "attr.error",
           "attr.error.errmsg")  # fmt: skip
_STATUSES = ("status", "status_code", "statuscode", "http_status", "http.status_code",
             "responsestatus", "downstreamstatus", "response_code", "res.statuscode", "res.status",
             "response.status", "http.response.status_code", "httprequest.status")  # fmt: skip
_GRPC_CODES = ("grpc.code", "grpc_code", "grpc-status", "grpc_status")
_DROPPED = frozenset(("time", "ts", "timestamp", "@timestamp", "@t", "t", "date", "datetime"))
_NOTHING = (None, "", "null", "nil", "<nil>", "none", "None", False, "false", 0, "0", "-")
_SPEAKING = frozenset(("msg", "message", "level", "lvl", "event"))
_ACCESS = frozenset(("status", "method", "path", "duration", "code", "err", "error", "at"))
_NAMED = frozenset(("hostname", "levelname", "levelno", "pid"))
"""Fields beside which `name` is that of a logger, and not of anything else."""
_FEWEST_PAIRS = 2
_DEEPEST = 3
_MOST_FIELDS = 500
_LONGEST_WORD = 20
_Field = tuple[str, Any]

_PAIR = re.compile(r'([A-Za-z_@][\w.@/-]{0,63})=("(?:[^"\\]|\\.)*"|\S*)(?:\s+|$)')
_KLOG_STYLE = re.compile(r'^"((?:[^"\\]|\\.)*)"\s+(?=[A-Za-z_][\w.-]*=)')


@dataclass(frozen=True, slots=True)
class Fields:
    """What a structured line says. `level` is None when it names none."""

    level: Severity | None
    logger: str
    message: str
    names: tuple[str, ...]


def read_structured(text: str) -> Fields | None:
    """The fields of a JSON or logfmt line; None for a line that is neither."""
    found = _json(text) if text.startswith("{") and text.rstrip().endswith("}") else None
    if found is None and "=" in text:
        found = _logfmt(text)
    return _understood(found) if found is not None else None


def _json(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _logfmt(text: str) -> Mapping[str, Any] | None:
    """The pairs of a line that consists of nothing else, but for a quoted message in front."""
    pairs: dict[str, Any] = {}
    position = 0
    front = _KLOG_STYLE.match(text)
    if front is not None:
        pairs["msg"] = front.group(1)
        position = front.end()
    while position < len(text):
        match = _PAIR.match(text, position)
        if match is None:
            return None
        value = match.group(2)
        pairs[match.group(1)] = value[1:-1] if value.startswith('"') and len(value) > 1 else value
        position = match.end()
    speaks = not _SPEAKING.isdisjoint(pairs) and len(pairs) >= _FEWEST_PAIRS
    return pairs if speaks or len(_ACCESS & pairs.keys()) >= _FEWEST_PAIRS else None


def _understood(fields: Mapping[str, Any]) -> Fields:
    known = dict(islice(_flattened(fields), _MOST_FIELDS))

    def first(names: tuple[str, ...]) -> Any:
        return next(
            (known[name] for name in names if name in known), None
        )  # in the order of the names: "level" is surer than "s"

    level = _level(first(_LEVELS)) or _numbered(known)
    status, code = first(_STATUSES), first(_GRPC_CODES)
    level = severity.highest(level, _status(status), severity.of_grpc_code(str(code or "")))
    error = _flat(first(_ERRORS))
    message = _flat(first(_MESSAGES))
    if error and error != message:
        message = f"{message}: {error}" if message else error
    if len(str(status)) == 3 and str(status).isdigit():
        message = f"{message} status={status}".strip()
    if _NAMED.isdisjoint(known):
        known.pop("name", None)
    logger = _flat(first(_LOGGERS)) if isinstance(first(_LOGGERS), str) else ""
    names = tuple(sorted(str(key)[:64] for key in fields if str(key).lower() not in _DROPPED))
    return Fields(level, logger[:80], message, names[:32])


def _flattened(fields: Mapping[str, Any], above: str = "", depth: int = 1) -> Iterator[_Field]:
    """The fields by their names in lower case, and those inside them as `outer.inner`."""
    for key, value in fields.items():
        name = f"{above}{key}".lower()
        yield name, value
        if isinstance(value, Mapping) and depth < _DEEPEST:
            yield from _flattened(value, f"{name}.", depth + 1)


def _numbered(known: Mapping[str, Any]) -> Severity | None:
    """The level by the numbers of Python's logging and of OpenTelemetry."""
    for name, warning, error in (("levelno", 30, 40), ("severitynumber", 13, 17)):
        number = known.get(name, known.get(name.replace("ynumber", "y_number")))
        if isinstance(number, int) and not isinstance(number, bool):
            worrying = severity.WARNING if number >= warning else severity.INFO
            return severity.CRITICAL if number >= error else worrying
    return None


def _level(value: Any) -> Severity | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int) or (isinstance(value, str) and value.isdigit() and len(value) < 4):
        return severity.of_number(int(value))
    if not isinstance(value, str) or len(value) > _LONGEST_WORD:
        return None
    return severity.of_word(value.rstrip("0123456789").rstrip("+-") or value)


def _status(value: Any) -> Severity | None:
    text = str(value)
    if isinstance(value, int | str) and len(text) == 3 and text.isdigit():
        found = severity.of_http_status(int(text))
        return found if found is not Severity.INFO else None
    return None


def _flat(value: Any) -> str:
    """A field's value as text: an error object by its kind and message, never the whole of it."""
    if isinstance(value, Mapping):
        parts = [value.get(key) for key in ("type", "name", "kind", "code", "message", "msg")]
        return ": ".join(str(part) for part in parts if isinstance(part, str | int))[:2000]
    if isinstance(value, str) and value not in _NOTHING:
        return value[:4000]
    return str(value) if value not in _NOTHING and isinstance(value, int | float) else ""
