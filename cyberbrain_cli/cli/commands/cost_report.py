"""cyberbrain cost-report: tokens and money spent on the model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cyberbrain_cli.cli.options import TableCommand, single
from cyberbrain_cli.cli.parsing import moment
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.costs import Group, by_day, compared, total
from cyberbrain_cli.core.errors import UsageError
from cyberbrain_cli.render.cost_view import costs, show_totals
from cyberbrain_cli.render.emit import emit_rows
from cyberbrain_cli.render.screen import Output

if TYPE_CHECKING:
    from cyberbrain_cli.wiring import Services

app = single()
_TREND = timedelta(days=13)


class By(StrEnum):
    """What calls can be grouped by."""

    MODEL = "model"
    DAY = "day"
    DIRECTIVE = "directive"
    TASK = "task"
    CONTAINER = "container"
    ENDPOINT = "endpoint"


class Compare(StrEnum):
    """What a time can be compared with."""

    PREVIOUS = "previous"


@app.command("cost-report", cls=TableCommand)
def cost_report(
    context: typer.Context,
    by: Annotated[
        list[By] | None,
        typer.Option(metavar=f"<{'|'.join(By)}>", help="Group by this. Repeatable."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="WHEN", help="Calls from then on: a time, or a duration back."),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="WHEN", help="Calls before then.")] = None,
    compare: Annotated[
        Compare | None,
        typer.Option(metavar="<previous>", help="Beside the time before, as long as this one."),
    ] = None,
) -> None:
    """Tokens and money spent on the model, by model unless asked otherwise."""
    state = State.of(context)
    keys = [key.value for key in dict.fromkeys(by or [By.MODEL])]
    start, end = moment(since), moment(until)
    if start is not None and end is not None and start >= end:
        raise UsageError("--until is not after --since.", "Swap the two.")
    previous = _previous(start, end, keys) if compare else None
    with state.services() as services:
        rows, totals = services.reports.costs(keys, since=start, until=end)
        left_out = [services.reports.uncounted_calls(start, end), 0]
        if previous is not None:
            left_out[1] = services.reports.uncounted_calls(*previous)
            before, before_totals = services.reports.costs(keys, *previous)
            rows, totals = compared(rows, before), compared(totals, before_totals)
        drawn = state.screen.output in (Output.HUMAN, Output.MARKDOWN)
        days = _days(services, keys, start, end) if drawn else None
    emit_rows(
        state.screen,
        costs(keys, rows, days=days, compare=compare is not None),
        rows,
        extra={
            "total": total(totals),
            "totals": totals,
            "uncounted_calls": left_out[0],
            "since": start,
            "until": end,
            "previous_since": previous and previous[0],
            "previous_uncounted_calls": left_out[1],
        },
        footer=lambda page: show_totals(totals, left_out[0], page, left_out[1]),
    )


def _previous(
    start: datetime | None, end: datetime | None, keys: list[str]
) -> tuple[datetime, datetime]:
    """The time just before, as long. Raises UsageError where there is none to speak of."""
    if start is None:
        raise UsageError(
            "--compare previous needs to know how long a time to compare.",
            "Say so: --since 7d, with --until where it is not now.",
        )
    if By.DAY in keys:
        raise UsageError(
            "--compare previous does not go with --by day: the days are not the same ones.",
            "Leave out one of the two.",
        )
    length = (end or datetime.now(UTC)) - start
    if length <= timedelta(0):
        raise UsageError("--since is still to come: there is nothing to compare.")
    try:
        return start - length, start
    except OverflowError:
        raise UsageError("--compare previous: no time is as long before --since.") from None


def _days(
    services: Services, keys: list[str], start: datetime | None, end: datetime | None
) -> dict[Group, list[int]] | None:
    """The tokens of each group on the last days of the time, two weeks of them at most."""
    if By.DAY in keys:
        return None
    last = end - timedelta.resolution if end is not None else datetime.now(UTC)
    first = max(start, last - _TREND) if start is not None else last - _TREND
    days = (first.astimezone(UTC).date(), last.astimezone(UTC).date())
    since: Any = start if start == first else datetime(*days[0].timetuple()[:3], tzinfo=UTC)
    rows, _ = services.reports.costs([*keys, By.DAY.value], since=since, until=end)
    return by_day(rows, *days)
