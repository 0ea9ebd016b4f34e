"""Which pattern the real miner gives each line of a log file: an id for each line.

`python -m benchmarks.grouping FILE [--templates]`. With --templates the pattern's template
follows after a tab.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.labelling import labelled, mined


def main() -> int:
    """Print the ids, in the order of the lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--templates", action="store_true")
    arguments = parser.parse_args()
    lines = read_lines(arguments.file)
    templates = {item.id: item.template for item in mined(lines).all}
    for label in labelled(lines):
        print(f"{label}\t{templates.get(label, '')}" if arguments.templates else label)
    return 0


def read_lines(path: Path) -> list[bytes]:
    """The lines of a file, without their ends."""
    lines = path.read_bytes().split(b"\n")
    return [line.removesuffix(b"\r") for line in (lines[:-1] if not lines[-1] else lines)]


if __name__ == "__main__":
    sys.exit(main())
