"""Values beside a telling name: password=…, "api_key": "…", Authorization: …, --token …."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cyberbrain_cli.core.redaction.placeholders import PLACEHOLDER, covers, placeholder

_SUFFIX = (
    r"(?![_.-]?(?:names?|files?|filename|path|dir|url|uri|types?|counts?|length|len|size|expir\w*"
    r"|exp|ttl|limits?|age|policy|version|used|usage|lifetime|valid\w*|status|required|resets?"
    r"|reset_at|endpoint|manager|store|mount|arn|provider|format|per_\w+|budget|ref|refs|bucket"
    r"|rate|rotation|created\w*|updated\w*|prompt|attempts?|enabled|disabled)(?![a-z0-9]))"
    r"(?!s?_(?:per|used|total|remaining|max|min)|(?<=token)s(?![a-z])|(?<=token)(?:iz|_?s_))"
)
_NAMES = (
    r"passwords?|passwd|passphrase|passcode|pwd|secrets?|token|api[\s_.-]?keys?|apikey"
    r"|access[_.-]?key|private[_.-]?key|secret[_.-]?key|auth[_.-]?key|account[_.-]?key"
    r"|encryption[_.-]?key|signing[_.-]?key|master[_.-]?key|credentials?|x-amz-signature"
    r"|sess(?:ion)?[_.-]?(?:id|key)|phpsessid|connect\.sid|mnemonic|seed[_ ]phrase"
)
_ALONE = r"pass|sig|cvv2?|cvc2?|ssn|otp|auth|authtoken|sshpass|requirepass|masterauth"
_HEADERS = r"authorization|cookie2?"
_SEPARATOR = (
    r"(?P<separator>\\{0,8}[\"'`\]]{0,2}[^\S\n]{0,8}(?:=>|:=|===?|=|::?|%3[aAdD]|>)[^\S\n]{0,8}"
    r"|\\{0,8}[\"'],[^\S\n]{0,4}(?=\\{0,8}[\"'\[]))"
)
# Both are matched against the text in lower case, which is several times faster than
# ignoring case.
_KEY = re.compile(
    rf"(?:(?P<header>{_HEADERS})|(?:{_NAMES}){_SUFFIX}[a-z0-9_.-]{{0,40}}+|(?P<alone>{_ALONE}))"
    rf"{_SEPARATOR}"
)
_OPTION = re.compile(
    rf"--?(?:[a-z0-9]{{1,20}}[-_]){{0,4}}(?:{_NAMES}|(?P<alone>pass)){_SUFFIX}[a-z0-9_-]{{0,20}}+"
    r"(?P<separator>[^\S\n]{1,8}(?!-))"
)
_HINTS = (
    "pass", "pwd", "secret", "token", "key", "credential", "cookie", "authorization", "sess",
    "mnemonic", "phrase", "sig", "cvv", "cvc", "ssn", "otp", "auth", "connect.sid",
)  # fmt: skip
_PROSE = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "at",
        "authentication",
        "because",
        "been",
        "but",
        "by",
        "cannot",
        "could",
        "denied",
        "does",
        "empty",
        "error",
        "expected",
        "expired",
        "failed",
        "failure",
        "false",
        "for",
        "found",
        "from",
        "has",
        "have",
        "if",
        "in",
        "incorrect",
        "invalid",
        "is",
        "it",
        "its",
        "length",
        "malformed",
        "may",
        "mismatch",
        "missing",
        "must",
        "n/a",
        "nil",
        "no",
        "none",
        "not",
        "null",
        "of",
        "ok",
        "on",
        "only",
        "or",
        "rejected",
        "required",
        "revoked",
        "should",
        "signature",
        "still",
        "that",
        "the",
        "this",
        "to",
        "too",
        "true",
        "unable",
        "unauthorized",
        "undefined",
        "unexpected",
        "unknown",
        "unset",
        "unsupported",
        "user",
        "was",
        "were",
        "when",
        "will",
        "with",
        "wrong",
        "yes",
    ]
)
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
    if not any(hint in lower for hint in _HINTS):
        return text
    values = sorted([*_values(_KEY, text, lower), *_values(_OPTION, text, lower)])
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
    if PLACEHOLDER.fullmatch(value) or _MASKED.fullmatch(value):
        return True
    if value.lower().rstrip(".,:;!") in _PROSE:
        return True
    name = text[max(0, match.start() - 3) : match.start() + 3]
    return value.startswith("/") and name.endswith("PWD") and ":" not in match.group("separator")


def _value(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the value begins and ends."""
    start = match.end()
    quote = _QUOTE.match(text, start)
    if quote:
        return quote.end(), _closing(text, quote)
    if text[start : start + 1] in ("[", "{", "("):
        return (start, start) if PLACEHOLDER.match(text, start) else _bracket(text, start)
    if header := match.groupdict().get("header"):
        return start, _header_end(text, start, header, match.group("separator"))
    if re.match(r"passphrase|mnemonic|seed", match.group()) and ":" in match.group("separator"):
        return start, _line_end(text, start)
    return start, _word_end(text, start)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


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
