"""Settings do what they say, seen from outside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Cyberbrain, RunContainer
from tests.stack.scripted_llm import Say, ScriptedLlm

DIRECTIVE = """\
name: check
llm: {{use: {use}, endpoint: {endpoint}}}
budget: {budget}
tasks: [{{task: log_triage, digest_tokens: 600, answer_tokens: 100}}]
"""


@pytest.fixture
def scripted() -> Iterator[ScriptedLlm]:
    with ScriptedLlm(model="second") as llm:
        yield llm


@pytest.fixture
def configured(
    cyberbrain: Cyberbrain, run_container: RunContainer, scripted: ScriptedLlm
) -> Cyberbrain:
    """A program with a configuration file, two endpoints and an allowed container in trouble."""
    home = cyberbrain.home
    (home / "own").mkdir()
    (home / "cyberbrain.yaml").write_text(
        "llm:\n"
        f"  endpoints: {{other: {{endpoint: '{scripted.url}', api_key: '${{KEY}}'}}}}\n"
        f"artifacts: {{root: '{home}/elsewhere'}}\n"
        f"directives: {{folders: ['{home}/own']}}\n"
        f"logging: {{file: '{home}/own.log'}}\n"
        "prices: {second: {currency: EUR, per_gpu_second: '1'}}\n"
    )
    cyberbrain.environment["KEY"] = "key-of-the-other"
    for _ in range(2):
        cyberbrain("allowlist", "add", run_container("echo ERROR disk full; echo ERROR bad"))
    return cyberbrain


def write(cyberbrain: Cyberbrain, use: str = "optional", budget: str = "{}") -> None:
    text = DIRECTIVE.format(use=use, endpoint="other", budget=budget)
    (cyberbrain.home / "own" / "check.yaml").write_text(text)


def test_a_directive_chooses_an_endpoint_and_the_settings_hold(
    configured: Cyberbrain, scripted: ScriptedLlm
) -> None:
    write(configured)
    done = configured("launch", "check", "-o", "json")
    assert done.code == 0, done.stderr
    run = json.loads(done.stdout)["run"]
    assert {chat.json["model"] for chat in scripted.chats} == {"second"}
    assert {chat.headers["Authorization"] for chat in scripted.chats} == {"Bearer key-of-the-other"}
    assert all(chat.json["max_tokens"] == 100 for chat in scripted.chats)
    assert run["cost"]["currency"] == "EUR"
    root = configured.home / "elsewhere"
    assert (root / run["jobs"][0]["artifacts"][0]["path"]).is_file()
    log = [json.loads(line) for line in (configured.home / "own.log").read_text().splitlines()]
    assert {"timestamp", "level", "logger", "message"} <= set(log[0])
    assert log[-1]["run_id"] == run["id"]


def test_a_budget_is_never_overdrawn_and_the_run_says_so(
    configured: Cyberbrain, scripted: ScriptedLlm
) -> None:
    scripted.otherwise = Say(usage={"prompt_tokens": 800, "completion_tokens": 100})
    write(configured, budget="{tokens: 1500}")
    done = configured("launch", "check", "-o", "json")
    assert done.code == 0, done.stderr
    run = json.loads(done.stdout)["run"]
    assert len(scripted.chats) == 1
    assert run["degraded"] is True
    assert "budget" in run["degraded_reasons"][0]
    assert run["tokens"]["total"] <= 1500


def test_a_spent_budget_can_fail_the_run(configured: Cyberbrain) -> None:
    write(configured, budget="{tokens: 10, on_budget: fail}")
    done = configured("launch", "check", "-o", "json")
    assert done.code == 7
    run = json.loads(done.stdout)["run"]
    assert (run["status"], run["error"]["code"]) == ("failed", "budget_spent")


def test_an_endpoint_that_is_not_configured_is_a_fault_of_the_directive(
    configured: Cyberbrain,
) -> None:
    text = DIRECTIVE.format(use="optional", endpoint="nobody", budget="{}")
    (configured.home / "own" / "check.yaml").write_text(text)
    done = configured("launch", "check")
    assert done.code == 2
    assert "'nobody'" in done.stderr
    assert "llm.endpoints has: other" in done.stderr


def test_show_tells_where_each_value_comes_from(configured: Cyberbrain) -> None:
    configured.environment["CYBERBRAIN_MAX_PARALLEL"] = "2"
    shown = json.loads(configured("config", "show", "-o", "json").stdout)
    origins = {setting["key"]: setting["origin"] for setting in shown["settings"]}
    assert origins["max_parallel"] == "environment"
    assert origins["artifacts.root"].endswith("cyberbrain.yaml")
    assert origins["database.url"] == "default"
    assert "key-of-the-other" not in json.dumps(shown)
    path = configured("config", "path").stdout.strip()
    assert Path(path).name == "cyberbrain.yaml"


def test_a_faulty_configuration_stops_every_command_with_all_its_faults(
    cyberbrain: Cyberbrain,
) -> None:
    (cyberbrain.home / "cyberbrain.yaml").write_text("llm: {modle: x}\nmax_parallel: zero\n")
    done = cyberbrain("runs", "-o", "json")
    assert done.code == 2
    problems = json.loads(done.stdout)["error"]["problems"]
    assert [(problem["line"], problem["column"]) for problem in problems] == [(1, 7), (2, 1)]
    assert "did you mean 'model'" in problems[0]["message"]
