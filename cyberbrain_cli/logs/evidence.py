"""Quotes become evidence: redacted together, so that a secret over several lines is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from cyberbrain_cli.core.findings import Evidence
from cyberbrain_cli.logs.lines import read_line
from cyberbrain_cli.logs.patterns import Exemplar, Pattern, Quote

MOST_LINES = 20
_PER_EXEMPLAR = 12
Redact = Callable[[str], str]


def evidence_of(exemplars: Iterable[Exemplar], redact: Redact) -> tuple[Evidence, ...]:
    """The lines of the exemplars, redacted, in the order they stood in the log."""
    found: list[Evidence] = []
    for exemplar in exemplars:
        found += redacted(exemplar.lines, redact)[:_PER_EXEMPLAR]
    return tuple(found[:MOST_LINES])


def shown_template(pattern: Pattern, redact: Redact) -> str:
    """The pattern's template as it may leave.

    Masks can leave half of a secret that redaction would not know again: where a secret stood
    in the first event, the template is made anew from what redaction left of it.
    """
    if not pattern.exemplars:
        return redact(pattern.template)
    quotes = pattern.exemplars[0].lines
    proofs = redacted(quotes, redact)
    if [proof.line for proof in proofs] == [quote.text for quote in quotes]:
        return redact(pattern.template)
    return redact(read_line(proofs[0].line.encode("utf-8", "replace")).template)


def redacted(quotes: Sequence[Quote], redact: Redact) -> list[Evidence]:
    """The quotes as evidence. Lines that redaction takes together are left out."""
    lines = redact("\n".join(quote.text for quote in quotes)).split("\n")
    found: list[Evidence] = []
    place = 0
    for left, line in zip(range(len(lines), 0, -1), lines, strict=True):
        place = _place(quotes, place, line, left)
        if place >= len(quotes):
            break
        found.append(Evidence(quotes[place].time, quotes[place].stream, line))
        place += 1
    return found


def _place(quotes: Sequence[Quote], place: int, line: str, left: int) -> int:
    """Which quote a redacted line is, when there may be fewer lines than quotes."""
    latest = len(quotes) - left
    for candidate in range(place, latest + 1):
        if quotes[candidate].text == line:
            return candidate
    return place
