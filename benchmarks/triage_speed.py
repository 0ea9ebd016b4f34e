"""How long a whole triage takes, beside what only reads the same log.

`python -m benchmarks.triage_speed [--lines N] [--rounds N] [--content NAME …] [--check]`. The
contenders take turns on the same container; what is told are medians, ratios to curl, the CPU time
of the contender alone (the daemon's comes on top), and the most memory that its process held, of
which a little is that of this program before it began.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker as docker_sdk

from benchmarks import traffic
from tests.stack import docker, state

PROGRAM = str(Path(sys.executable).with_name("cyberbrain"))
MARKS = {"traffic": 0.8, "mix": 1.0, "uuid-json": 1.3}
MOST_MEMORY_MB = 120


@dataclass(frozen=True, slots=True)
class Taken:
    """One go of one contender."""

    seconds: float
    cpu_seconds: float
    memory_mb: float


@contextmanager
def container(client: docker_sdk.DockerClient, content: str, count: int) -> Iterator[str]:
    """A container that has written so many lines."""
    name = f"bench-{content}-{count}-{os.getpid()}"
    label = dict([docker.LABEL.split("=", 1)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "traffic.log"
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in traffic.lines(content, count))
        made = client.containers.create(
            docker.IMAGE, ["cat", "/in/traffic.log"], name=name, network_mode="none",
            labels=label, volumes={folder: {"bind": "/in", "mode": "ro"}},
        )  # fmt: skip
        try:
            made.start()
            made.wait()
            yield name
        finally:
            made.remove(force=True, v=True)


def run(command: list[str], environment: dict[str, str]) -> Taken:
    """Run a command to its end, its output thrown away."""
    before = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    if os.waitstatus_to_exitcode(status) != 0:
        raise SystemExit(f"{command[0]} failed: {os.waitstatus_to_exitcode(status)}")
    return Taken(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def contenders(socket: str, name: str) -> dict[str, list[str]]:
    """The commands that are compared."""
    url = f"http://localhost/containers/{name}/logs?stdout=1&stderr=1&timestamps=1"
    return {
        "curl": ["curl", "-sS", "--unix-socket", socket, url],
        "docker logs": ["docker", "-H", f"unix://{socket}", "logs", name],
        "cyberbrain": [PROGRAM, "launch", "--task", "log_triage", "--container", name,
                       "--since", "3650d", "--no-llm", "--quiet", "--output", "json"],
        "drain3": [sys.executable, "-m", "benchmarks.drain3_reader", socket, name],
    }  # fmt: skip


def measure(
    socket: str, name: str, rounds: int, environment: dict[str, str], slow_rounds: int
) -> dict[str, list[Taken]]:
    """All contenders in turn, so many times; the slowest one less often."""
    commands = contenders(socket, name)
    taken: dict[str, list[Taken]] = {contender: [] for contender in commands}
    for number in range(rounds):
        for contender, command in commands.items():
            if contender != "drain3" or number < slow_rounds:
                taken[contender].append(run(command, environment))
    return taken


def show(content: str, count: int, taken: dict[str, list[Taken]]) -> bool:
    """Print a table; whether the marks are met."""
    base = statistics.median(item.seconds for item in taken["curl"])
    print(f"\n{content}, {count:,} lines\n")
    print("| contender | median | × curl | mark | own CPU | memory | goes |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    met = True
    for contender, items in taken.items():
        if not items:
            continue
        median = statistics.median(item.seconds for item in items)
        memory = max(item.memory_mb for item in items)
        mark = MARKS[content] if contender == "cyberbrain" else None
        if mark is not None:
            met = median / base <= mark and memory <= MOST_MEMORY_MB
        cpu = statistics.median(item.cpu_seconds for item in items)
        told = f"≤ {mark:g}" if mark else ""
        print(
            f"| {contender} | {median:.2f} s | {median / base:.2f} | {told} "
            f"| {cpu:.2f} s | {memory:.0f} MB | {len(items)} |"
        )
    return met


def main() -> int:
    """Measure each content in a container of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--drain3-rounds", type=int, default=1)
    parser.add_argument("--content", choices=tuple(MARKS), action="append")
    parser.add_argument("--check", action="store_true", help="exit 1 if a mark is missed")
    arguments = parser.parse_args()
    with state.locked():
        url = str(docker.up()["url"])
    if shutil.which("curl") is None:
        raise SystemExit("The benchmark compares with curl, which is not there: install it.")
    client = docker_sdk.DockerClient(url)
    met = True
    for content in arguments.content or MARKS:
        with container(client, content, arguments.lines) as name, home(url, name) as environment:
            socket = url.removeprefix("unix://")
            taken = measure(socket, name, arguments.rounds, environment, arguments.drain3_rounds)
            met &= show(content, arguments.lines, taken)
    return int(arguments.check and not met)


@contextmanager
def home(url: str, *names: str) -> Iterator[dict[str, str]]:
    """An environment of its own for the program, with the containers allowed."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "DOCKER_HOST": url,
                       "LANG": "C.UTF-8"}  # fmt: skip
        run([PROGRAM, "allowlist", "add", *names, "--quiet"], environment)
        yield environment


if __name__ == "__main__":
    sys.exit(main())
