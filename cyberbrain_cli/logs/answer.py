"""The model's answer: read with patience, believed in bounds."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.ports import ChatReply
from cyberbrain_cli.logs.question import (
    EXPLANATION,
    MOST_ANSWERS,
    MOST_IDS,
    SUGGESTION,
    TITLE,
)
from cyberbrain_cli.logs.text import one_line

LONGEST_ANSWER = 64 * 1024
_THOUGHTS = ("</think>", "</thinking>")
_ONLY_IDS = re.compile(r"(?:[Pp]atterns?|P?\d{1,5}|[\s,;:.\[\]])+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_LONGEST_TEXT = 4000
_DECODER = json.JSONDecoder()
_KEYS = ("patterns", "pattern", "ids", "id", "pattern_ids")


@dataclass(frozen=True, slots=True)
class Remark:
    """What the model says of patterns that exist. Its texts are short, clean and redacted."""

    ids: tuple[str, ...]
    severity: Severity
    title: str
    explanation: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What could be used of an answer. `notes` say what was wrong with it, without quoting it.

    `usable` is False when there was nothing that could be read at all.
    """

    remarks: tuple[Remark, ...]
    notes: tuple[str, ...] = ()
    usable: bool = True


def read_answer(reply: ChatReply, ids: Collection[str], redact: Callable[[str], str]) -> Answer:
    """The remarks in an answer about the patterns with these ids. Never raises."""
    cut = reply.finish_reason == "length"
    notes = ["the answer was cut off at its length limit"] if cut else []
    text = _spoken(reply.text[:LONGEST_ANSWER])
    if not text:
        return Answer((), (*notes, "the answer was empty"), usable=False)
    found = _whole(text)
    if found is None:
        found = list(_pieces(text))
        if not found:
            return Answer((), (*notes, "the answer was not the JSON asked for"), usable=False)
        notes.append(f"the answer was broken JSON; {len(found)} of its findings could be read")
    remarks = [remark for item in found if (remark := _remark(item, ids, redact)) is not None]
    if len(remarks) < len(found):
        notes.append(f"{len(found) - len(remarks)} findings named no pattern that exists")
    if len(remarks) > MOST_ANSWERS:
        notes.append(f"{len(remarks) - MOST_ANSWERS} findings beyond {MOST_ANSWERS} were dropped")
    return Answer(tuple(remarks[:MOST_ANSWERS]), tuple(notes))


def _spoken(text: str) -> str:
    """The answer without the model's thoughts, which come before it."""
    text = text.strip()
    if text.startswith(("{", "[", "```")):
        return text
    lower = text.lower()
    end = max(lower.rfind(mark) + len(mark) if mark in lower else 0 for mark in _THOUGHTS)
    spoken = text[end:]
    unended = spoken.lower().find("<think")
    return (spoken if unended < 0 else spoken[:unended]).strip()


def _whole(text: str) -> list[Any] | None:
    """The findings of the first JSON value that has some; None when there is no such value."""
    empty: list[Any] | None = None
    for value in _values(text, "{["):
        found = _findings(value)
        if found:
            return found
        empty = found if empty is None else empty
    return empty


def _findings(value: Any) -> list[Any] | None:
    if isinstance(value, Mapping):
        inner = value.get("findings")
        return inner if isinstance(inner, list) else None
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        return value
    return None


def _pieces(text: str) -> Iterator[Mapping[str, Any]]:
    """The findings of a list that was cut or is broken, as far as each is whole."""
    start = text.find("[")
    for value in _values(text[start + 1 :] if start >= 0 else text, "{"):
        if isinstance(value, Mapping) and "severity" in value:
            yield value


def _values(text: str, openings: str) -> Iterator[Any]:
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


def _remark(item: Any, ids: Collection[str], redact: Callable[[str], str]) -> Remark | None:
    if not isinstance(item, Mapping):
        return None
    named = next((item[key] for key in _KEYS if key in item), ())
    named = [named] if isinstance(named, str) else named
    if not isinstance(named, list | tuple):
        return None
    real = [name.strip().strip("[]").upper() for name in named[:100] if isinstance(name, str)]
    real = [name for name in dict.fromkeys(real) if name in ids]
    if not real:
        return None
    return Remark(
        ids=tuple(real[:MOST_IDS]),
        severity=_severity(item.get("severity")),
        title=_title(item.get("title"), redact),
        explanation=_text(item.get("explanation"), EXPLANATION, redact),
        suggestion=_text(item.get("suggestion"), SUGGESTION, redact),
    )


def _severity(value: Any) -> Severity:
    try:
        return Severity(str(value).strip().lower())
    except ValueError:
        return Severity.INFO


def _title(value: Any, redact: Callable[[str], str]) -> str:
    """The title, unless it says no more than which patterns it is about."""
    title = _text(value, TITLE, redact)
    return "" if _ONLY_IDS.fullmatch(title) else title


def _text(value: Any, limit: int, redact: Callable[[str], str]) -> str:
    return one_line(redact(_once(value)), limit) if isinstance(value, str) else ""


def _once(text: str) -> str:
    """Each sentence once: small models tend to go round in circles."""
    return " ".join(dict.fromkeys(_SENTENCE_END.split(text[:_LONGEST_TEXT])))
