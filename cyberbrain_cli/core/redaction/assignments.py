"""Values beside a telling name: password=…, "api_key": "…", Authorization: …, --token …."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cyberbrain_cli.core.redaction.names import HINTS, KEY, NOTHING, OPTION, PROSE
from cyberbrain_cli.core.redaction.placeholders import OVERLONG, PLACEHOLDER, covers, placeholder

_MASKED = re.compile(r"[*xX•.]{3,}|<[a-z_ -]{1,40}>|\$\{?[A-Z_]{1,60}\}?|%[sdv]")
_QUOTE = re.compile(r"(\\*)([\"'`])")
_PARAMETER = re.compile(r"[&;,][\w.\[\]-]{1,64}(?:=|:(?!/))")
_SCHEME = re.compile(
    r"(?i)(?:basic|bearer|token|apikey|digest|negotiate|ntlm|aws4[\w-]*)(?:\s|%20)+"
)
_END = re.compile(r"[\s\"'`<>]|[,;)}\]]+(?=\s|$|[\"'`])|\\+[nrt\"']")
_COOKIE = re.compile(r"[^\s;\"'\\]+(?:;[^\S\n]*[^\s;\"'\\]+)*+;?")


def redact_assignments(text: str, lower: str) -> str:
    """The text with the value beside every telling name replaced.

    `lower` is the text with its ASCII letters in lower case.
    """
    if not any(hint in lower for hint in HINTS):
        return text
    values = sorted([*_values(KEY, text, lower), *_values(OPTION, text, lower)])
    parts: list[str] = []
    done = 0
    for start, end, kind in values:
        if start >= done:
            parts += [text[done:start], placeholder(kind)]
            done = end
    parts.append(text[done:])
    return "".join(parts)


def _values(pattern: re.Pattern[str], text: str, lower: str) -> Iterator[tuple[int, int, str]]:
    """Where each telling name's value begins and ends, and its kind."""
    position = 0
    while match := pattern.search(lower, position):
        position = match.end()
        if _is_part_of_a_word(match, lower) or covers(text, match.start()):
            continue
        start, end = _value(text, match)
        if start < end and not _is_harmless(text, match, start, end):
            yield start, end, _kind(match)
            position = end


def _is_part_of_a_word(match: re.Match[str], lower: str) -> bool:
    before = lower[match.start() - 1 : match.start()]
    if match.group().startswith("-"):
        return before.isalnum() or before in {"-", "_"}
    if not match.groupdict()["alone"] or not before.isalnum():
        return False
    return not (match.group().startswith("pass") and match.group("separator")[0] == "=")


def _kind(match: re.Match[str]) -> str:
    name = match.group()
    for part, kind in (
        ("cookie", "cookie"), ("authoriz", "authorization"), ("pass", "password"),
        ("pwd", "password"), ("token", "token"), ("sess", "session"), ("key", "key"),
    ):  # fmt: skip
        if part in name:
            return kind
    return "secret"


def _is_harmless(text: str, match: re.Match[str], start: int, end: int) -> bool:
    value = text[start:end]
    if not value.strip() or PLACEHOLDER.fullmatch(value) or _MASKED.fullmatch(value):
        return True
    word = value.lower().rstrip(".,:;!")
    quoted, said = text[start - 1] in "\"'`", ":" in match.group("separator")
    if word in NOTHING or (said and not quoted and word in PROSE):
        return True
    name = text[max(0, match.start() - 3) : match.start() + 3]
    return value.startswith("/") and name.endswith("PWD") and not said


def _value(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the value begins and ends."""
    start = match.end()
    quote = _QUOTE.match(text, start)
    if quote:
        return quote.end(), _closing(text, quote)
    if text[start : start + 1] in ("[", "{", "("):
        done = PLACEHOLDER.match(text, start)
        return (start, _word_end(text, done.end())) if done else _bracket(text, start)
    if header := match.groupdict().get("header"):
        return start, _header_end(text, start, header, match.group("separator"))
    if re.match(r"passphrase|mnemonic|seed", match.group()) and ":" in match.group("separator"):
        return start, _line_end(text, start)
    return start, _word_end(text, start)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    return end - len(OVERLONG) - 1 if text.endswith(f" {OVERLONG}", start, end) else end


def _closing(text: str, quote: re.Match[str]) -> int:
    """Where the closing quote begins, escaped as deep as the opening one; else the line's end."""
    depth, mark = len(quote.group(1)), quote.group(2)
    end = _line_end(text, quote.end())
    position = quote.end()
    while (position := text.find(mark, position, end)) >= 0:
        slashes = 0
        while position - slashes > quote.end() and text[position - slashes - 1] == "\\":
            slashes += 1
        if slashes % (2 * depth + 2) == depth:
            doubled = depth == 0 and text[position + 1 : position + 2] == mark
            if not doubled or position == quote.end():
                return position - depth
            position += 1
        position += 1
    return end


def _bracket(text: str, start: int) -> tuple[int, int]:
    opening = text[start]
    closing = {"[": "]", "{": "}", "(": ")"}[opening]
    depth = 0
    end = _line_end(text, start)
    for position in range(start, end):
        if text[position] == opening:
            depth += 1
        elif text[position] == closing:
            depth -= 1
            if depth == 0:
                return start + 1, position
    return start + 1, end


def _header_end(text: str, start: int, header: str, separator: str) -> int:
    if "ookie" in header.lower():
        if ":" in separator:
            return _line_end(text, start)
        match = _COOKIE.match(text, start)
        return match.end() if match else start
    scheme = _SCHEME.match(text, start)
    if scheme and scheme.group().lower().startswith(("digest", "aws4")):
        return _line_end(text, start)
    return _word_end(text, scheme.end() if scheme else start)


def _word_end(text: str, start: int) -> int:
    scheme = _SCHEME.match(text, start)
    start = scheme.end() if scheme else start
    ends = [
        found.start()
        for found in (_END.search(text, start), _PARAMETER.search(text, start))
        if found
    ]
    return min(ends, default=len(text))
