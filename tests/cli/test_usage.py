"""Wrong usage, and the options that every command has."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cyberbrain_cli.cli.app import COMMANDS, PROGRAM
from cyberbrain_cli.cli.boundary import run
from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.records import RunSummary
from tests.cli.program import FakeServices, call
from tests.render.samples import summary

Capture = pytest.CaptureFixture[str]


class Reports:
    """Remembers what was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, object] = {}

    def runs(self, **asked: object) -> list[RunSummary]:
        self.asked = asked
        return [summary()]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_the_shared_options(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert call(FakeServices(), [name, "--help"], monkeypatch) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"Usage: cyberbrain {name}")
    for option in ("--config", "--output", "--quiet", "--verbose", "--no-color", "--help"):
        assert option in out


@pytest.mark.parametrize(
    "line",
    [
        "-o json runs",
        "runs -o json",
        "runs list -o json",
        "runs -o json list",
        "--output=json runs",
        "-ojson runs --limit 20",
        "runs --limit 20 -o json",
        "-o csv runs -o human list -o json",
        "--quiet runs --no-color --output json --limit 20",
    ],
)
def test_shared_options_work_at_every_level_and_the_deepest_wins(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert call(FakeServices(reports=Reports()), line.split(), monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["id"] == 42


def test_a_bare_group_does_its_default_with_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = Reports()
    for line, limit in (("runs", 20), ("runs --limit 5", 5), ("runs --all --status failed", None)):
        assert call(FakeServices(reports=reports), line.split(), monkeypatch) == 0
        assert reports.asked["limit"] == limit
    assert reports.asked["status"] == "failed"


def test_the_deepest_configuration_file_is_the_one_that_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Path | None] = []

    def services(state: State) -> FakeServices:
        seen.append(state.config)
        return FakeServices(reports=Reports())

    monkeypatch.setattr(State, "services", services)
    for line in ("runs", "--config a.yaml runs", "--config a.yaml runs list --config b.yaml"):
        assert run(PROGRAM, COMMANDS, line.split()) == 0
    assert seen == [None, Path("a.yaml"), Path("b.yaml")]


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["rnus"], "There is no command 'rnus'.", "Did you mean `cyberbrain runs`?"),
        (["runs", "shwo"], "There is no command 'shwo'.", "Did you mean `cyberbrain runs show`?"),
        (["xyzzy"], "There is no command 'xyzzy'.", "See `cyberbrain --help`."),
        (["runs", "--limti", "3"], "No such option: --limti", "See `cyberbrain runs list --help`."),
        (["runs", "show", "x"], "Invalid value for 'ID'", "cyberbrain runs show"),
        (["runs", "show"], "Missing argument 'ID'", "cyberbrain runs show"),
        (["runs", "list", "extra"], "unexpected extra argument", "cyberbrain runs list"),
        (["runs", "--status", "dead"], "Invalid value for '--status'", "cyberbrain runs list"),
        (["runs", "--limit", "0"], "Invalid value for '--limit'", "cyberbrain runs list"),
        (["runs", "-o", "xml"], "Invalid value for '--output'", "cyberbrain runs"),
        (["runs", "show", "1", "-o", "csv"], "no table to print as CSV", "--output json"),
        (["launch"], "Give either a directive or --task.", "cyberbrain directives"),
        (["launch", "a", "--task", "b"], "Give either a directive or --task.", "directives"),
        (["launch", "a", "--dry-run", "--preview"], "Give either --dry-run or --preview.", ""),
        (["launch", "a", "--param", "x"], "--param takes K=V, not 'x'.", ""),
        (["launch", "a", "--timeout", "soon"], "--timeout takes a duration", ""),
        (["artifacts", "download", "1", "--to", "-", "-o", "json"], "--to - prints", ""),
        (["runs", "--since", "someday"], "neither a time nor a duration", "24h"),
    ],
)
def test_wrong_usage_is_a_line_a_hint_and_exit_2(
    arguments: list[str],
    message: str,
    hint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    assert call(FakeServices(), arguments, monkeypatch) == 2
    out, err = capsys.readouterr()
    if "json" in arguments:
        error = json.loads(out)["error"]
        assert error["code"] == "usage"
        assert message in error["message"]
        return
    assert out == ""
    lines = err.splitlines()
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert hint in "".join(lines[1:])
    assert len(lines) <= 2
