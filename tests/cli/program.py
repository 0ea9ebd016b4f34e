"""The program as a person meets it: a process, or its entry point with services of our own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cyberbrain_cli.cli.app import COMMANDS, PROGRAM
from cyberbrain_cli.cli.boundary import run
from cyberbrain_cli.cli.state import State

CYBERBRAIN = str(Path(sys.executable).with_name("cyberbrain"))


def process(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the installed program to its end."""
    options = {"stdin": subprocess.DEVNULL, "capture_output": True, **options}
    return subprocess.run([CYBERBRAIN, *arguments], text=True, timeout=60, check=False, **options)


def call(services: object, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a command line against these services; the exit code."""
    monkeypatch.setattr(State, "services", lambda _: services)
    return run(PROGRAM, COMMANDS, arguments)


class FakeServices:
    """Services that answer with whatever they are given, for tests of what is made of it."""

    def __init__(self, **parts: Any) -> None:
        self.__dict__.update(parts)

    def __enter__(self) -> FakeServices:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def answer(
    services: FakeServices,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> tuple[int, dict[str, Any]]:
    code = call(services, [*line.split(), "-o", "json"], monkeypatch)
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, document
