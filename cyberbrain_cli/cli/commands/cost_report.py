"""cyberbrain cost-report: tokens and money spent on the model."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from cyberbrain_cli.cli.options import TableCommand, single
from cyberbrain_cli.cli.parsing import moment
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.records import Cost, CostRow, TokenCount
from cyberbrain_cli.render.columns import costs
from cyberbrain_cli.render.emit import emit_rows
from cyberbrain_cli.render.launch_view import show_totals

app = single()


class By(StrEnum):
    """What calls can be grouped by."""

    MODEL = "model"
    DAY = "day"
    DIRECTIVE = "directive"
    TASK = "task"
    CONTAINER = "container"
    ENDPOINT = "endpoint"


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
) -> None:
    """Tokens and money spent on the model, by model unless asked otherwise."""
    state = State.of(context)
    keys = [key.value for key in dict.fromkeys(by or [By.MODEL])]
    start, end = moment(since), moment(until)
    with state.services() as services:
        rows, totals = services.reports.costs(keys, since=start, until=end)
    emit_rows(
        state.screen,
        costs(keys),
        rows,
        extra={"total": _total(totals), "totals": totals},
        footer=lambda page: show_totals(totals, page),
    )


def _total(totals: Sequence[CostRow]) -> CostRow:
    """All calls in one row; its money is unknown where there are several currencies."""
    tokens = [row.tokens for row in totals]
    return CostRow(
        keys={},
        calls=sum(row.calls for row in totals),
        failed_calls=sum(row.failed_calls for row in totals),
        tokens=TokenCount(
            prompt=sum(count.prompt for count in tokens),
            completion=sum(count.completion for count in tokens),
            total=sum(count.total for count in tokens),
            estimated=any(count.estimated for count in tokens),
            unknown_calls=sum(count.unknown_calls for count in tokens),
        ),
        cost=totals[0].cost
        if len(totals) == 1
        else Cost(unpriced_calls=sum(row.cost.unpriced_calls for row in totals)),
    )
