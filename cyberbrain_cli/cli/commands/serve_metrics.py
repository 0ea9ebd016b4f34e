"""cyberbrain serve-metrics: figures for Prometheus, from the records."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated

import typer

from cyberbrain_cli.adapters.metrics_server import ServerSettings
from cyberbrain_cli.cli.files import save_shared
from cyberbrain_cli.cli.options import Command, single
from cyberbrain_cli.cli.signals import cancelled_by_signals
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import ExitCode, UsageError
from cyberbrain_cli.render.emit import emit_done
from cyberbrain_cli.wiring import metrics

_LISTEN_SECONDS = 0.2

app = single()


@app.command("serve-metrics", cls=Command)
def serve_metrics(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 9464,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Speak TLS with this certificate (PEM).")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Its key, if it is not in the same file.")
    ] = None,
    basic_auth_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Ask for what its one line says: user:password."),
    ] = None,
    textfile: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write once, for node_exporter's textfile collector."),
    ] = None,
    push: Annotated[
        str | None, typer.Option(metavar="URL", help="Send once, to a Pushgateway.")
    ] = None,
) -> None:
    """Show the records to Prometheus at /metrics, /metrics/json and /healthz until it is ended."""
    if tls_key is not None and tls_cert is None:
        raise UsageError("--tls-key needs --tls-cert.")
    state = State.of(context)
    if textfile is not None or push is not None:
        _once(state, textfile, push)
        return
    settings = ServerSettings(host, port, tls_cert, tls_key, basic_auth_file)
    raise typer.Exit(_serve(state, settings))


def _once(state: State, textfile: Path | None, push: str | None) -> None:
    """Write or send the figures and be done, as cron would have it."""
    places = []
    with state.services() as services:
        if textfile is not None:
            save_shared(metrics.exposition(services).plain(), textfile)
            places.append(str(textfile))
        if push is not None:
            places.append(metrics.push(services, push))
    emit_done(state.screen, {"written": places}, f"Written: {', '.join(places)}.")


def _serve(state: State, settings: ServerSettings) -> int:
    """Serve until a signal comes. Being ended is how this ends: it is no failure."""
    ended = threading.Event()
    with (
        state.services() as services,
        cancelled_by_signals(lambda _code: ended.set()),
        metrics.serving(services, settings) as url,
    ):
        emit_done(state.screen, {"url": f"{url}/metrics"}, f"Serving {url}/metrics.")
        while not ended.wait(_LISTEN_SECONDS):  # a signal that another thread takes wakes nobody
            pass
    return ExitCode.OK
