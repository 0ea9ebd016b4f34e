"""What a model says, whatever dress it comes in: JSON among words and thoughts, bounded."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from cyberbrain_cli.logs.text import one_line

LONGEST_ANSWER = 64 * 1024
_THOUGHTS = ("</think>", "</thinking>")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_LONGEST_TEXT = 4000
_DECODER = json.JSONDecoder()


def spoken(text: str) -> str:
    """The answer without the model's thoughts, which come before it."""
    text = text[:LONGEST_ANSWER].strip()
    if text.startswith(("{", "[", "```")):
        return text
    lower = text.lower()
    end = max(lower.rfind(mark) + len(mark) if mark in lower else 0 for mark in _THOUGHTS)
    said = text[end:]
    unended = said.lower().find("<think")
    return (said if unended < 0 else said[:unended]).strip()


def values(text: str, openings: str) -> Iterator[Any]:
    """Every JSON value in the text that begins with one of these characters, outermost only."""
    position, tries = 0, 0
    while tries < 200:
        starts = [at for opening in openings if (at := text.find(opening, position)) >= 0]
        if not starts:
            return
        position, tries = min(starts), tries + 1
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            position += 1
            continue
        yield value


def words(value: Any, limit: int, redact: Callable[[str], str]) -> str:
    """A text of an answer: short, on one line, redacted; empty when it is none."""
    return one_line(redact(_once(value)), limit) if isinstance(value, str) else ""


def names(value: Any, known: Collection[str]) -> tuple[str, ...]:
    """The known ids among those that an answer names, each once."""
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list | tuple):
        return ()
    real = (name.strip().strip("[]").upper() for name in named[:100] if isinstance(name, str))
    return tuple(name for name in dict.fromkeys(real) if name in known)


def _once(text: str) -> str:
    """Each sentence once: small models tend to go round in circles."""
    return " ".join(dict.fromkeys(_SENTENCE_END.split(text[:_LONGEST_TEXT])))
