"""cyberbrain cost-report: tokens and money spent on the model."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cyberbrain_cli.cli.options import TableCommand, single
from cyberbrain_cli.cli.parsing import moment
from cyberbrain_cli.cli.state import State
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
        extra={"totals": totals},
        footer=lambda page: show_totals(totals, page),
    )
