"""Lines of prose: the application's own timestamp, level, and what is left as the message."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.logs import severity
from cyberbrain_cli.logs.header import UPPER_LEVELS, read_header
from cyberbrain_cli.logs.stamps import TIME

_PREFIX = re.compile(
    rf"""(?x)
    (?: (?:[\[(]\ ?)?(?<![\w.:])
        (?:{TIME}|\d{{10}}(?:\.\d{{1,9}})?|\ {{0,8}}\d{{1,9}}\.\d{{6}})[\])]?[:,|]?\s*
      | \[\d{{1,9}}\]:?\s* | \d{{1,9}}(?:\#\d{{1,9}})?:?\s(?=\[|\d{{1,9}}\ |[A-Z]+\ )
      | <\d{{1,3}}>\d?\s* | \d{{1,9}}:[A-Z]\ (?=\d) | -\ (?=[-\[A-Z]) | \|\s* )+"""
)
_LEVEL = re.compile(
    rf"""(?x)
    (?:^|(?<=[\s\[(|<:/,"*\]]))
    (?: (?P<upper>{UPPER_LEVELS}|LOG(?=:)|HINT(?=:)|STATUS(?=\ \|))
      | (?<=[\[<(|])\s{{0,4}}(?P<inside>(?i:{UPPER_LEVELS}|ERROR|LOG))(?=\s{{0,4}}[\])|>]) )
    (?=[\]\s:|>),/*-]|$)"""
)
_FIRST_WORD = re.compile(
    rf"(?i)\s*[\[(<]?({UPPER_LEVELS}|LOG|dbug|trce|fail|crit|log)[\])>]?(?=[:!]|\s*[|]|,\s)|"
    r"(npm (?:ERR!|warn|error))(?=\s)"
)
_AFTER_TIME = re.compile(
    r"[\[(<]?(Trace|Debug|Info|Information|Warning|Warn|Error|Critical|Fatal)\b"
)
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s+\d{1,9} ([\w./-]{1,80}):\d{1,6}\] ?")
_REDIS = re.compile(
    rf"\d{{1,9}}:[A-Z]\ (?:{TIME})\ ([.*#-])\ |\[\d{{1,9}}\]\ (?:{TIME})\ ([.*#-])\ ", re.VERBOSE
)
_SYSLOG_PRIORITY = re.compile(r"<(\d{1,3})>")
_ACCESS = re.compile(r'"(?:[A-Z]{3,8} [^"]{0,4096} )?HTTP/[\d.]+" (\d{3})\b')
_REQUEST = re.compile(r"\bHTTP/[\d.]+\"? (\d{3})\b")
_EXIT = re.compile(r"\bexit(?:ed|ing|s)?(?: with)?(?: (?:status|code))+\s?[=:(]?\s?(\d{1,3})\b")
_REDIS_LEVELS = {".": severity.INFO, "-": severity.INFO, "*": severity.INFO, "#": severity.WARNING}
_ATTACHED = re.compile(r"\b(?:DETAIL|HINT|STATEMENT|CONTEXT|QUERY|LOCATION|BACKTRACE):  ")
_FAR = 160


@dataclass(frozen=True, slots=True)
class Plain:
    """A line of prose. `level` is None when it names none; `attached` belongs to the line above."""

    level: Severity | None
    message: str
    attached: bool = False


def read_plain(text: str) -> Plain:
    """The level that the line names, and its message without the header."""
    klog = _KLOG.match(text)
    if klog is not None:
        return Plain(severity.of_word(klog.group(1)), f"{klog.group(2)}: {text[klog.end() :]}")
    prefix = _PREFIX.match(text)
    start = prefix.end() if prefix is not None else 0
    if _ATTACHED.search(text[: start + 80]):
        return Plain(None, text[start:], attached=True)
    header = read_header(text)
    message = text[header.end :]
    access = _ACCESS.search(text)
    if access is not None and not header.level:
        return Plain(severity.of_http_status(int(access.group(1))), message)
    level = _numbered(text) or severity.of_word("F" if header.level == "A" else header.level)
    level = level or _worded(text[start:], after_prefix=start > 0)
    return Plain(severity.highest(level, _code(text)), message)


def _numbered(text: str) -> Severity | None:
    """The level that stands as a number or a sign."""
    if text.startswith("<") and (priority := _SYSLOG_PRIORITY.match(text)):
        return severity.of_syslog(int(priority.group(1)))
    redis = _REDIS.match(text)
    return _REDIS_LEVELS[redis.group(1) or redis.group(2)] if redis is not None else None


def _worded(message: str, *, after_prefix: bool) -> Severity | None:
    if first := _FIRST_WORD.match(message):
        return severity.of_word((first.group(1) or first.group(2)).split()[-1].rstrip("!"))
    if after_prefix and (found := _AFTER_TIME.match(message)):
        return severity.of_word(found.group(1))
    if named := _LEVEL.search(message[:_FAR]):
        return severity.of_word(named.group("upper") or named.group("inside"))
    return None


def _code(text: str) -> Severity | None:
    """What an HTTP status or a process's exit code adds to the level."""
    if request := _REQUEST.search(text):
        found = severity.of_http_status(int(request.group(1)))
        return None if found is severity.INFO else found
    if ended := _EXIT.search(text):
        return None if int(ended.group(1)) == 0 else severity.WARNING
    return None
