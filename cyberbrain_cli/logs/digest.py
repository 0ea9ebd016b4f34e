"""The digest: what a model is shown of a container's log, within a token budget."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.timestamps import format_ns
from cyberbrain_cli.logs.assess import Assessment
from cyberbrain_cli.logs.evidence import Redact, evidence_of, redacted, shown_template
from cyberbrain_cli.logs.fate import fates
from cyberbrain_cli.logs.judge import Judgement
from cyberbrain_cli.logs.text import one_line

Count = Callable[[str], int]

MOST_BLOCKS = 200
_COMPACT = 220
_LINE = 320


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not in a digest, in numbers."""

    patterns: int = 0
    events: int = 0
    critical: int = 0
    warning: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """The text for the model, the ids in it, and what it leaves out."""

    text: str
    ids: tuple[str, ...]
    left_out: LeftOut


def make_digest(
    judgement: Judgement, window: Window, budget: int, count: Count, redact: Redact
) -> Digest:
    """The patterns that matter most, in at most `budget` tokens, and what was left out.

    As many patterns as fit come as a line each; what room is left goes to the first event of the
    gravest, word for word, and then to what stood around it in the log. Nothing fits in a budget
    that is too small: then the digest has no ids.
    """
    builder = _Builder(judgement, window, redact)

    def fits(*numbers: int) -> bool:
        return count(builder.text(*numbers)) <= budget

    if not fits(0, 0, 0):
        return Digest("", (), builder.left_out(0))
    named = _most(lambda number: fits(number, 0, 0), len(builder.items))
    quoted = _most(lambda number: fits(named, number, 0), named)
    around = _most(lambda number: fits(named, quoted, number), quoted)
    ids = tuple(item.pattern.id for item in builder.items[:named])
    return Digest(builder.text(named, quoted, around), ids, builder.left_out(named))


def _most(fits: Callable[[int], bool], limit: int) -> int:
    """The greatest number that fits, which is 0 at least."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if fits(middle):
            low = middle
        else:
            high = middle - 1
    return low


class _Builder:
    """Renders digests of different length; every piece is redacted once."""

    def __init__(self, judgement: Judgement, window: Window, redact: Redact) -> None:
        self._judgement = judgement
        self._redact = redact
        self.items = judgement.assessments[:MOST_BLOCKS]
        self._head = _head(judgement, window, redact)
        self._lines: dict[int, str] = {}
        self._quotes: dict[int, str] = {}
        self._around: dict[int, str] = {}

    def text(self, named: int, quoted: int, around: int) -> str:
        """The digest of the first `named` patterns.

        The first `quoted` of them come with lines, the first `around` with what stood near.
        """
        parts = [self._head]
        for number in range(named):
            parts.append(self._line(number))
            if number < quoted:
                parts.append(self._quote(number))
            if number < around:
                parts.append(self._near(number))
        parts.append(_ending(self.left_out(named), len(self._judgement.mined.patterns)))
        return "\n".join(part for part in parts if part)

    def left_out(self, named: int) -> LeftOut:
        rest = [item.pattern for item in self._judgement.assessments[named:]]
        return LeftOut(
            patterns=len(rest),
            events=sum(pattern.count for pattern in rest),
            critical=sum(pattern.severity is Severity.CRITICAL for pattern in rest),
            warning=sum(pattern.severity is Severity.WARNING for pattern in rest),
        )

    def _line(self, number: int) -> str:
        if number not in self._lines:
            self._lines[number] = _compact(self.items[number], self._redact)
        return self._lines[number]

    def _quote(self, number: int) -> str:
        if number not in self._quotes:
            self._quotes[number] = "\n".join(_quoted(self.items[number], self._redact))
        return self._quotes[number]

    def _near(self, number: int) -> str:
        if number not in self._around:
            self._around[number] = "\n".join(_near(self.items[number], self._redact))
        return self._around[number]


def _head(judgement: Judgement, window: Window, redact: Redact) -> str:
    container, mined = judgement.container, judgement.mined
    name = one_line(redact(container.name), 80)
    image = one_line(redact(container.image), 120)
    facts = [f"container {name}, image {image}, state {one_line(container.state, 20)}"]
    facts += [
        f"daemon says: {fate.severity}: {fate.title}. {fate.explanation}"
        for fate in fates(container, window)
    ]
    span = "none"
    if mined.first is not None and mined.last is not None:
        span = f"{_clock(mined.first)} to {_clock(mined.last)}"
    facts.append(f"{mined.lines} lines, {len(mined.patterns)} patterns, {span}")
    return "\n".join(facts)


def _compact(item: Assessment, redact: Redact) -> str:
    pattern = item.pattern
    marks = [str(item.severity or pattern.severity), f"x{pattern.count}"]
    if item.signature is not None:
        marks.append(item.signature.key)
    if item.novel:
        marks.append("new")
    if item.rare:
        marks.append("rare")
    if item.burst is not None:
        marks.append(f"burst {item.burst.count} in {item.burst.seconds:.0f}s")
    when = _clock(pattern.first)
    if pattern.count > 1:
        when += f"..{_clock(pattern.last)}"
    template = one_line(shown_template(pattern, redact), _COMPACT)
    return f"{pattern.id} [{' '.join(marks)}] {when} {template}"


def _quoted(item: Assessment, redact: Redact) -> Sequence[str]:
    """Lines of the first event."""
    first = evidence_of(item.pattern.exemplars[:1], redact)
    return [f"  line: {one_line(proof.line, _LINE)}" for proof in first if proof.line.strip()]


def _near(item: Assessment, redact: Redact) -> Sequence[str]:
    """Lines around the first event."""
    around = [proof for proof in redacted(item.pattern.context, redact) if proof.line.strip()]
    return [f"  near: {_clock(proof.time)} {one_line(proof.line, _LINE // 2)}" for proof in around]


def _ending(left: LeftOut, patterns: int) -> str:
    if not left.patterns:
        return f"all {patterns} patterns are listed"
    return (
        f"left out for lack of room: {left.patterns} patterns with {left.events} events"
        f" ({left.critical} critical, {left.warning} warning)"
    )


def _clock(time_ns: int) -> str:
    return format_ns(time_ns)[:19]
