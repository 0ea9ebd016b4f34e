"""The options of `cyberbrain launch`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.launch import IfRunning

Directive = Annotated[
    str | None,
    typer.Argument(metavar="DIRECTIVE", help="A directive's name, or the path of its file."),
]
Tasks = Annotated[
    list[str] | None,
    typer.Option("--task", metavar="TASK", help="Do this task, without a directive. Repeatable."),
]
Containers = Annotated[
    list[str] | None,
    typer.Option("--container", metavar="NAME", help="Only this container. Repeatable."),
]
Since = Annotated[
    str,
    typer.Option(metavar="WHEN", help="Read from: last-success, a duration back, or a time."),
]
Until = Annotated[
    str | None,
    typer.Option(metavar="WHEN", help="Read until: a duration back, or a time. Default: now."),
]
Params = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="K=V", help="A task's option. Repeatable."),
]
Labels = Annotated[
    list[str] | None,
    typer.Option("--label", metavar="K=V", help="A label of the run. Repeatable."),
]
RunKey = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="Your own key: a second launch with it starts nothing."),
]
MetricsTextfile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="At the end, write figures for node_exporter here."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan; start nothing.")]
Preview = Annotated[
    bool, typer.Option("--preview", help="Print what the model would be sent; send no log text.")
]
NoLlm = Annotated[bool, typer.Option("--no-llm", help="Judge by rules alone.")]
FailOn = Annotated[
    Severity | None, typer.Option(help="Exit with 3 for findings at least this severe.")
]
WhenRunning = Annotated[
    IfRunning, typer.Option(help="When another launch of this directive is running.")
]
Timeout = Annotated[
    str | None,
    typer.Option(metavar="DURATION", help="The longest that the launch may take: 90s, 15m."),
]
