"""One line, understood: what kind of line, how severe, which message, and its template."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.logs import severity
from cyberbrain_cli.logs.masks import mask, mask_numbers
from cyberbrain_cli.logs.plain import read_plain
from cyberbrain_cli.logs.structured import Fields, read_structured
from cyberbrain_cli.logs.text import clean


class Kind(Enum):
    """How a line relates to the lines before it in the same stream."""

    HEAD = "begins an event"
    INDENTED = "continues an event when it looks like a block"
    FRAME = "a stack frame, or another part of a trace that says little by itself"
    TRACE = "the beginning of a trace"
    CAUSE = "an exception's own line"
    DETAIL = "more about the line above"


@dataclass(frozen=True, slots=True)
class Line:
    """A line, understood. `severity` is the one it would have as an event of its own.

    `telling` is the part that a continuation line adds to its event's template; empty when it
    adds nothing.
    """

    kind: Kind
    severity: Severity
    leveled: bool
    template: str
    telling: str = ""


_BLANK = re.compile(r"\s*$")
_TRACE = re.compile(
    r"Traceback \(most recent call last\):|(?:goroutine \d+ \[|stack backtrace:|Stack trace:|"
    r"\[stacktrace\]|Backtrace:|Call Trace:)|(?:  \+ )?Exception Group Traceback"
)
_FRAME = re.compile(
    r"""(?x)
    \s+(?:at\ |File\ "|\d+:\s|in\ \S+:\d+|from\ \S+:\d+|\#\d+\s|\.{3}\ \d+\ (?:more|common))
    | \#\d+\ | \.{3}\ \d+\ (?:more|common)
    | [\w./*()\[\]$\x7b\x7d-]{3,200}\((?:0x[0-9a-f]+|\{|\.\.\.|\)|[\w, .?{}*-]{0,200}\))[^\s]*\s*$
    | created\ by\ \S+
    | \s*---\ End\ of\ |During\ handling\ of\ the\ above|The\ above\ exception\ was
    | exit\ status\ \d+$ | note:\ (?:run\ with|Some\ details) | Node\.js\ v\d | \s*[\^~]+\s*$
    | [)\]}]+[,;]?\s*$
    """
)
_CAUSE = re.compile(
    r"""(?x)
    (?:Caused\ by:?\ |Suppressed:\ |\s*--->\ |Exception\ in\ thread\ "[^"]{0,100}"\ |
       Unhandled\ exception[.:]\ |Uncaught\ (?:exception:?\ )?|\[cause\]:\ )?
    (?:[a-z_$][\w$]{0,60}[.:]{1,2}){0,12}[A-Z][\w$]{0,80}
    (?:Exception|Error|Throwable|Warning|Interrupt|Exit|Failure|Fault|Violation|DoesNotExist|NotFound|Timeout)
    (?:\ \[[\w]+\])?(?:$|:\ |:$|\ \(|\s*$)"""
)
_ATTACHED = re.compile(r"\[signal SIG|called `(?:Result|Option)::")
_NESTED = re.compile(r"\s*(?:Caused by|Suppressed|--->|\[cause\])")
_WARNING_CLASS = re.compile(r"\s*(?:\w+\.)*\w*Warning\b")
_TOP = re.compile(r'\s+(?:at |File ")')


def read_line(raw: bytes) -> Line:
    """The line, understood on its own. Works on any bytes."""
    text = clean(raw)
    if _BLANK.match(text):
        return Line(Kind.INDENTED, severity.INFO, leveled=False, template="")
    fields = read_structured(text)
    if fields is not None:
        return _structured(fields, text)
    if text[0] in " \t":
        return _indented(text)
    kind = _kind(text)
    if kind is not Kind.HEAD:
        return _part(kind, text)
    plain = read_plain(text)
    if plain.attached or _ATTACHED.match(text):
        template = mask(plain.message)
        return Line(Kind.DETAIL, severity.of_prose(text), leveled=False, template=template)
    fields = read_structured(plain.message)
    if fields is not None and (fields.level is not None or fields.message):
        return _structured(fields, plain.message, plain.level)
    level = plain.level or severity.of_prose(plain.message)
    return Line(Kind.HEAD, level, plain.level is not None, mask(plain.message))


def _structured(fields: Fields, text: str, outer: Severity | None = None) -> Line:
    level = severity.highest(fields.level, outer)
    message = mask(fields.message)
    logger = f"{mask_numbers(fields.logger)}: " if fields.logger else ""
    template = f"{logger}{message} {{{', '.join(fields.names)}}}"
    return Line(
        Kind.HEAD, level or severity.of_prose(fields.message or text), level is not None, template
    )


def _kind(text: str) -> Kind:
    if _TRACE.match(text):
        return Kind.TRACE
    if _CAUSE.match(text):
        return Kind.CAUSE
    return Kind.FRAME if _FRAME.match(text) else Kind.HEAD


def _part(kind: Kind, text: str) -> Line:
    """A line of a trace: its exceptions tell, its frames do not."""
    template = mask_numbers(text)
    if kind is Kind.FRAME:
        return Line(kind, severity.INFO, leveled=False, template=template)
    level = severity.WARNING if _WARNING_CLASS.match(text) else severity.CRITICAL
    telling = template if kind is Kind.CAUSE else ""
    return Line(kind, level, leveled=False, template=template, telling=telling)


def _indented(text: str) -> Line:
    """A line that begins with white space: part of a block, unless it names a level itself."""
    if _TOP.match(text):
        template = mask_numbers(text)
        return Line(Kind.FRAME, severity.INFO, leveled=False, template=template, telling=template)
    if _NESTED.match(text):
        return _part(Kind.CAUSE, text.strip())
    if _FRAME.match(text):
        return _part(Kind.FRAME, text)
    plain = read_plain(text.strip())
    if plain.level is not None:
        return Line(Kind.HEAD, plain.level, leveled=True, template=mask(plain.message))
    level = severity.of_prose(text)
    template = mask(text)
    telling = template if level is not severity.INFO else ""
    return Line(Kind.INDENTED, level, leveled=False, template=template, telling=telling)
