"""A task of another package is found through its entry point, and is like one of our own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import data_folder, document, embedded
from tests.conftest import Cyberbrain, RunContainer

SOURCE = Path(__file__).with_name("another_package")
DIRECTIVE = """
name: morning
version: 1
tasks:
  - task: restart_report
    forgiven: {}
fail_on: warning
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the other package is installed into."""
    folder = tmp_path_factory.mktemp("another")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*command, str(folder), str(SOURCE)], check=True, capture_output=True)
    return folder


@pytest.fixture
def with_package(cyberbrain: Cyberbrain, package: Path) -> Cyberbrain:
    """The program where the other package is installed."""
    cyberbrain.environment["PYTHONPATH"] = str(package)
    return cyberbrain


def directive(cyberbrain: Cyberbrain, option: str) -> str:
    path = cyberbrain.home / "morning.yaml"
    path.write_text(DIRECTIVE.format(option))
    return str(path)


def test_it_runs_from_a_directive_and_its_findings_are_the_runs(
    with_package: Cyberbrain, allowed: Allowed
) -> None:
    broken = allowed("exit 7")
    allowed("exit 3")
    done = with_package("launch", directive(with_package, "3"), "-o", "json")
    assert done.code == 3, done.stderr
    found = document(done)["findings"]
    assert [(item["container"], item["explanation"]) for item in found] == [
        (broken, "Its exit code is 7.")
    ]
    (kind,) = embedded(with_package).rows("SELECT task FROM run_jobs")
    assert kind == ("restart_report",)
    report = data_folder(with_package) / "artifacts" / "run_1" / "restart_report" / "report.md"
    assert broken in report.read_text()
    shown = with_package("runs", "show", "1")
    assert "Ended with an error" in shown.stdout


def test_it_sees_only_what_is_allowed(
    with_package: Cyberbrain, run_container: RunContainer
) -> None:
    run_container("exit 7")
    done = with_package("launch", "--task", "restart_report", "-o", "json")
    assert (done.code, document(done)["findings"]) == (0, [])


def test_its_options_are_checked_like_our_own(with_package: Cyberbrain) -> None:
    done = with_package("launch", directive(with_package, "many"), "-o", "json")
    assert done.code == 2
    (problem,) = document(done)["error"]["problems"]
    assert problem["key"] == "tasks.0.forgiven"
    done = with_package("directives", "validate", directive(with_package, "3\n    forgive: 4"))
    assert done.code == 2
    assert "did you mean 'forgiven'" in done.stderr


def test_without_the_package_its_task_is_unknown(cyberbrain: Cyberbrain) -> None:
    done = cyberbrain("launch", "--task", "restart_report")
    assert done.code == 2
    assert "restart_report" in done.stderr
