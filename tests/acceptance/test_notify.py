"""Telling others of a run: a server of our own hears what is sent, and what is not."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import (
    PATIENCE_SECONDS,
    Records,
    document,
    error_of,
    finish,
    stop,
    write_directive,
)
from tests.acceptance.test_stopping import CANCELLED_WITHIN_SECONDS, PROMPTLY_SECONDS, hang
from tests.conftest import Cyberbrain, Finished
from tests.stack.scripted_llm import ScriptedLlm

SECRET = "t0ken-in-the-url"


class Hearer:
    """A webhook and a watchdog in one. `status` is what it answers; it can be told to hang."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.status, self.location = 200, ""
        self.go_on, self.reached = threading.Event(), threading.Event()
        self.go_on.set()
        hearer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                hearer.heard.append((self.path, body.decode()))
                hearer.reached.set()
                hearer.go_on.wait(PATIENCE_SECONDS)
                self.send_response(hearer.status)
                self.send_header("Content-Length", "0")
                if hearer.location:
                    self.send_header("Location", hearer.location)
                self.end_headers()

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def pings(self) -> list[str]:
        return [path.removeprefix(f"/{SECRET}") for path, body in self.heard if not body]

    @property
    def notices(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard if body]


@pytest.fixture
def hearer(cyberbrain: Cyberbrain) -> Iterator[Hearer]:
    """The server, and a configuration that knows it as `ops` and as `watchdog`."""
    one = Hearer()
    port = one.server.server_address[1]
    (cyberbrain.home / "cyberbrain.yaml").write_text(
        f"notify:\n  timeout_seconds: 3\n"
        f"  targets: {{ops: {{url: 'json://127.0.0.1:{port}/${{HOOK}}'}}}}\n"
        f"  pings: {{watchdog: {{url: 'http://127.0.0.1:{port}/${{HOOK}}'}}}}\n"
    )
    cyberbrain.environment["HOOK"] = SECRET
    cyberbrain.environment["CYBERBRAIN_LOGGING__FILE"] = str(cyberbrain.home / "own.log")
    yield one
    one.go_on.set()
    one.server.shutdown()
    one.server.server_close()


def launch(cyberbrain: Cyberbrain, when: str, *arguments: str) -> Finished:
    told = f"notify: {{targets: [ops], when: {when}}}\nping: watchdog"
    path = write_directive(cyberbrain, f"tell-{when}", told)
    return cyberbrain("launch", path, "--no-llm", "-o", "json", *arguments)


