"""Whatever a server answers: what can be used is, the rest is said, the findings by rule stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.testing import FakeHost, WorkerRun, log_lines, run_worker
from cyberbrain_cli.workers.log_triage import WORKER
from tests.engine.llm_room import Room
from tests.stack.scripted_llm import Behaviour, Fail, Raw, Say, ScriptedLlm

LOG = "INFO up\nERROR cannot open ledger\nWARN pool is shrinking\n"
ITEM = {"patterns": ["P1"], "severity": "critical", "title": "t", "explanation": "Words of it.",
        "suggestion": "s"}  # fmt: skip
GOOD = json.dumps({"findings": [ITEM]})
NOTHING = json.dumps({"findings": []})
GHOST = {**ITEM, "patterns": ["P77"]}


def message(**parts: Any) -> Say:
    return Say(message={"role": "assistant", **parts})


@pytest.fixture
def server() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as made:
        yield made


def triage(server: ScriptedLlm, *answers: Behaviour) -> tuple[WorkerRun, Room]:
    """One container's triage; the findings by rule are there whatever was answered."""
    host = FakeHost()
    host.add("app", log_lines(LOG))
    ruled = run_worker(WORKER, host).outcome.findings
    assert [item.severity for item in ruled] == [Severity.CRITICAL, Severity.WARNING]
    room = Room(server)
    server.then(*answers)
    run = run_worker(WORKER, host, {"story": False}, llm=room.guard)
    after = {item.id: item for item in run.outcome.findings}
    for before in ruled:
        assert after[before.id].severity.rank >= before.severity.rank
        assert after[before.id].evidence == before.evidence
        assert after[before.id].explanation.startswith(before.explanation)
    return run, room


def explained(run: WorkerRun) -> bool:
    return "Model: Words of it." in run.outcome.findings[0].explanation


@pytest.mark.parametrize(
    "answer",
    [
        Say(GOOD),
        Say(f"```json\n{GOOD}\n```"),
        Say(f"Sure! {GOOD} Let me know."),
        Say(f"<think>P2? {{maybe}} ... </think>\n\n{GOOD}"),
        Say(f"thoughts without a beginning </think>{GOOD}"),
        Say(f"{NOTHING}\n{GOOD}"),
        Say(GOOD, finish_reason=None),
        Say(json.dumps([ITEM])),
        message(content=None, reasoning_content=GOOD),
        message(content="\n\n", reasoning_content=f"Let me see. {GOOD}"),
        message(content="", reasoning=GOOD),
        message(content=[{"type": "text", "text": GOOD}]),
    ],
)
def test_a_good_answer_is_heard_in_whatever_dress(server: ScriptedLlm, answer: Say) -> None:
    run, _ = triage(server, answer)
    assert explained(run)
    assert run.outcome.degraded == ()
    assert run.documents["analysis.json"]["notes"] == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Say(""), "the answer was empty"),
        (message(content=None), "the answer was empty"),
        (message(content=None, refusal="I cannot help with that."), "the answer was empty"),
        (Say("<think>I wonder and wonder"), "the answer was empty"),
        (Say("All is well."), "the answer was not the JSON asked for"),
        (Say("{" * 30_000), "the answer was not the JSON asked for"),
        (Say('{"verdict": "healthy"}'), "the answer was not the JSON asked for"),
        (Say('{"findings": [{"patt', finish_reason="length"), "not the JSON asked for"),
        (Say("", finish_reason="length"), "the answer was empty"),
    ],
)
def test_an_answer_of_no_use_is_said_and_degrades(
    server: ScriptedLlm, answer: Say, said: str
) -> None:
    run, _ = triage(server, answer)
    (reason,) = run.outcome.degraded
    assert said in reason
    assert reason.endswith("Judged by rules alone: app.")
    assert not explained(run)
    assert any(said in note for note in run.reports["report.md"].notes)


@pytest.mark.parametrize(
    ("answer", "said", "heard"),
    [
        (Say(json.dumps({"findings": [ITEM, GHOST, GHOST]})), "2 findings named no pattern", True),
        (Say(json.dumps({"findings": [GHOST]})), "1 findings named no pattern", False),
        (Say(GOOD[:-2] + ", {broken"), "broken JSON; 1 of its findings", True),
        (Say(json.dumps({"findings": [ITEM, ITEM]})[:-9], "length"), "cut off at its length", True),
        (Say(json.dumps({"findings": [ITEM] * 20})), "12 findings beyond 8 were dropped", True),
    ],
)  # fmt: skip
def test_half_an_answer_is_used_and_said(
    server: ScriptedLlm, answer: Say, said: str, heard: bool
) -> None:
    run, _ = triage(server, answer)
    assert explained(run) is heard
    assert run.outcome.degraded == ()
    assert any(said in note for note in run.documents["analysis.json"]["notes"])


def test_a_finding_stays_when_the_model_says_nothing_of_it(server: ScriptedLlm) -> None:
    run, _ = triage(server, Say(NOTHING))
    assert len(run.outcome.findings) == 2
    assert run.outcome.degraded == ()
    assert "Model:" not in str(run.outcome.findings)


@pytest.mark.parametrize(
    "refusal",
    [
        Fail(400, body='{"error": {"message": "response_format is not supported"}}'),
        Fail(422, body='{"detail": "json_schema: unknown field"}'),
        Fail(500, body='{"error": {"message": "failed to parse grammar"}}'),
    ],
)
def test_an_endpoint_without_schemas_is_asked_without_and_recorded_twice(
    server: ScriptedLlm, refusal: Fail
) -> None:
    run, room = triage(server, refusal, Say(f"Of course: {GOOD}"))
    assert explained(run)
    assert run.outcome.degraded == ()
    assert ["response_format" in chat.json for chat in server.chats] == [True, False]
    assert '{"findings": [{"patterns": ["P1"]' in server.chats[1].prompt, (
        "the prompt says the shape"
    )
    assert [call.outcome for call in room.calls] == ["http_error", "ok"]


@pytest.mark.parametrize(
    "answer",
    [Fail(401), Fail(404), Raw(b"not JSON"), Fail(429, {"Retry-After": "86400"})],
)
def test_no_answer_at_all_leaves_the_rules(server: ScriptedLlm, answer: Behaviour) -> None:
    run, _ = triage(server, answer)
    assert "gave no answer" in run.outcome.degraded[0]
    assert not explained(run)
