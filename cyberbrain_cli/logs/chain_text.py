"""A chain in one line of text."""

from __future__ import annotations

from collections.abc import Sequence

from cyberbrain_cli.core.incidents import Link
from cyberbrain_cli.core.timestamps import format_ns
from cyberbrain_cli.logs.text import one_line

ARROW = " → "
MOST_TOLD = 12
_NAME, _TITLE = 80, 70
_DAY = 10


def told(links: Sequence[Link]) -> str:
    """The links, the root first; what branches off stands in brackets."""
    shown = links[:MOST_TOLD]
    days = {format_ns(link.first_seen)[:_DAY] for link in shown}
    text = _branch(shown[0], shown, whole=len(days) > 1)
    rest = len(links) - len(shown)
    return f"{text}, and {rest} more" if rest else text


def _branch(link: Link, links: Sequence[Link], *, whole: bool) -> str:
    after = [_branch(other, links, whole=whole) for other in links if other.cause == link.container]
    text = _one(link, whole=whole)
    if len(after) > 1:
        return f"{text}{ARROW}({'; '.join(after)})"
    return f"{text}{ARROW}{after[0]}" if after else text


def _one(link: Link, *, whole: bool) -> str:
    time = format_ns(link.first_seen)
    clock = f"{time[:_DAY]} {time[11:19]}" if whole else time[11:19]
    times = f", {link.count} times from" if link.count > 1 else " at"
    return f"{_word(link.container, _NAME)}: {_word(link.title, _TITLE)}{times} {clock}"


def _word(text: str, limit: int) -> str:
    """Text from a log on one line, without what would pose as another link."""
    return one_line(text.replace("→", "-"), limit)
