"""A cost report: its table, with bars and sparklines for people, and what stands below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cyberbrain_cli.core.costs import Group
from cyberbrain_cli.core.records import Cost, CostRow
from cyberbrain_cli.core.sparkline import sparkline
from cyberbrain_cli.render import human
from cyberbrain_cli.render.page import Page
from cyberbrain_cli.render.tables import Column, Table

_BAR_WIDTH = 8
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def costs(
    by: Sequence[str],
    rows: Sequence[CostRow],
    *,
    days: Mapping[Group, Sequence[int]] | None = None,
    compare: bool = False,
) -> Table[CostRow]:
    """The table of a cost report; `days` are the tokens of each group's days.

    People see no column of failed or unknown calls where there are none.
    """
    largest = max((row.tokens.total for row in rows), default=0)
    columns = [
        *map(_key, by),
        _count("calls", lambda row: row.calls, spare=3),
        _count("failed_calls", lambda row: row.failed_calls, "failed", rows, spare=5),
        _count("prompt_tokens", lambda row: row.tokens.prompt, "prompt", spare=6),
        Column("cached_tokens", lambda row: row.cached_tokens, csv_only=True),
        _count("completion_tokens", lambda row: row.tokens.completion, "answer", spare=6),
        Column("reasoning_tokens", lambda row: row.reasoning_tokens, csv_only=True),
        _count("total_tokens", lambda row: row.tokens.total, "tokens"),
        Column("share", lambda row: bar(row.tokens.total, largest), human_only=True, spare=2),
        _count("unknown_calls", lambda row: row.tokens.unknown_calls, "unknown", rows, spare=5),
        Column("cost", lambda row: row.cost.amount, human=lambda row: _money(row.cost), right=True),
        Column("currency", lambda row: row.cost.currency, csv_only=True),
        _count("unpriced_calls", lambda row: row.cost.unpriced_calls, "unpriced", rows, spare=4),
        Column("duration_seconds", lambda row: row.duration_seconds, csv_only=True),
    ]
    if days is not None:
        columns.append(_trend(days))
    if compare:
        columns += _COMPARED
    return Table("rows", tuple(columns), "No calls to a model in this time.")


def show_totals(
    totals: Sequence[CostRow], uncounted: int, page: Page, uncounted_before: int = 0
) -> None:
    """Put the sums of a cost report below its table, and what they leave out."""
    for row in totals:
        page.gap()
        page.line(("bold", "Total   "), _sums(row))
        if row.previous is not None:
            page.line(("bold", "Before  "), f"{_sums(row.previous)}; change: {_change(row)}")
    for count, where in ((uncounted, "here"), (uncounted_before, "in the time before")):
        if count:
            page.gap()
            page.line(
                ("yellow", "Left out: "),
                f"{human.plural(count, 'call')} of pruned runs, of which only the day is known, "
                f"on days that are {where} in part.",
            )


def bar(value: int, largest: int) -> str:
    """A bar as long as the share of `value` in `largest`; what is there at all is seen."""
    if largest <= 0 or value <= 0:
        return ""
    eighths = max(1, round(value / largest * _BAR_WIDTH * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def _sums(row: CostRow) -> str:
    calls, spent = human.plural(row.calls, "call"), human.cost(row.cost)
    if row.failed_calls:
        calls += f" ({human.number(row.failed_calls)} failed)"
    return f"{calls}, {spent}; tokens: {human.tokens(row.tokens)}"


def _key(name: str) -> Column[CostRow]:
    return Column(name, lambda row: row.keys.get(name))


def _count(
    key: str,
    value: Callable[[CostRow], int],
    title: str = "",
    only_where_any: Sequence[CostRow] | None = None,
    spare: int = 0,
) -> Column[CostRow]:
    hidden = only_where_any is not None and not any(map(value, only_where_any))
    return Column(key, value, human.number, right=True, title=title, csv_only=hidden, spare=spare)


def _trend(days: Mapping[Group, Sequence[int]]) -> Column[CostRow]:
    return Column(
        "tokens by day",
        lambda row: sparkline(days.get(tuple(row.keys.values()), ())),
        human_only=True,
        spare=1,
    )


def _money(cost: Cost) -> str:
    if cost.amount is None:
        return "unpriced" if cost.unpriced_calls else human.NOTHING
    return human.money(cost.amount, cost.currency)


def _change(row: CostRow) -> str:
    """How the tokens changed: +12 %, -3 %, new, gone."""
    if row.previous is None:
        return "new"
    if not row.calls:
        return "gone"
    before, after = row.previous.tokens.total, row.tokens.total
    if before == after:
        return "same"
    return f"{100 * (after - before) / before:+.0f} %" if before else "from none"


def _before(row: CostRow) -> Cost:
    return row.previous.cost if row.previous is not None else Cost()


_COMPARED: tuple[Column[CostRow], ...] = (
    Column(
        "previous_total_tokens",
        lambda row: row.previous.tokens.total if row.previous is not None else None,
        human.number,
        right=True,
        title="before",
    ),
    Column("change", _change, right=True, human_only=True),
    Column(
        "previous_cost",
        lambda row: _before(row).amount,
        human=lambda row: _money(_before(row)),
        right=True,
        title="cost before",
    ),
    Column("previous_currency", lambda row: _before(row).currency, csv_only=True),
)
