"""Where a line's header ends: timestamps, host, program, process, thread, level and logger.

Nothing here knows the format of one program: a header is read piece by piece, as long as pieces
look like what loggers of all kinds put in front of a message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from cyberbrain_cli.logs.stamps import DATED, TIME

FARTHEST = 400
"""Characters in which a header is looked for."""
UPPER_LEVELS = (
    "TRACE|VERBOSE|DEBUG[1-5]?|DBG|INFO|INF|INFORMATION|NOTICE|WARN|WARNING|WRN|ERROR|ERR|SEVERE|"
    "CRITICAL|CRIT|CRT|FATAL|FTL|DPANIC|PANIC|ALERT|EMERG|EMERGENCY|FINE|FINER|FINEST|FAILURE"
)
_MIXED = (
    "[Tt]race|[Vv]erbose|[Dd]ebug|[Ii]nfo|[Ii]nformation|[Nn]otice|[Ww]arn|[Ww]arning|[Ee]rror|"
    "[Ss]evere|[Cc]ritical|[Cc]rit|[Ff]atal|[Aa]lert|[Ee]merg"
)
_EPOCH = r"1\d{9}(?:[.,]\d{1,9})?(?![\w.])|1\d{12}(?![\w.])"
_COLUMN = r"(?:-|[A-Z][A-Z_]{0,23}|(?=\S{0,120}[\d@/_|])[^\s\"'=]{1,120}+)"
_BRACKETED = r"\[(?:[^\[\]]|\[[^\[\]]{0,80}\]){0,160}+\]"
_ID = r"(?:-|(?=[^\s\]]{0,120}\d)[^\s\[\]='\"]{1,120}+)"
_LOGGER = (
    r"(?:(?:[A-Za-z_$][\w$-]{0,60}[./\\]){1,12}[\w$<>-]{1,80}"
    r"|(?=[A-Z]?[a-z0-9]{1,40}[A-Z])\w{1,80})(?::\w{1,60})?(?:[:@\#(]\d{1,6}\)?)?"
)


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.VERBOSE)


_STAMP = _compiled(
    rf"""(?:[\[(<]\ ?)?(?:{TIME}|\ {{0,8}}\d{{1,9}}\.\d{{6}}(?=[\]]))(?![\w])
    [\])>]?[,;:]?\s{{0,4}}"""
)
_FIRST_EPOCH = _compiled(rf"(?:[\[(]\ ?)?(?:{_EPOCH})[\])]?[,:;|]?\s+")
_CLOSELY_DATED = _compiled(r"\d{6}\ \d{6}\ ")
_BEFORE_STAMP = _compiled(
    rf"""(?:{_COLUMN}\s{{1,4}}){{1,5}}?(?=[\[(<]?(?:{DATED})|(?:{_EPOCH})\s)
    | \S{{1,80}}\ \S{{1,20}}\ \S{{1,80}}\ (?=\[\d\d/[A-Z][a-z]{{2}}/\d{{4}}:)"""
)
_NUMBERED = _compiled(rf"\d{{1,12}}\s(?:\S{{1,60}}\s){{1,5}}?(?:{_EPOCH})\s+-?\d{{1,3}}\s+")
_PRIORITY = _compiled(r"<\d{1,3}>(?:1\ )?\s?")
_BEFORE_LEVEL = (
    rf"(?:[\s|:,-]{{0,8}}+(?:{_BRACKETED}|\((?=\S)[^()\s]{{1,40}}\)|{_COLUMN}(?=[\s|:])"
    rf"|(?:[a-z][\w.-]{{1,40}}|(?=[A-Z][a-z0-9]{{1,40}}[A-Z])\w{{1,80}})(?=\s{{1,8}}(?:[-|:]\s|\[|[A-Z]{{3}}))))"
)
_LEVEL = _compiled(
    rf"""(?P<columns>{_BEFORE_LEVEL}{{0,6}}?)[\s|:,-]{{0,8}}+
    (?:[\[<(|]\s{{0,4}}(?P<inside>{UPPER_LEVELS}|{_MIXED})\s{{0,4}}[\])>|]:?
      |(?P<upper>{UPPER_LEVELS}|LOG(?=:))(?=[\s|:,\]\[-]|$):?)"""
)
_MIXED_LEVEL = _compiled(rf"(?P<mixed>{_MIXED})(?:[:|,]|\s\s|\s(?=\[)|\t)")
_LETTER_LEVEL = _compiled(r"\d{1,7}\s+\d{1,7}\s+(?P<letter>[VDIWEFA])\s+[^\s:]{1,60}\s{0,20}:\s")
_PIPES = _compiled(r"\|(?:[\w.:#-]{1,60}\|){1,4}")
_SYSLOG = _compiled(
    r"""[^\s\[\]"'=]{1,80}+\s{1,2}
    (?:(?:[\w./@+-]{1,80}(?:\([\w.-]{1,30}\))?\[\d{1,10}\](?:\ \(\[\d{1,10}\]\))?
      |[\w./@+-]{1,80}(?:\([\w.-]{1,30}\))?(?:\ \d[\d.]{0,10})?):\s{1,2}
      |(?=(?:---\ )?last\ message\ repeated\ ))"""
)
_PROCESS = _compiled(r"[\w./@+-]{1,80}(?:\([\w.-]{1,30}\))?\[\d{1,10}\]:\s{1,2}")
_PROGRAM = _compiled(r"[\w.@/+-]{1,60}(?:\ \*\d{1,3})?\ -\ (?=\S)")
_AFTER_LEVEL: tuple[re.Pattern[str], ...] = tuple(
    map(
        _compiled,
        (
            r"(?<=:)[A-Za-z_][\w.]{0,60}:(?=\S)",
            r"[\s|]*+\d{1,9}\s+---\s+",
            rf"[\s|]*+{_BRACKETED}\s+-\s+",
            rf"[\s|]*+{_BRACKETED}(?=\s+{_LOGGER}\s{{0,20}}(?:[:|]\s|\s-\s))",
            rf"[\s|]*+\[{_ID}(?:\s{_ID}){{0,8}}\](?=\s*\S)",
            rf"[\s|]*+{_LOGGER}\s{{0,40}}(?::\s|\s-\s|\|\s|\s(?=\[))",
            r"[\s|]*+\d{1,9}\#\d{1,9}:\s(?:\*\d{1,12}\s)?",
            r"[\s|]*+[A-Za-z][\w.]{0,30}\s{2,}(?=\S)",
        ),
    )
)
_SEPARATORS = _compiled(r"[\s|,:\]]{0,200}(?:-+\s+)?")
_SYSLOG_STAMP = _compiled(
    r"(?:[A-Z][a-z]{2}\s+\d{1,2}\s\d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,40})\s{1,2}$"
)


@dataclass(frozen=True, slots=True)
class Header:
    """Where the message starts, and the level word of the header; empty when it has none."""

    end: int
    level: str = ""


def read_header(text: str) -> Header:
    """The header of a line; one that would leave no message is none."""
    head = text[:FARTHEST]
    start, dated = _stamps(head)
    found = _leveled(head, start, dated=dated)
    if found.end >= len(text.rstrip()):
        return Header(0, found.level)
    return found


def _stamps(head: str) -> tuple[int, bool]:
    """Where the timestamps and the columns in front of them end, and whether there are any."""
    place, dated = 0, False
    if numbered := _NUMBERED.match(head):
        return numbered.end(), True
    if priority := _PRIORITY.match(head):
        place = priority.end()
    for _ in range(6):
        stamp = _STAMP.match(head, place) or (
            (_FIRST_EPOCH.match(head, place) or _CLOSELY_DATED.match(head, place))
            if not dated
            else None
        )
        if stamp is not None and stamp.end() > place:
            place, dated = stamp.end(), True
            continue
        before = _BEFORE_STAMP.match(head, place)
        if before is None:
            break
        place = before.end()
    return place, dated


def _leveled(head: str, place: int, *, dated: bool) -> Header:
    """The rest of the header: columns, level, thread, logger."""
    if letter := _LETTER_LEVEL.match(head, place):
        return Header(letter.end(), letter.group("letter"))
    level = ""
    found = _LEVEL.match(head, place)
    if found is not None and (dated or not found.group("columns").strip()):
        level = found.group("inside") or found.group("upper")
        place = found.end()
    elif dated and (mixed := _MIXED_LEVEL.match(head, place)):
        level, place = mixed.group("mixed"), mixed.end()
    elif dated:
        place = _unleveled(head, place)
    elif process := _PROCESS.match(head):
        return Header(process.end())
    if level:
        place = _pieces(head, place)
    return Header(place, level)


def _unleveled(head: str, place: int) -> int:
    """Behind the columns that follow a timestamp when no level does."""
    tries: list[Callable[[str, int], re.Match[str] | None]] = [_PIPES.match, _PROCESS.match]
    if _SYSLOG_STAMP.search(head, max(0, place - 48), place):
        tries.append(_SYSLOG.match)
    tries.append(_PROGRAM.match)
    for match in tries:
        if found := match(head, place):
            return found.end()
    return place


def _pieces(head: str, place: int) -> int:
    """Behind what stands between a level and the message."""
    for _ in range(6):
        before = place
        for piece in _AFTER_LEVEL:
            if found := piece.match(head, place):
                place = found.end()
                break
        if place == before:
            break
    separators = _SEPARATORS.match(head, place)
    return separators.end() if separators is not None else place
