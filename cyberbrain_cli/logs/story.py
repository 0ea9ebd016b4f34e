"""The closing question: what the findings of all containers add up to, in the model's words."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.incidents import Chain, Story
from cyberbrain_cli.core.ports import ChatReply, ChatRequest
from cyberbrain_cli.core.timestamps import format_ns
from cyberbrain_cli.logs.evidence import Redact
from cyberbrain_cli.logs.question import UNTRUSTED, as_data, framed
from cyberbrain_cli.logs.speech import names, spoken, values, words
from cyberbrain_cli.logs.text import one_line

FEWEST = 2
"""So many findings make a story."""
MOST_SHOWN = 100
LONGEST = 700
_MOST_CHAINS, _CHAIN, _TITLE = 5, 400, 110
_MOST_IDS = 20
_ID = re.compile(r"\[?\bF(\d{1,4})\b\]?")

SYSTEM = (
    "You help an engineer on call to understand an incident on one host. You are given findings"
    " from the logs of its containers, in order of time, each with an id such as F3, a severity, a"
    " count and times, and chains that say what explains what. Say what happened and what to look"
    " at first. Refer to findings by their ids.\n"
) + UNTRUSTED
RULES = (
    'Answer with one JSON object and nothing else: {"findings": ["F1", "F2"], "story": "..."}\n'
    "story is two to four short sentences of plain English, the root of the trouble first, each"
    " naming the ids it is about. findings are the ids in the story. Only ids from the data."
)


@dataclass(frozen=True, slots=True)
class Plot:
    """What the model is shown of the findings; `ids` are theirs by the ids in the text."""

    text: str = field(repr=False)
    ids: Mapping[str, str]
    not_shown: int


def make_plot(
    findings: Sequence[Finding],
    chains: Sequence[Chain],
    budget: int,
    count: Callable[[str], int],
    redact: Redact,
) -> Plot:
    """The gravest findings, in order of time, in at most `budget` tokens; no ids if none fit."""
    grave = sorted(findings, key=lambda item: (-item.severity.rank, -item.count, item.id))
    head = _head(findings, chains, redact)

    def text(number: int) -> str:
        shown = _in_time(grave[:number])
        lines = [_line(f"F{place}", item, redact) for place, item in enumerate(shown, 1)]
        return "\n".join((*head, *lines, _ending(grave[number:])))

    numbers = range(min(len(grave), MOST_SHOWN) + 1)
    number = bisect_right(numbers, budget, key=lambda item: count(text(item))) - 1
    if number < 1:
        return Plot("", {}, len(grave))
    ids = {f"F{place}": item.id for place, item in enumerate(_in_time(grave[:number]), 1)}
    return Plot(text(number), ids, len(grave) - number)


def ask_for_story(plot: Plot, max_tokens: int, plot_tokens: int) -> ChatRequest:
    """The request about all findings together, whose plot may be so many tokens."""
    return ChatRequest(
        purpose="story",
        container=None,
        system=SYSTEM,
        user=framed(plot.text, RULES),
        schema=_schema(list(plot.ids)),
        max_tokens=max_tokens,
        data=as_data(plot.text),
        data_tokens=plot_tokens,
    )


def read_story(reply: ChatReply, plot: Plot, model: str, redact: Redact) -> Story | None:
    """The story in an answer, its ids those of findings; None when it is of no use."""
    for value in values(spoken(reply.text), "{"):
        if isinstance(value, Mapping) and isinstance(value.get("story"), str):
            story = _story(value, plot, model, redact)
            if story is not None:
                return story
    return None


def _story(value: Mapping[str, Any], plot: Plot, model: str, redact: Redact) -> Story | None:
    said = words(value["story"], LONGEST, redact)
    inline = [f"F{number}" for number in _ID.findall(said)]
    known = names([*inline, *names(value.get("findings"), plot.ids)], plot.ids)[:_MOST_IDS]
    text = _ID.sub(lambda match: _reference(f"F{match[1]}", known), said)
    text = " ".join(text.split())
    if not known or not re.search(r"[^\W\d]{3}", text):
        return None
    return Story(text, tuple(plot.ids[name] for name in known), model, plot.not_shown)


def _reference(name: str, known: Sequence[str]) -> str:
    """An id as the number of its finding in the story's list; an unknown one says nothing."""
    return f"[{known.index(name) + 1}]" if name in known else ""


def _head(findings: Sequence[Finding], chains: Sequence[Chain], redact: Redact) -> list[str]:
    containers = len({item.container for item in findings})
    told = [f"explains: {one_line(redact(chain.text), _CHAIN)}" for chain in chains[:_MOST_CHAINS]]
    return [f"{len(findings)} findings in {containers} containers", *told]


def _in_time(findings: Sequence[Finding]) -> list[Finding]:
    """In order of their first event; those without a time come last."""
    return sorted(
        findings, key=lambda item: (item.first_seen is None, item.first_seen or 0, item.id)
    )


def _line(name: str, item: Finding, redact: Redact) -> str:
    when = ""
    if item.first_seen is not None:
        when = f" {format_ns(item.first_seen)[:19]}"
        if item.last_seen is not None and item.last_seen > item.first_seen:
            when += f"..{format_ns(item.last_seen)[:19]}"
    where = one_line(redact(item.container or "host"), 80)
    title = one_line(redact(item.title), _TITLE)
    return f"{name} [{item.severity} x{item.count}]{when} {where}: {title}"


def _ending(rest: Sequence[Finding]) -> str:
    if not rest:
        return "all findings are listed"
    critical = sum(item.severity == "critical" for item in rest)
    return f"left out for lack of room: {len(rest)} findings ({critical} critical)"


def _schema(ids: list[str]) -> dict[str, Any]:
    named = {
        "type": "array",
        "items": {"type": "string", "enum": ids},
        "minItems": 1,
        "maxItems": _MOST_IDS,
    }
    return {
        "type": "object",
        "properties": {"findings": named, "story": {"type": "string", "maxLength": LONGEST}},
        "required": ["findings", "story"],
        "additionalProperties": False,
    }
