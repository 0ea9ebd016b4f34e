"""What `launch` asks for, what it prints, and how it is stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from typing import Any

import pytest

from cyberbrain_cli.cli.signals import cancelled_by_signals
from cyberbrain_cli.core.errors import ExitCode
from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.launch import (
    IfRunning,
    LaunchRequest,
    LaunchResult,
    PlanDocument,
    PlannedContainer,
    PlannedJob,
    PlanRecord,
    PreviewDocument,
    PreviewRequest,
)
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import RunDocument
from tests.cli.program import FakeServices, call
from tests.render.samples import START, T0, document, finding

Capture = pytest.CaptureFixture[str]
PLAN = PlanDocument(
    1,
    PlanRecord(
        "nightly",
        3,
        START,
        {},
        "optional",
        (
            PlannedJob(
                "triage", "log_triage", (), "stop", 90.0, {},
                (
                    PlannedContainer("shop-db", "c0", None, T0),
                    PlannedContainer("gone", "", None, T0, "It is gone."),
                ),
                2000,
            ),
        ),
    ),
)  # fmt: skip
BODY = '{"messages": [{"content": "line \\u001b[31m"}]}'


class Launcher:
    """Answers as told."""

    def __init__(self, result: LaunchResult | None = None) -> None:
        self.result = result

    def plan(self) -> PlanDocument:
        return PLAN

    def preview(self) -> PreviewDocument:
        return PreviewDocument(1, (PreviewRequest("http://[::1]:8080", "shop-db", "judge", BODY),))

    def launch(self) -> LaunchResult:
        assert self.result is not None
        return self.result

    def cancel(self, exit_code: ExitCode) -> None:
        raise AssertionError(exit_code)


class Services(FakeServices):
    request: LaunchRequest

    def __init__(self, result: LaunchResult | None = None) -> None:
        super().__init__(result=result)

    def launcher(self, request: LaunchRequest, progress: object) -> Launcher:
        self.request = request
        return Launcher(self.__dict__["result"])


def test_every_option_arrives(monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(LaunchResult(document(), ExitCode.OK))
    line = (
        "launch --task log_triage --task gpu_report --container a --container b --since 24h "
        "--until 1h --param x.y=1=2 --label team=ops --run-key k --no-llm --fail-on warning "
        "--if-running wait --timeout 1h30m"
    )
    assert call(services, line.split(), monkeypatch) == 0
    assert services.request == LaunchRequest(
        directive=None,
        tasks=("log_triage", "gpu_report"),
        containers=("a", "b"),
        since="24h",
        until="1h",
        params={"x.y": "1=2"},
        labels={"team": "ops"},
        run_key="k",
        no_llm=True,
        fail_on=Severity.WARNING,
        if_running=IfRunning.WAIT,
        timeout_seconds=5400.0,
    )


def test_nothing_said_means_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(LaunchResult(document(), ExitCode.OK))
    assert call(services, ["launch", "nightly"], monkeypatch) == 0
    assert services.request == LaunchRequest(directive="nightly")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (document(finding()), ExitCode.OK),
        (document(finding()), ExitCode.FINDINGS),
        (document(status=Status.FAILED), ExitCode.FAILED),
        (document(status=Status.CANCELLED), ExitCode.INTERRUPTED),
        (document(status=Status.CANCELLED), ExitCode.TERMINATED),
        (document(), ExitCode.BUDGET_SPENT),
    ],
)
def test_the_document_is_printed_whatever_the_exit_code(
    answer: RunDocument, code: ExitCode, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = Services(LaunchResult(answer, code))
    assert call(services, ["launch", "nightly", "-o", "json"], monkeypatch) == code
    out, err = capsys.readouterr()
    assert json.loads(out)["run"]["status"] == answer.run.status
    assert err == ""
    assert call(services, ["launch", "nightly"], monkeypatch) == code
    assert "Run 42  nightly v3" in capsys.readouterr().out


def test_a_skipped_launch_is_an_answer_too(
    monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    services = Services(LaunchResult(None, ExitCode.OK))
    line = ["launch", "nightly", "--if-running", "skip"]
    assert call(services, [*line, "-o", "json"], monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["run"] is None
    assert call(services, line, monkeypatch) == 0
    assert "Skipped" in capsys.readouterr().out


def test_a_dry_run_prints_the_plan(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert call(Services(), ["launch", "nightly", "--dry-run"], monkeypatch) == 0
    out = capsys.readouterr().out
    assert "shop-db  the beginning to 2026-11-23" in out
    assert "gone  It is gone." in out
    assert "at most 2,000 tokens" in out
    assert call(Services(), ["launch", "nightly", "--dry-run", "-o", "json"], monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["plan"]["jobs"][0]["estimated_tokens"] == 2000


def test_a_preview_prints_the_very_bytes(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    assert call(Services(), ["launch", "nightly", "--preview"], monkeypatch) == 0
    assert BODY in capsys.readouterr().out.splitlines()
    assert call(Services(), ["launch", "nightly", "--preview", "-o", "json"], monkeypatch) == 0
    assert json.loads(capsys.readouterr().out)["requests"][0]["body"] == BODY


SCRIPT = """
import sys, threading
from cyberbrain_cli.cli.signals import cancelled_by_signals
codes, asked = [], threading.Event()
def cancel(code):
    codes.append(code)
    print("cancelled", flush=True)
    asked.set()
with cancelled_by_signals(cancel):
    print("ready", flush=True)
    asked.wait()
    sys.stdin.readline()
sys.exit(codes[0])
"""


def stoppable() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert said(process) == "ready\n"
    return process


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)]
)
def test_a_signal_cancels_and_lets_it_clean_up(number: signal.Signals, code: int) -> None:
    process = stoppable()
    process.send_signal(number)
    assert said(process) == "cancelled\n"
    process.communicate("cleaned up\n", timeout=10)
    assert process.returncode == code


def test_a_second_signal_ends_it_on_the_spot() -> None:
    process = stoppable()
    process.send_signal(signal.SIGTERM)
    assert said(process) == "cancelled\n"
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == 130


def test_signals_are_as_before_afterwards_and_ignored_ones_stay_ignored() -> None:
    before = signal.getsignal(signal.SIGTERM)
    hangup = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    heard = threading.Event()

    def cancel(_: Any) -> None:
        heard.set()

    try:
        with cancelled_by_signals(cancel):
            os.kill(os.getpid(), signal.SIGHUP)
            assert not heard.is_set()
            os.kill(os.getpid(), signal.SIGTERM)
            assert heard.wait(5)
    finally:
        signal.signal(signal.SIGHUP, hangup)
    assert signal.getsignal(signal.SIGTERM) == before
