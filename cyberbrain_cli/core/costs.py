"""Sums of the ledger, put together and beside those of another time."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from cyberbrain_cli.core.records import Cost, CostRow, TokenCount

Group = tuple[str | None, ...]
"""What a row is about: the values of its keys."""


def total(rows: Sequence[CostRow]) -> CostRow:
    """All calls in one row; its money is unknown where there are several currencies."""
    tokens = [row.tokens for row in rows]
    previous = [row.previous for row in rows if row.previous is not None]
    return CostRow(
        keys={},
        calls=sum(row.calls for row in rows),
        failed_calls=sum(row.failed_calls for row in rows),
        tokens=TokenCount(
            prompt=sum(count.prompt for count in tokens),
            completion=sum(count.completion for count in tokens),
            total=sum(count.total for count in tokens),
            estimated=any(count.estimated for count in tokens),
            unknown_calls=sum(count.unknown_calls for count in tokens),
        ),
        cost=rows[0].cost
        if len(rows) == 1
        else Cost(unpriced_calls=sum(row.cost.unpriced_calls for row in rows)),
        cached_tokens=_known(row.cached_tokens for row in rows),
        reasoning_tokens=_known(row.reasoning_tokens for row in rows),
        duration_seconds=sum(row.duration_seconds for row in rows),
        previous=total(previous) if previous else None,
    )


def compared(rows: Sequence[CostRow], before: Sequence[CostRow]) -> list[CostRow]:
    """Each row with the one of its group in an earlier time as `previous`, None where new.

    A group that is gone has a row without calls, after those that are there. Money stands
    beside money of its currency alone.
    """
    earlier: dict[Group, dict[str | None, CostRow]] = defaultdict(dict)
    for row in before:
        earlier[_group(row)][row.cost.currency] = row
    sizes = Counter(map(_group, rows))
    found = []
    for row in rows:
        there = earlier[_group(row)]
        alone = sizes[_group(row)] == len(there) == 1
        same = alone and None in (row.cost.currency, *there)
        match = next(iter(there)) if same else row.cost.currency
        found.append(replace(row, previous=there.pop(match, None)))
    return found + [
        replace(total(()), keys=row.keys, cost=Cost(currency=row.cost.currency), previous=row)
        for there in earlier.values()
        for row in there.values()
    ]


def by_day(rows: Iterable[CostRow], first: date, last: date) -> dict[Group, list[int]]:
    """Tokens of each group on each day from `first` to `last`; `day` is the rows' last key."""
    days = (last - first).days + 1
    found: dict[Group, list[int]] = defaultdict(lambda: [0] * days)
    for row in rows:
        *group, day = _group(row)
        place = (date.fromisoformat(day) - first).days if day else -1
        if 0 <= place < days:
            found[tuple(group)][place] += row.tokens.total
    return dict(found)


def _group(row: CostRow) -> Group:
    return tuple(row.keys.values())


def _known(counts: Iterator[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
