"""The documentation says what the program does.

A YAML block in the README or in docs/ names what it is after the language: ```yaml directive,
```yaml config, or ```yaml other for what belongs to other programs.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from cyberbrain_cli.adapters import yaml_files
from cyberbrain_cli.config import loading
from cyberbrain_cli.core.errors import CyberbrainError, ExitCode
from cyberbrain_cli.engine.loader import load_directive
from cyberbrain_cli.engine.registry import discover
from tests.docs.generate import ROOT, TARGET, text

_FENCE = re.compile(r"^( *)```(\w+)? *([\w-]*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_EXIT_CODE = re.compile(r"^\| *(\d+(?:, *\d+)*) *\|", re.MULTILINE)
_LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def yaml_blocks() -> list[tuple[str, str, str]]:
    """Where, what and the text of every YAML block."""
    found = []
    for page in PAGES:
        content = page.read_text(encoding="utf-8")
        for match in _FENCE.finditer(content):
            if match[2] in ("yaml", "yml"):
                line = content[: match.start()].count("\n") + 1
                found.append((f"{page.relative_to(ROOT)}:{line}", match[3], match[4]))
    return found


def problem_of(kind: str, block: str, path: Path) -> str | None:
    """What is wrong with a block; None if nothing is."""
    path.write_text(block)
    try:
        if kind == "directive":
            load_directive(yaml_files.read(path), discover())
        elif kind == "config":
            loading.load(yaml_files.read(path), path, {})
        elif kind == "other":
            list(yaml.safe_load_all(block))
        else:
            return "say what this YAML is: directive, config or other"
    except (CyberbrainError, yaml.YAMLError) as error:
        return str(error)
    return None


def define_references(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in re.findall(r"\$\{(\w+)\}", content):
        monkeypatch.setenv(name, "x")


def test_every_yaml_block_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for _, _, block in yaml_blocks():
        define_references(block, monkeypatch)
    found = {
        place: problem_of(kind, block, tmp_path / "block.yaml")
        for place, kind, block in yaml_blocks()
    }
    assert [f"{place}: {problem}" for place, problem in found.items() if problem] == []


def test_a_block_that_is_not_valid_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "block.yaml"
    assert problem_of("directive", "name: x\ntasks: []\n", path)
    assert problem_of("config", "nosuch: 1\n", path)
    assert problem_of("other", "a: [", path)
    assert problem_of("", "a: 1", path)


def test_the_command_reference_is_up_to_date() -> None:
    assert TARGET.read_text(encoding="utf-8") == text(), "run python -m tests.docs.generate"


def test_the_readme_lists_exactly_the_exit_codes() -> None:
    rows = _EXIT_CODE.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    listed = sorted(int(code) for row in rows for code in row.split(","))
    assert listed == sorted(ExitCode)


def test_the_example_configuration_loads_and_has_every_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = ROOT / "config.example.yaml"
    define_references(path.read_text(encoding="utf-8"), monkeypatch)
    settings = loading.load(yaml_files.read(path), path, {}).show()
    assert [item.key for item in settings if item.origin == "default"] == [
        item.key for item in settings if item.key.startswith("prices.") and item.value is None
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_to_files_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"
