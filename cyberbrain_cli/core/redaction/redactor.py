"""The one door that text passes before it leaves the program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from string import ascii_lowercase, ascii_uppercase
from typing import cast
from urllib.parse import quote, quote_plus

from cyberbrain_cli.core.redaction.assignments import redact_assignments
from cyberbrain_cli.core.redaction.keys import redact_keys
from cyberbrain_cli.core.redaction.personal import redact_cards, redact_emails
from cyberbrain_cli.core.redaction.placeholders import (
    OVERLONG,
    PLACEHOLDER,
    UNREADABLE,
    covers,
    placeholder,
)
from cyberbrain_cli.core.redaction.rules import CONTEXT, TOKENS, Rule

MAX_LINE = 64 * 1024
MAX_TEXT = 4 * 1024 * 1024
_SHORTEST_SECRET = 4
_WORD_ENDS = " \n\t", "\"',;&"
_PASSES = 32
"""Of secrets that are glued to each other one becomes visible in each pass."""
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)


class Redactor:
    """Replaces secrets and personal data by `[redacted:kind]`; safe between threads.

    `extra_secrets` are values known to be secret, such as the endpoint's key: they are found
    as they are, and as JSON or a URL would write them.
    """

    def __init__(self, extra_secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in extra_secrets for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._extra = (
            re.compile("|".join([PLACEHOLDER.pattern, *map(re.escape, longest_first)]))
            if longest_first
            else None
        )

    def redact(self, text: str) -> str:
        """The text without secrets; what was redacted before stays as it is.

        Lines over MAX_LINE and text over MAX_TEXT are cut, with a marker. When anything goes
        wrong, or there is no end of secrets, the whole text is withheld.
        """
        try:
            return self._redact(text)
        except Exception:  # noqa: BLE001 - fail closed: a detector's bug must never let text out
            return UNREADABLE

    def _redact(self, text: str) -> str:
        before = _cut(self._without_extra(text))
        for _ in range(_PASSES):
            after = self._once(before)
            if after == before:
                return _cut(before)
            before = after
        return UNREADABLE

    def _without_extra(self, text: str) -> str:
        return self._extra.sub(_known_secret, text) if self._extra else text

    def _once(self, text: str) -> str:
        text = redact_keys(self._without_extra(text))
        lower = _ascii_lower(text)
        text = _apply(TOKENS, text, lower)
        text = _apply(CONTEXT, text, lower)
        text = redact_assignments(text, _ascii_lower(text))
        text = _apply(_library(), text, lower)
        return redact_cards(redact_emails(text))


def _forms(secret: str) -> Iterator[str]:
    if len(secret) >= _SHORTEST_SECRET:
        yield secret
        yield json.dumps(secret)[1:-1]
        yield json.dumps(secret, ensure_ascii=False)[1:-1]
        yield quote(secret, safe="")
        yield quote_plus(secret)


def _known_secret(match: re.Match[str]) -> str:
    found = match.group()
    return found if PLACEHOLDER.fullmatch(found) else placeholder("secret")


def _apply(rules: Iterable[Rule], text: str, lower: str) -> str:
    for rule in rules:
        for hint in rule.hints:
            if hint in lower:
                text = rule.apply(text)
                break
    return text


def _ascii_lower(text: str) -> str:
    """The text in lower case and of the same length."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


@cache
def _library() -> tuple[Rule, ...]:
    # Loaded at the first text: its import costs more than most commands take in all.
    module = import_module("cyberbrain_cli.core.redaction.library")
    return cast("tuple[Rule, ...]", module.LIBRARY)


def _cut(text: str) -> str:
    """The text with overlong lines, and overlong text, ended by a marker."""
    if len(text) > MAX_TEXT:
        text = _shorten(text, MAX_TEXT)
    if len(text) <= MAX_LINE:
        return text
    lines = text.split("\n")
    return "\n".join(_shorten(line, MAX_LINE) if len(line) > MAX_LINE else line for line in lines)


def _shorten(text: str, limit: int) -> str:
    """Cut before the last word that fits, so that no half of a secret is left at the end."""
    room = limit - len(OVERLONG) - 1
    ends = (max(text.rfind(mark, room - 1024, room) for mark in marks) for marks in _WORD_ENDS)
    end = next((found for found in ends if found > 0), room - 1024)
    while covers(text, end - 1):
        end -= 1
    return f"{text[:end]} {OVERLONG}"
