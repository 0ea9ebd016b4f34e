"""Progress: live on a terminal, notes alone elsewhere, nothing when quiet."""

from __future__ import annotations

import io

import pytest

from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.ports import Progress
from cyberbrain_cli.render.progress import watching
from cyberbrain_cli.render.screen import Screen
from tests.render.samples import HOSTILE


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def tell(progress: Progress) -> None:
    progress.job_started("log_triage")
    progress.reading("log_triage", "shop-db", 1000)
    progress.reading("log_triage", HOSTILE, 18234)
    progress.note(f"using model {HOSTILE}")
    progress.tokens("log_triage", 3512)
    progress.job_finished("log_triage", Status.SUCCEEDED)


def test_a_pipe_gets_the_notes_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with watching(Screen()) as progress:
        tell(progress)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("using model")
    assert len(err.splitlines()) == 2
    assert "\x1b" not in err


def test_quiet_is_quiet_on_a_terminal_too(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with watching(Screen(quiet=True)) as progress:
        tell(progress)
    assert terminal.getvalue() == ""


def test_a_terminal_shows_jobs_containers_lines_and_tokens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with watching(Screen(no_color=True)) as progress:
        tell(progress)
    shown = terminal.getvalue()
    for part in ("log_triage", "shop-db", "18,234 lines", "3,512 tokens", r"\x1b[2J[red]x[/red]"):
        assert part in shown
    assert "\x1b[2J" not in shown
