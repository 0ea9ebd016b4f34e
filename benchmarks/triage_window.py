"""What a small window at the end of a big log costs, beside what `since` alone takes.

`python -m benchmarks.triage_window [--lines N] [--window N] [--rounds N]`. The container writes a
big log, waits, and writes some lines more; those are read by us, and by curl with `since`, in turn.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker as docker_sdk

from benchmarks import traffic
from cyberbrain_cli.adapters.docker_host import DockerHost
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.core.timestamps import NANOSECONDS, parse_ns
from tests.stack import docker, state

_APART_SECONDS = 3


@contextmanager
def container(client: docker_sdk.DockerClient, lines: int, window: int) -> Iterator[str]:
    """A container that wrote `lines` lines, and `window` more some seconds later."""
    label = dict([docker.LABEL.split("=", 1)])
    with tempfile.TemporaryDirectory() as folder:
        for name, count, seed in (("big", lines, 1), ("small", window, 2)):
            with (Path(folder) / name).open("w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in traffic.lines("traffic", count, seed))
        made = client.containers.create(
            docker.IMAGE, ["sh", "-c", f"cat /in/big; sleep {_APART_SECONDS}; cat /in/small"],
            network_mode="none", labels=label,
            volumes={folder: {"bind": "/in", "mode": "ro"}},
        )  # fmt: skip
        try:
            made.start()
            made.wait()
            yield str(made.name)
        finally:
            made.remove(force=True, v=True)


def measure(host: DockerHost, found: ContainerInfo, window: Window) -> tuple[float, float]:
    """Seconds by growing tails, and of curl that asks with `since` alone."""
    before = time.perf_counter()
    lines = sum(len(batch.lines) for batch in host.read_logs(found, window))
    tails = time.perf_counter() - before
    if not lines:
        raise SystemExit("The window is empty: nothing was measured.")
    seconds, fraction = divmod(window.after or 0, NANOSECONDS)
    url = f"http://localhost/containers/{found.id}/logs?stdout=1&stderr=1&timestamps=1"
    socket = host.address.removeprefix("unix://")
    before = time.perf_counter()
    subprocess.run(
        ["curl", "-sS", "--unix-socket", socket, f"{url}&since={seconds}.{fraction:09d}"],
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return tails, time.perf_counter() - before


def main() -> int:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--window", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with state.locked():
        url = str(docker.up()["url"])
    host = DockerHost(url, 600)
    with container(docker_sdk.DockerClient(url), arguments.lines, arguments.window) as name:
        found, now = host.inspect(name), host.now_ns()
        tail = docker_sdk.DockerClient(url).containers.get(name)
        first = tail.logs(timestamps=True, tail=arguments.window).split(b" ", 1)[0].decode()
        window = Window(parse_ns(first) - 1, now)
        taken = [measure(host, found, window) for _ in range(arguments.rounds)]
    tails, since = (statistics.median(column) for column in zip(*taken, strict=True))
    print(f"{arguments.window:,} lines at the end of {arguments.lines:,}\n")
    print("| way | median | × curl | mark |\n|---|---:|---:|---:|")
    print(f"| curl with `since` | {since:.3f} s | 1.00 | |")
    print(f"| growing tails | {tails:.3f} s | {tails / since:.2f} | ≤ 0.2 |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
