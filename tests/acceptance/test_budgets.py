"""A budget of all runs together holds, also when two launches ask at once or one is killed."""

from __future__ import annotations

import json

import pytest

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import Records, document, finish, write_directive
from tests.conftest import Cyberbrain
from tests.stack.scripted_llm import Fail, Hang, Say, ScriptedLlm

LIMIT = 2500
TASKS = "tasks: [{task: log_triage, digest_tokens: 600, answer_tokens: 100}]"
AT_HAND = "SELECT coalesce(sum(prompt_tokens + completion_tokens), 0) FROM llm_calls"
SET_ASIDE = "SELECT count(*) FROM llm_reservations WHERE NOT settled"


@pytest.fixture
def limited(cyberbrain: Cyberbrain, records: Records, allowed: Allowed) -> Cyberbrain:
    """A program whose runs of a day may use so much, and three containers in trouble."""
    assert records
    for _ in range(3):
        allowed()
    cyberbrain.environment["CYBERBRAIN_BUDGET__DAY__TOKENS"] = str(LIMIT)
    return cyberbrain


def test_two_launches_at_once_never_use_more_than_a_day_may(
    limited: Cyberbrain, records: Records, model: ScriptedLlm
) -> None:
    model.otherwise = Say(usage={"prompt_tokens": 300, "completion_tokens": 100})
    names = [write_directive(limited, name, TASKS) for name in ("one", "other")]
    launches = [limited.start("launch", name, "-o", "json") for name in names]
    ends = [finish(launch, 60) for launch in launches]
    assert [end.code for end in ends] == [0, 0]
    assert 400 <= records.one(AT_HAND) <= LIMIT
    assert len(model.chats) < 6
    assert records.one(SET_ASIDE) == 0
    degraded = [end for end in ends if document(end)["run"]["degraded"]]
    assert degraded
    for end in degraded:
        said = "The token budget of all runs for this day is spent"
        assert said in end.stderr
        assert said in json.dumps(document(end)["run"]["degraded_reasons"])
    assert limited("db", "verify").code == 0


def test_a_budget_of_money_that_cannot_be_kept_is_said(
    limited: Cyberbrain, model: ScriptedLlm
) -> None:
    del limited.environment["CYBERBRAIN_BUDGET__DAY__TOKENS"]
    name = write_directive(limited, "one", f"budget: {{month: {{amount: 0}}}}\n{TASKS}")
    said = "Model scripted has no price, so no budget of money limits it."
    assert said in limited("launch", name).stderr
    assert len(model.chats) > 0
    model.requests.clear()
    price = {"scripted": {"prompt_per_million": "0.15", "completion_per_million": "0.60"}}
    limited.environment["CYBERBRAIN_PRICES"] = json.dumps(price)
    done = limited("launch", name, "--since", "1h", "-o", "json")
    assert said not in done.stderr
    assert model.chats == []
    (reason,) = document(done)["run"]["degraded_reasons"]
    assert "The money budget of 'one' for this month is spent: 0 of 0 USD used, 0.00" in reason
    assert "The money budget of 'one' for this month is spent" in done.stderr


def test_a_directive_that_insists_on_the_model_fails_when_the_day_is_spent(
    limited: Cyberbrain, model: ScriptedLlm
) -> None:
    budget = "budget: {on_budget: fail, month: {tokens: 10}}"
    name = write_directive(limited, "one", f"{budget}\n{TASKS}")
    done = limited("launch", name, "-o", "json")
    assert done.code == 7
    error = document(done)["run"]["error"]
    assert error["message"].startswith("The token budget of 'one' for this month is spent: 10 of")
    assert "budget.month.tokens in the directive" in error["hint"]
    assert model.chats == []


def test_a_spent_budget_fails_the_run_also_where_the_model_had_failed_before(
    limited: Cyberbrain, model: ScriptedLlm
) -> None:
    model.then(Fail(400)).otherwise = Say(usage={"prompt_tokens": 1900, "completion_tokens": 100})
    name = write_directive(limited, "one", f"budget: {{on_budget: fail, tokens: 2000}}\n{TASKS}")
    done = limited("launch", name, "-o", "json")
    assert len(model.chats) == 2
    assert document(done)["run"]["error"]["message"].startswith("The token budget is spent: 0 of")
    assert done.code == 7


def test_a_call_that_a_killed_launch_had_under_way_counts_at_its_worst(
    limited: Cyberbrain, records: Records, model: ScriptedLlm
) -> None:
    """The model may have worked on it to its end: a launch that dies again and again is limited."""
    model.otherwise = Hang()
    launch = limited.start("launch", write_directive(limited, "one", TASKS))
    model.wait_for_chats(1)
    assert records.one(SET_ASIDE) == 1
    worst = records.one("SELECT tokens FROM llm_reservations")
    launch.kill()
    launch.communicate()
    model.release()
    model.otherwise = Say(usage={"prompt_tokens": LIMIT - worst - 100, "completion_tokens": 100})
    done = limited("launch", write_directive(limited, "other", TASKS), "-o", "json")
    assert done.code == 0, done.stderr
    assert records.one(SET_ASIDE) == 0
    assert records.one("SELECT tokens FROM llm_reservations") == worst
    assert records.one(AT_HAND) == LIMIT - worst
    assert "budget of all runs for this day is spent: 0 of" in done.stderr


def test_no_limit_sets_nothing_aside(
    limited: Cyberbrain, records: Records, model: ScriptedLlm
) -> None:
    del limited.environment["CYBERBRAIN_BUDGET__DAY__TOKENS"]
    model.otherwise = Hang()
    launch = limited.start("launch", write_directive(limited, "one", TASKS))
    model.wait_for_chats(1)
    assert records.one("SELECT count(*) FROM llm_reservations") == 0
    launch.kill()
    launch.communicate()
