"""What starting the program costs, as multiples of `python -c pass` in the same run.

`python -m benchmarks.startup [--rounds N] [--check]`. The commands take turns, so that a machine
that slows down slows down all of them. With --check the exit code is 1 if a mark is missed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("cyberbrain"))


@dataclass(frozen=True, slots=True)
class Contender:
    """A command and the most that it may cost."""

    name: str
    command: tuple[str, ...]
    mark: float | None = None


CONTENDERS = (
    Contender("python -c pass", (sys.executable, "-c", "pass")),
    Contender("cyberbrain --version", (PROGRAM, "--version"), 7),
    Contender("cyberbrain --help", (PROGRAM, "--help"), 13),
    Contender("cyberbrain runs --output json", (PROGRAM, "runs", "--output", "json"), 45),
    Contender("(import typer)", (sys.executable, "-c", "import typer")),
    Contender("(import sqlmodel)", (sys.executable, "-c", "import sqlmodel")),
)


def main() -> int:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home, "LANG": "C.UTF-8"}
        times = measure(environment, arguments.rounds)
    base = statistics.median(times[CONTENDERS[0].name])
    missed = False
    print("| command | median | × `python -c pass` | mark |\n|---|---:|---:|---:|")
    for contender in CONTENDERS:
        median = statistics.median(times[contender.name])
        missed |= contender.mark is not None and median / base > contender.mark
        mark = f"≤ {contender.mark:g}" if contender.mark else ""
        print(f"| `{contender.name}` | {median * 1000:.0f} ms | {median / base:.1f} | {mark} |")
    return int(missed and arguments.check)


def measure(environment: dict[str, str], rounds: int) -> dict[str, list[float]]:
    """Seconds of each contender, a round after the other; the first round is not counted."""
    times: dict[str, list[float]] = {contender.name: [] for contender in CONTENDERS}
    for turn in range(rounds + 1):
        for contender in CONTENDERS:
            started = time.perf_counter()
            subprocess.run(
                contender.command, env=environment, check=True, stdout=subprocess.DEVNULL
            )
            if turn:
                times[contender.name].append(time.perf_counter() - started)
    return times


if __name__ == "__main__":
    sys.exit(main())
