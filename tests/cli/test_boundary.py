"""Every failure ends as a line or a document, and an exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import pytest

from cyberbrain_cli.cli.state import State
from cyberbrain_cli.core.errors import (
    AlreadyRunning,
    BudgetSpent,
    CyberbrainError,
    DatabaseUnavailable,
    ExitCode,
    InvalidFile,
    NotFound,
    PolicyRefused,
    Problem,
)
from tests.cli.program import FakeServices, call

Capture = pytest.CaptureFixture[str]
CANARY = "canary-7f3a"


def failing(error: BaseException) -> FakeServices:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error from ValueError(CANARY)

    reports = FakeServices(runs=fail)
    return FakeServices(reports=reports)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("a"), 1),
        (InvalidFile("directive", "x.yaml", [Problem("p")]), 2),
        (DatabaseUnavailable("a"), 4),
        (PolicyRefused("a"), 5),
        (AlreadyRunning("a"), 6),
        (BudgetSpent("a"), 7),
        (RuntimeError(CANARY), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_code_and_one_document(
    error: BaseException,
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert call(failing(error), ["runs", "-o", "json"], monkeypatch) == code
    out, err = capsys.readouterr()
    assert set(json.loads(out)["error"]) >= {"code", "message", "hint"}
    assert err == ""
    assert call(failing(error), ["runs"], monkeypatch) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert "Traceback" not in err


def test_a_crash_report_says_where_and_holds_no_data(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    directive = f"secret-{CANARY}"
    bug = ZeroDivisionError(CANARY)
    code = call(failing(bug), ["runs", "--directive", directive], monkeypatch)
    assert code == ExitCode.BUG
    err = capsys.readouterr().err
    (path,) = (tmp_path / "cyberbrain").iterdir()
    assert str(path) in err
    assert len(err.splitlines()) == 2
    text = path.read_text()
    assert "builtins.ZeroDivisionError" in text
    assert "builtins.ValueError" in text
    assert "cyberbrain_cli/cli/commands/runs.py:" in text
    assert CANARY not in text + err
    assert path.stat().st_mode & 0o777 == 0o600


def test_where_no_report_can_be_written_the_line_is_still_told(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture, tmp_path: Path
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(blocked))
    monkeypatch.setattr("tempfile.tempdir", str(blocked))
    assert call(failing(RuntimeError()), ["runs"], monkeypatch) == ExitCode.BUG
    assert "this is a bug" in capsys.readouterr().err


def test_an_interrupted_start_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: State) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(State, "services", interrupted)
    from cyberbrain_cli.cli.app import COMMANDS, PROGRAM
    from cyberbrain_cli.cli.boundary import run

    assert run(PROGRAM, COMMANDS, ["runs"]) == ExitCode.INTERRUPTED


def test_services_that_fail_to_close_do_not_spoil_the_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    class Closing(FakeServices):
        def __exit__(self, *_: object) -> None:
            raise CyberbrainError("The database went away.")

    services = Closing(reports=FakeServices(runs=lambda **_: []))
    assert call(services, ["runs", "-o", "json"], monkeypatch) == ExitCode.FAILED
    out, err = capsys.readouterr()
    assert json.loads(out)["runs"] == []
    assert err == "error: The database went away.\n"
