"""What is installed from a wheel has all it needs, without the source tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.stack.state import REPOSITORY


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's content."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(folder)]
    subprocess.run([*command, str(REPOSITORY)], check=True, capture_output=True, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    content = folder / "content"
    zipfile.ZipFile(wheel).extractall(content)
    return content


def run(installed: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from cyberbrain_cli.cli.app import main; main()"
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=environment, cwd=home, capture_output=True, text=True,
    )  # fmt: skip


def test_migrations_directives_and_the_example_are_in_the_wheel(installed: Path) -> None:
    shipped = installed / "cyberbrain_cli" / "_shipped"
    assert (shipped / "migrations" / "env.py").is_file()
    assert (shipped / "config.example.yaml").is_file()
    assert {path.stem for path in (shipped / "directives").iterdir()} == {"log-triage", "nightly"}
    assert not list(installed.rglob("tests"))


def test_the_installed_program_makes_its_database_and_finds_its_directives(
    installed: Path, tmp_path: Path
) -> None:
    runs = run(installed, tmp_path, "runs", "-o", "json")
    assert (runs.returncode, json.loads(runs.stdout)["runs"]) == (0, [])
    directives = run(installed, tmp_path, "directives", "-o", "json")
    found = {
        entry["name"]: entry["problems"] for entry in json.loads(directives.stdout)["directives"]
    }
    assert found == {"log-triage": [], "nightly": []}
