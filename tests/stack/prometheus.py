"""Prometheus, and promtool, from the distribution."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stack import packages, state

_HINT = "Install Prometheus (apt install prometheus, brew install prometheus)."


def programs() -> tuple[str, str]:
    """The paths of `prometheus` and `promtool`, installed if need be."""
    if shutil.which("promtool") is None:
        packages.need("prometheus", what="Prometheus", otherwise=_HINT)
    found = shutil.which("prometheus"), shutil.which("promtool")
    if None in found:
        raise state.StackError("Prometheus was installed, but its programs are not to be found.")
    return str(found[0]), str(found[1])


class Prometheus:
    """A running server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, promql: str) -> list[dict[str, object]]:
        """The samples that an instant query answers with."""
        address = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': promql})}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            document = json.load(answer)
        assert document["status"] == "success", document
        result = document["data"]["result"]
        return list(result) if document["data"]["resultType"] == "vector" else [result]

    def value(self, promql: str) -> float | None:
        """The value of the one sample of a query; None when there is none."""
        samples = self.query(promql)
        if not samples:
            return None
        (sample,) = samples
        return float(sample["value"][1])  # type: ignore[index]


@contextmanager
def running(folder: Path, target: str) -> Iterator[Prometheus]:
    """A server that scrapes `target` (host:port) every second; its data is below `folder`."""
    program, _ = programs()
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        f"scrape_configs: [{{job_name: cyberbrain, static_configs: [{{targets: ['{target}']}}]}}]\n"
    )
    command = [program, f"--config.file={config}", f"--storage.tsdb.path={folder}/data"]
    with _serving(command, folder, "/-/ready") as url:
        yield Prometheus(url)


@contextmanager
def pushgateway(folder: Path) -> Iterator[str]:
    """The URL of a running Pushgateway."""
    name = "prometheus-pushgateway"
    if shutil.which(name) is None:
        packages.need(name, what="A Pushgateway", otherwise=f"Install it (apt install {name}).")
    with _serving([name], folder, "/-/ready") as url:
        yield url


@contextmanager
def _serving(command: list[str], folder: Path, ready: str) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=output, stderr=output
        )
    url = f"http://127.0.0.1:{port}"
    try:
        state.wait(lambda: _ready(url + ready) or process.poll() is not None, command[0], 60)
        if process.poll() is not None:
            raise state.StackError(f"{command[0]} does not start: {state.tail(log)}")
        yield url
    finally:
        process.terminate()
        process.wait()


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
