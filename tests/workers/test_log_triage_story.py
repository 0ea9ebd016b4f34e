"""The incident's story: one question more, marked as a model's words, and gone when of no use."""

from __future__ import annotations

import json

import pytest

from cyberbrain_cli.core.errors import BudgetSpent, LlmUnavailable
from cyberbrain_cli.core.ports import ChatReply, ChatRequest
from cyberbrain_cli.testing import FakeHost, ScriptedLlm, WorkerRun, log_lines, run_worker
from cyberbrain_cli.workers.log_triage import WORKER

STORY = json.dumps({"findings": ["F1", "F2"], "story": "F1 came first, then F2."})


def shop() -> FakeHost:
    made = FakeHost()
    made.add("db", log_lines("FATAL: sorry, too many clients already\nINFO secret detail\n"))
    made.add("app", log_lines("INFO up\nERROR connection refused by db:5432\n"))
    return made


def answering(story: str | Exception | ChatReply) -> ScriptedLlm:
    """A model that says nothing of containers and this of all."""
    nothing = '{"findings": []}'
    return ScriptedLlm(nothing, nothing, story)


def run(llm: ScriptedLlm | None, host: FakeHost | None = None, **options: object) -> WorkerRun:
    return run_worker(WORKER, host or shop(), options, llm=llm, max_parallel=1)


def test_the_story_is_told_by_findings_in_analysis_and_report() -> None:
    llm = answering(STORY)
    done = run(llm)
    story = done.documents["analysis.json"]["story"]
    titles = {item.id: item.container for item in done.outcome.findings}
    assert story["text"] == "[1] came first, then [2]."
    assert [titles[name] for name in story["findings"]] == ["db", "app"]
    assert (story["model"], story["not_shown"]) == ("scripted-1", 0)
    report = done.reports["report.md"].story
    assert report is not None
    assert report.text == story["text"]
    assert done.outcome.degraded == ()
    request = llm.requests[-1]
    assert [item.purpose for item in llm.requests] == ["triage", "triage", "story"]
    assert "db: Out of connections" in request.user
    assert "explains: db" in request.user
    assert "secret detail" not in request.user


def test_a_story_is_no_finding_and_changes_none() -> None:
    assert run(answering(STORY)).outcome.findings == run(None).outcome.findings


def test_what_the_model_said_of_containers_is_not_told_back_to_it() -> None:
    def play_up(request: ChatRequest) -> str:
        item = {"patterns": ["P1", "P2"], "severity": "critical", "title": "canary",
                "explanation": "canary", "suggestion": "canary"}  # fmt: skip
        return STORY if request.purpose == "story" else json.dumps({"findings": [item]})

    llm = ScriptedLlm(play_up)
    assert "canary" in str(run(llm).outcome.findings)
    assert "canary" not in llm.requests[-1].user


@pytest.mark.parametrize("answer", ["", "no JSON", '{"findings": ["F9"], "story": "All is well."}'])
def test_an_answer_of_no_use_leaves_no_story_and_a_note(answer: str) -> None:
    done = run(answering(answer))
    assert done.documents["analysis.json"]["story"] is None
    assert done.documents["analysis.json"]["notes"][-1].startswith("The model's story")
    assert done.outcome.degraded == ()


def test_a_cut_story_is_said_to_be_cut() -> None:
    done = run(answering(ChatReply(STORY[:-6], "length")))
    assert done.documents["analysis.json"]["story"] is None
    assert "cut off" in done.documents["analysis.json"]["notes"][-1]


@pytest.mark.parametrize("error", [LlmUnavailable("No answer."), BudgetSpent("Spent.")])
def test_a_failure_degrades_and_the_findings_stay(error: Exception) -> None:
    done = run(answering(error))
    assert done.outcome.degraded == (f"{error} The story of all findings was not told.",)
    assert len(done.outcome.findings) == 2


def test_one_finding_no_model_and_no_wish_are_no_story() -> None:
    one = FakeHost()
    one.add("db", shop().logs["db"])
    llm = answering(STORY)
    assert run(llm, one).documents["analysis.json"]["story"] is None
    assert len(llm.requests) == 1
    assert run(None).documents["analysis.json"]["story"] is None
    llm = answering(STORY)
    run(llm, story=False)
    assert [item.purpose for item in llm.requests] == ["triage", "triage"]


def test_a_model_that_was_given_up_is_not_asked_again() -> None:
    llm = ScriptedLlm(LlmUnavailable("No answer."))
    run(llm)
    assert len(llm.requests) == 2


def test_too_many_findings_for_the_budget_are_counted() -> None:
    host = shop()
    log = "".join(f"ERROR {a}{b} broke\n" for a in "abcdefgh" for b in "klmnopqr")
    host.add("many", log_lines(log))
    llm = ScriptedLlm('{"findings": []}', '{"findings": []}', '{"findings": []}', STORY)
    done = run(llm, host, digest_tokens=400)
    story = done.documents["analysis.json"]["story"]
    assert story["not_shown"] > 0
    assert f"left out for lack of room: {story['not_shown']} findings" in llm.requests[-1].user
    notes = done.documents["analysis.json"]["notes"]
    assert any("did not fit into what the model was shown" in note for note in notes)
