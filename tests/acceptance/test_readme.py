"""The README's transcript is what the program prints, and its commands are commands."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.conftest import Cyberbrain, RunContainer
from tests.stack import demo
from tests.stack.scripted_llm import ScriptedLlm

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_CONSOLE = re.compile(r"```console\n(.*?)```", re.DOTALL)
_COMMAND = re.compile(r"^\$ cyberbrain (.*)$", re.MULTILINE)


def commands() -> list[str]:
    """Every command line of the documentation, as far as it is ours."""
    found = []
    for page in PAGES:
        for block in _CONSOLE.findall(page.read_text()):
            found += [re.split(r" \| | \|\| ", line)[0] for line in _COMMAND.findall(block)]
    return found


@pytest.mark.parametrize("line", commands())
def test_every_command_in_the_documentation_is_understood(
    cyberbrain: Cyberbrain, line: str
) -> None:
    done = cyberbrain(*shlex.split(line), "--help")
    assert done.code == 0
    assert done.stdout.startswith("Usage: cyberbrain")


def normalised(text: str, name: str = "shop-db") -> list[str]:
    """Lines in which times, counts and sizes, the container and the model are all the same."""
    text = re.sub(r"Model \S+ at \S+", "Model M at E", text.replace(name, "shop-db"))
    lines = re.sub(r"\d[\d,.]*( kB)?", "0", text).splitlines()
    return [re.sub(r"\s+", " ", line).strip() for line in lines if line.strip()]


def test_the_transcript_is_what_the_program_prints(
    cyberbrain: Cyberbrain, run_container: RunContainer
) -> None:
    transcript = next(
        block
        for block in _CONSOLE.findall((ROOT / "README.md").read_text())
        if "allowlist add shop-db" in block
    )
    program = (ROOT / "tests" / "stack" / "incident" / "shop-db.awk").read_text()
    assert demo.CONTAINERS[0] == "shop-db"
    name = run_container(f"awk {shlex.quote(program)}; sleep 600", wait=False)
    expected, _, after = transcript.partition("$ cyberbrain launch log-triage")
    with ScriptedLlm() as llm:
        cyberbrain.environment["CYBERBRAIN_LLM__ENDPOINT"] = llm.url
        added = cyberbrain("allowlist", "add", name)
        launched = cyberbrain("launch", "log-triage", "--container", name)
    printed = normalised(added.stdout + added.stderr + launched.stderr + launched.stdout, name)
    said = normalised(expected.partition("\n")[2]) + normalised(after.partition("\n")[2])
    assert [line for line in said if line not in printed] == []
