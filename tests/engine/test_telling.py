"""What is told when, to a messenger that only remembers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from cyberbrain_cli.core.directive import Directive
from cyberbrain_cli.core.errors import Cancelled, DatabaseUnavailable, RunFailed
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.notice import Beat, Notice
from cyberbrain_cli.core.records import ErrorRecord, RunRecord
from cyberbrain_cli.engine.loader import LoadedDirective
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.engine.stop import Stop
from cyberbrain_cli.engine.telling import Teller
from cyberbrain_cli.render.documents import MarkdownDocuments
from tests.render.samples import run

DIRECTIVE: dict[str, Any] = {
    "name": "nightly",
    "tasks": [{"task": "log_triage"}],
    "notify": {"targets": ["ops"], "when": "failure"},
    "ping": "watchdog",
}


class Told:
    """Two words that arrive at once, unless they are told to hurry."""

    def __init__(self, remembers: Remembers) -> None:
        self.remembers = remembers

    def hurry(self, seconds: float) -> None:
        self.remembers.hurried.append(seconds)

    def outcome(self) -> tuple[str, ...]:
        return ("not heard",)


class Remembers:
    """Stands for messenger, journal, history and progress."""

    def __init__(self, record: RunRecord | None = None) -> None:
        self.record = record
        self.told: list[Beat | Notice] = []
        self.noted: list[str] = []
        self.hurried: list[float] = []

    def ping(self, _: str, beat: Beat) -> Told:
        self.told.append(beat)
        return Told(self)

    def send(self, targets: tuple[str, ...], notice: Notice) -> Told:
        assert targets == ("ops",)
        self.told.append(notice)
        return Told(self)

    def run(self, _: int) -> RunRecord:
        if self.record is None:
            raise DatabaseUnavailable("The database at postgresql://me:pw@db is gone.")
        return self.record

    def warn_run(self, _: int, warnings: list[str]) -> None:
        self.noted += warnings

    def note(self, text: str) -> None:
        self.noted.append(text)


def teller(remembers: Remembers, stop: Stop | None = None) -> Teller:
    parts = SimpleNamespace(
        messenger=remembers, journal=remembers, history=remembers, progress=remembers,
        artifacts=None, documents=MarkdownDocuments(), identity=SimpleNamespace(host="box"),
        redact=lambda text: text.replace("pw", "[redacted]"),
    )  # fmt: skip
    directive = Directive.model_validate(DIRECTIVE)
    return Teller(cast("Parts", parts), LoadedDirective(directive, {}, ""), stop or Stop())


def test_records_that_cannot_be_read_any_more_are_a_failure_that_is_told() -> None:
    """The database dies during the run: the watchdog hears of it all the same."""
    remembers = Remembers()
    with pytest.raises(DatabaseUnavailable), teller(remembers).of(1):
        raise DatabaseUnavailable("gone")
    start, fail, notice = remembers.told
    assert (start, fail) == (Beat.START, Beat.FAIL)
    assert isinstance(notice, Notice)
    assert notice.body == "On box: The database at postgresql[:]//me:[redacted]＠db is gone."


def test_an_error_is_redacted_before_it_is_told() -> None:
    failed = run(error=ErrorRecord("x", "token pw refused", ""), status=Status.FAILED)
    remembers = Remembers(failed)
    with teller(remembers).of(42):
        pass
    notice = remembers.told[-1]
    assert isinstance(notice, Notice)
    assert "Error: token [redacted] refused" in notice.body
    assert remembers.noted == ["not heard"] * 3


def test_what_fails_before_the_run_is_told_and_what_somebody_stopped_is_not() -> None:
    remembers = Remembers()
    with pytest.raises(Cancelled), teller(remembers).before():
        raise Cancelled
    assert remembers.told == []
    with pytest.raises(RunFailed), teller(remembers).before():
        raise RunFailed("no model")
    assert remembers.told[0] is Beat.FAIL
    assert remembers.noted == ["not heard"] * 2


def test_nobody_is_waited_for_long_once_the_launch_is_to_stop() -> None:
    stop, remembers = Stop(), Remembers(run())
    stop.request(Cancelled())
    with teller(remembers, stop).of(42):
        pass
    assert len(remembers.hurried) == 2
    assert all(0 < seconds <= 1.5 for seconds in remembers.hurried)