def test_findings_are_told_in_counts_and_titles_alone(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    name = allowed("echo ERROR password=hunter2xyz refused for order 71305; echo INFO quiet")
    done = launch(cyberbrain, "findings")
    assert (done.code, document(done)["warnings"]) == (0, [])
    assert hearer.pings == ["/start", ""]
    (notice,) = hearer.notices
    assert notice["title"] == "tell-findings succeeded: 1 critical"
    assert f"critical, new: {name}: Error: password=" in notice["message"]
    whole = json.dumps(notice)
    assert "hunter2xyz" not in whole
    assert "71305" not in whole, "evidence stays here"
    assert records.statuses() == ["succeeded"]


@pytest.mark.parametrize(("when", "told"), [("always", 1), ("findings", 0), ("failure", 0)])
def test_a_quiet_run_is_told_only_to_those_who_always_want_to_know(
    cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer, when: str, told: int
) -> None:
    allowed("echo INFO fine")
    assert launch(cyberbrain, when).code == 0
    assert len(hearer.notices) == told
    assert hearer.pings == ["/start", ""]


def test_a_failed_run_is_told_and_the_watchdog_hears_of_it(
    cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    name = allowed(log_config={"type": "none"})
    done = launch(cyberbrain, "failure")
    assert done.code == 1, done.stderr
    assert hearer.pings == ["/start", "/fail"]
    (notice,) = hearer.notices
    assert notice["title"] == "tell-failure failed: no findings"
    assert name in notice["message"]


def test_whoever_does_not_answer_is_a_warning_on_the_run_and_not_its_failure(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    allowed()
    hearer.status = 500
    done = launch(cyberbrain, "always")
    assert done.code == 0
    warnings = [
        "The start ping to 'watchdog' was refused.",
        "The success ping to 'watchdog' was refused.",
        "The notification to 'ops' was refused.",
    ]
    assert document(done)["warnings"] == warnings
    assert document(cyberbrain("runs", "show", "1", "-o", "json"))["run"]["warnings"] == warnings
    assert "Warning    The notification to 'ops'" in cyberbrain("runs", "show", "1").stdout
    hearer.go_on.clear()
    slow = launch(cyberbrain, "always", "--since", "1h")
    assert slow.code == 0
    assert "The notification to 'ops' did not end within 3 s." in document(slow)["warnings"]
    assert records.statuses() == ["succeeded", "succeeded"]
    everything = done.stdout + done.stderr + slow.stdout + slow.stderr
    assert SECRET not in everything + (cyberbrain.home / "own.log").read_text()
    assert SECRET not in cyberbrain("config", "show", "-o", "json").stdout


def test_a_cancelled_launch_waits_for_nobody_who_is_told(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer, model: ScriptedLlm
) -> None:
    """Not at its beginning either: the model is asked while the watchdog still says nothing."""
    allowed()
    settings = cyberbrain.home / "cyberbrain.yaml"
    settings.write_text(settings.read_text().replace("timeout_seconds: 3", "timeout_seconds: 60"))
    hearer.go_on.clear()
    told = "notify: {targets: [ops], when: failure}\nping: watchdog"
    path = write_directive(cyberbrain, "unheard", told)
    process = hang(cyberbrain, model, "launch", path, "-o", "json")
    assert cyberbrain("runs", "cancel", "1").code == 0
    done = finish(process, CANCELLED_WITHIN_SECONDS)
    assert (done.code, document(done)["run"]["status"]) == (1, "cancelled")
    assert document(done)["warnings"] == [
        "The start ping to 'watchdog' was not waited for.",
        "The fail ping to 'watchdog' was not waited for.",
        "The notification to 'ops' was not waited for.",
    ]
    assert records.statuses() == ["cancelled"]
    assert hearer.pings == ["/start", "/fail"]


def test_ctrl_c_while_others_are_told_leaves_the_run_as_it_ended(
    records: Records, cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    allowed()
    settings = cyberbrain.home / "cyberbrain.yaml"
    settings.write_text(settings.read_text().replace("timeout_seconds: 3", "timeout_seconds: 60"))
    hearer.go_on.clear()
    path = write_directive(cyberbrain, "done", "notify: {targets: [ops], when: always}")
    process = cyberbrain.start("launch", path, "--no-llm", "-o", "json")
    assert hearer.reached.wait(PATIENCE_SECONDS)
    done, seconds = stop(process)
    assert (done.code, document(done)["run"]["status"]) == (0, "succeeded")
    assert seconds < PROMPTLY_SECONDS
    assert records.statuses() == ["succeeded"]


def test_a_launch_that_cannot_begin_is_told_although_it_has_no_run(
    cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    allowed()
    cyberbrain.environment["CYBERBRAIN_DOCKER__HOST"] = "unix:///nowhere/docker.sock"
    done = launch(cyberbrain, "failure")
    assert (done.code, error_of(done)["code"]) == (4, "docker_unavailable")
    assert hearer.pings == ["/fail"]
    (notice,) = hearer.notices
    assert notice["title"] == "tell-failure failed: there is no run to tell of"
    assert error_of(done)["message"].replace("://", "[:]//") in notice["message"]
    assert document(cyberbrain("runs", "-o", "json"))["runs"] == []


def test_findings_that_a_gate_fails_on_are_a_success_and_a_kill_is_silence(
    cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer, model: ScriptedLlm
) -> None:
    allowed("echo ERROR broken")
    assert launch(cyberbrain, "always", "--fail-on", "warning").code == 3
    assert hearer.pings == ["/start", ""]
    process = hang(cyberbrain, model, "launch", str(cyberbrain.home / "tell-always.yaml"),
                   "--since", "1h")  # fmt: skip
    process.kill()
    finish(process)
    assert hearer.pings == ["/start", "", "/start"]


def test_nobody_whom_a_target_names_is_told(
    cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    allowed()
    hearer.status, hearer.location = 307, "/elsewhere"
    done = launch(cyberbrain, "always")
    assert done.code == 0
    assert len(document(done)["warnings"]) == 3
    assert "/elsewhere" not in [path for path, _ in hearer.heard]


def test_what_stands_in_logs_mentions_nobody_and_links_nowhere(
    cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    allowed(
        "echo 'ERROR <!here> @everyone [pay](now) <img src=x> `rm` see ftp://evil/x "
        "or www.evil.example **now**'"
    )
    assert launch(cyberbrain, "always").code == 0
    (notice,) = hearer.notices
    assert "‹!here› ＠everyone [pay] (now)" in notice["message"]
    for sign in "<>@`*":
        assert sign not in notice["message"] + notice["title"]
    assert "://" not in notice["message"]
    assert "www." not in notice["message"]


def test_no_log_at_any_level_has_the_urls(
    cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    allowed()
    cyberbrain.environment["CYBERBRAIN_LOGGING__LEVEL"] = "debug"
    port = hearer.server.server_address[1]
    for status in (200, 500):
        hearer.status = status
        done = launch(cyberbrain, "always", "--verbose", "--since", "1h")
        own = (cyberbrain.home / "own.log").read_text()
        assert own
        for text in (SECRET, f"127.0.0.1:{port}"):
            assert text not in done.stdout + done.stderr + own


def test_a_name_that_the_configuration_does_not_have_starts_nothing(
    cyberbrain: Cyberbrain, allowed: Allowed, hearer: Hearer
) -> None:
    allowed()
    path = write_directive(cyberbrain, "astray", "notify: {targets: [nobody]}")
    done = cyberbrain("launch", path, "-o", "json")
    assert (done.code, error_of(done)["code"]) == (2, "usage")
    assert error_of(done)["hint"] == "notify.targets has: ops."
    assert hearer.heard == []
    assert document(cyberbrain("runs", "-o", "json"))["runs"] == []
