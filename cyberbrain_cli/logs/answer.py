"""The model's answer: read with patience, believed in bounds."""

from __future__ import annotations

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
from cyberbrain_cli.logs.speech import names, spoken, values, words

_ONLY_IDS = re.compile(r"(?:[Pp]atterns?|and|P?\d++|[\s,;:.\[\]]++)++")
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
    text = spoken(reply.text)
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


def _whole(text: str) -> list[Any] | None:
    """The findings of the first JSON value that has some; None when there is no such value."""
    empty: list[Any] | None = None
    for value in values(text, "{["):
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
    for value in values(text[start + 1 :] if start >= 0 else text, "{"):
        if isinstance(value, Mapping) and "severity" in value:
            yield value


def _remark(item: Any, ids: Collection[str], redact: Callable[[str], str]) -> Remark | None:
    if not isinstance(item, Mapping):
        return None
    named = next((item[key] for key in _KEYS if key in item), ())
    real = names(named, ids)
    if not real:
        return None
    return Remark(
        ids=real[:MOST_IDS],
        severity=_severity(item.get("severity")),
        title=_said(item.get("title"), TITLE, redact),
        explanation=_said(item.get("explanation"), EXPLANATION, redact),
        suggestion=_said(item.get("suggestion"), SUGGESTION, redact),
    )


def _severity(value: Any) -> Severity:
    try:
        return Severity(str(value).strip().lower())
    except ValueError:
        return Severity.INFO


def _said(value: Any, limit: int, redact: Callable[[str], str]) -> str:
    """A text, unless it says no more than which patterns it is about."""
    said = words(value, limit, redact)
    return "" if _ONLY_IDS.fullmatch(said) else said
