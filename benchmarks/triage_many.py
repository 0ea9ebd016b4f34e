"""Many containers in one run, beside as many curls side by side.

`python -m benchmarks.triage_many [--containers N] [--lines N] [--rounds N] [--check]`. What is told
are medians, the ratio, and the most memory that the program's process held.
"""

from __future__ import annotations

import argparse
import os
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
from benchmarks.triage_speed import PROGRAM, Taken, home, run
from tests.stack import docker, state

MARK = 1.1
MOST_MEMORY_MB = 200


@contextmanager
def containers(client: docker_sdk.DockerClient, count: int, lines: int) -> Iterator[list[str]]:
    """So many containers that have each written so many lines, no two the same."""
    label = dict([docker.LABEL.split("=", 1)])
    made = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            for number in range(count):
                path = Path(folder) / f"{number}.log"
                with path.open("w", encoding="utf-8") as file:
                    file.writelines(f"{line}\n" for line in traffic.lines("mix", lines, number))
                one = client.containers.create(
                    docker.IMAGE, ["cat", f"/in/{number}.log"],
                    name=f"bench-many-{number}-{os.getpid()}", network_mode="none", labels=label,
                    volumes={folder: {"bind": "/in", "mode": "ro"}},
                )  # fmt: skip
                made.append(one)
                one.start()
                one.wait()
            yield [str(one.name) for one in made]
        finally:
            for one in made:
                one.remove(force=True, v=True)


def curls(socket: str, names: list[str]) -> float:
    """Seconds until as many curls as there are containers have read all logs side by side."""
    begin = time.perf_counter()
    processes = [
        subprocess.Popen(
            ["curl", "-sS", "--unix-socket", socket,
             f"http://localhost/containers/{name}/logs?stdout=1&stderr=1&timestamps=1"],
            stdout=subprocess.DEVNULL,
        )
        for name in names
    ]  # fmt: skip
    if any(process.wait() for process in processes):
        raise SystemExit("curl failed.")
    return time.perf_counter() - begin


def main() -> int:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--containers", type=int, default=20)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--check", action="store_true", help="exit 1 if a mark is missed")
    arguments = parser.parse_args()
    with state.locked():
        url = str(docker.up()["url"])
    client = docker_sdk.DockerClient(url)
    socket = url.removeprefix("unix://")
    ours: list[Taken] = []
    theirs: list[float] = []
    with (
        containers(client, arguments.containers, arguments.lines) as names,
        home(url, *names) as environment,
    ):
        command = [PROGRAM, "launch", "--task", "log_triage", "--since", "3650d", "--no-llm",
                   "--quiet", "--output", "json"]  # fmt: skip
        for _ in range(arguments.rounds):
            theirs.append(curls(socket, names))
            ours.append(run(command, environment))
    return show(arguments, theirs, ours)


def show(arguments: argparse.Namespace, theirs: list[float], ours: list[Taken]) -> int:
    """The table; exit code 1 if a mark is missed and that was asked for."""
    curl = statistics.median(theirs)
    median = statistics.median(item.seconds for item in ours)
    memory = max(item.memory_mb for item in ours)
    print(f"{arguments.containers} containers of {arguments.lines:,} lines, in one run\n")
    print("| way | median | × curl | mark | memory |")
    print("|---|---:|---:|---:|---:|")
    print(f"| curl, side by side | {curl:.2f} s | 1.00 | | |")
    print(f"| cyberbrain | {median:.2f} s | {median / curl:.2f} | ≤ {MARK:g} | {memory:.0f} MB |")
    met = median / curl <= MARK and memory <= MOST_MEMORY_MB
    return int(arguments.check and not met)


if __name__ == "__main__":
    sys.exit(main())
