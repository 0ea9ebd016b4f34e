"""Cron's environment, pipes, and hostile words: what reaches stdout is always what was promised."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import pytest

from tests.acceptance.support import Records, document
from tests.conftest import PROGRAM, Cyberbrain, Finished, RunContainer

Bare = Callable[..., Finished]
HOSTILE = r"""
printf 'ERROR \033[31mred\033[0m \033]0;title\007 [bold red]markup[/bold red] [link=http://x]y\n'
printf 'ERROR \342\200\256gnp.exe \342\201\246isolate \302\233 c1 \b\b\b back\n' >&2
printf 'ERROR \377\376 not utf-8 \000 nul\n'
"""
LISTS = {
    "runs": "runs",
    "artifacts": "artifacts",
    "allowlist": "allowlist",
    "containers": "containers",
    "directives": "directives",
    "cost-report": "rows",
}


@pytest.fixture
def bare(cyberbrain: Cyberbrain, docker_host: str) -> Bare:
    """Run a shell command with nothing in the environment but the PATH, and stdin closed."""

    def run(command: str) -> Finished:
        done = subprocess.run(
            ["env", "-i", f"PATH={PROGRAM.parent}:/usr/bin:/bin", f"DOCKER_HOST={docker_host}",
             f"CYBERBRAIN_DATABASE__URL=sqlite:///{cyberbrain.home}/cron.db",
             f"CYBERBRAIN_ARTIFACTS__ROOT={cyberbrain.home}/artifacts",
             "bash", "-c", f"set -o pipefail; exec <&-; {command}"],
            cwd=cyberbrain.home, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return Finished(done.returncode, done.stdout, done.stderr)

    return run


def hostile_characters(text: str) -> set[str]:
    """The characters that a terminal would act upon."""
    return {letter for letter in text if not (letter.isprintable() or letter == "\n")}


def test_the_nightly_launch_in_crons_environment(
    cyberbrain: Cyberbrain, bare: Bare, run_container: RunContainer
) -> None:
    name = run_container("echo ERROR FATAL: sorry, too many clients already")
    assert bare(f"cyberbrain allowlist add {name}").code == 0
    done = bare("cyberbrain launch nightly --no-llm --output json | cat")
    assert document(done)["run"]["status"] == "succeeded"
    assert done.code == 3
    records = Records(f"sqlite:///{cyberbrain.home}/cron.db")
    assert records.statuses() == ["succeeded"]
    quiet = bare("cyberbrain launch nightly --no-llm --quiet --if-running skip")
    assert (quiet.code, quiet.stderr) == (0, "")


def test_without_a_home_everything_has_its_place(bare: Bare, docker_host: str) -> None:
    done = bare("env -u CYBERBRAIN_DATABASE__URL cyberbrain config show -o json")
    assert done.code == 0
    assert document(done)


@pytest.mark.parametrize("command", LISTS)
def test_a_list_of_nothing_is_one_document_with_an_empty_list(
    cyberbrain: Cyberbrain, bare: Bare, command: str
) -> None:
    (cyberbrain.home / "none").mkdir()
    settings = "CYBERBRAIN_DIRECTIVES__FOLDERS='[\"none\"]'"
    done = bare(f"{settings} cyberbrain {command} -o json")
    assert done.code == 0, done.stderr
    found = document(done)
    assert found["schema_version"] == 1
    assert isinstance(found[LISTS[command]], list)
    if command != "containers":
        assert found[LISTS[command]] == []


def test_a_reader_that_leaves_ends_it_quietly(cyberbrain: Cyberbrain, bare: Bare) -> None:
    for command in ("directives", "config schema", "directives schema -o json", "--help"):
        done = bare(f"cyberbrain {command} | head -1")
        assert done.stdout.count("\n") <= 1
        assert done.stderr == ""
    full = bare("cyberbrain directives > /dev/full")
    assert full.code != 0
    assert "Traceback" not in full.stderr


def test_hostile_words_never_reach_stdout_raw(
    cyberbrain: Cyberbrain, run_container: RunContainer
) -> None:
    label = {"note": "\x1b[2J[bold]label[/bold]\u202e"}
    name = run_container(HOSTILE, labels=label)
    assert cyberbrain("allowlist", "add", name, "--note", "\x1b[31m[red]note\u202e").code == 0
    outputs = [
        cyberbrain(*command.split())
        for command in (
            "launch --task log_triage --no-llm", "runs show 1", "artifacts download 2 --to -",
            "allowlist", "containers", "runs", "launch --task log_triage --no-llm -o json",
            "runs show 1 -o json", "allowlist -o csv", "artifacts", "cost-report",
        )
    ]  # fmt: skip
    for done in outputs:
        assert done.code == 0, done.stderr
        assert hostile_characters(done.stdout) - {"\r"} == set(), done.stdout
        assert hostile_characters(done.stderr) == set()
    shown = outputs[1].stdout
    assert "[bold red]markup[/bold red]" in shown
    found = json.loads(outputs[7].stdout)
    assert found["run"]["jobs"][0]["containers"][0]["lines"] == 3
