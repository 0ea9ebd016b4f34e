"""The budget is never overdrawn, and what failed is given back."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from cyberbrain_cli.core.errors import BudgetSpent, LlmUnavailable
from cyberbrain_cli.core.records import Price
from cyberbrain_cli.core.tokens import Limit
from tests.adapters.asking import request
from tests.engine.llm_room import PRICE, Room
from tests.stack.scripted_llm import Behaviour, Break, Fail, Say, ScriptedLlm


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as server:
        yield server


def test_the_budget_is_reserved_at_its_worst_and_settled_at_what_was(llm: ScriptedLlm) -> None:
    llm.otherwise = Say("fine", usage={"prompt_tokens": 60, "completion_tokens": 40})
    room = Room(llm, Limit(tokens=700))
    for _ in range(4):
        room.guard.ask(request())
    with pytest.raises(BudgetSpent):
        room.guard.ask(request())
    assert len(llm.chats) == 4
    assert isinstance(room.guard.spent, BudgetSpent)


def test_a_spent_budget_is_remembered_also_after_another_failure(llm: ScriptedLlm) -> None:
    room = Room(llm.then(Fail(400)), Limit(tokens=600))
    with pytest.raises(LlmUnavailable) as unavailable:
        room.guard.ask(request())
    room.guard.budget.reserve(500, Decimal(0))
    with pytest.raises(BudgetSpent) as spent:
        room.guard.ask(request())
    assert (room.guard.failure, room.guard.spent) == (unavailable.value, spent.value)


def test_an_answer_without_usage_still_counts_against_the_budget(llm: ScriptedLlm) -> None:
    llm.otherwise = Say("word " * 100, usage=None)
    room = Room(llm, Limit(tokens=700))
    room.guard.ask(request())
    room.guard.ask(request())
    with pytest.raises(BudgetSpent):
        room.guard.ask(request())
    assert len(llm.chats) == 2


def test_failures_give_back_what_was_reserved(llm: ScriptedLlm) -> None:
    room = Room(llm, Limit(tokens=400, amount=Decimal("0.01")), price=PRICE)
    llm.then(Fail(503), Fail(503), Fail(500), Say("fine"))
    assert room.guard.ask(request()).text == "fine"


@pytest.mark.parametrize(
    ("broken", "outcome", "status"),
    [
        (Break(), "connection_error", None),
        (Break(midway=False), "connection_error", None),
        (Fail(504), "http_error", 504),
    ],
)
def test_what_went_out_and_was_never_answered_counts_at_its_worst(
    llm: ScriptedLlm, broken: Behaviour, outcome: str, status: int | None
) -> None:
    """The server may have worked on it to its end."""
    room = Room(llm, Limit(tokens=600))
    llm.then(broken, Say("never asked"))
    with pytest.raises(BudgetSpent):
        room.guard.ask(request())
    assert room.outcomes() == [(1, outcome, status)]


def test_what_never_went_out_counts_nothing() -> None:
    with ScriptedLlm() as gone:
        room = Room(gone, Limit(tokens=600))
    with pytest.raises(LlmUnavailable):
        room.guard.ask(request())
    assert len(room.calls) == 4


def test_a_price_per_second_is_reserved_until_the_timeout(llm: ScriptedLlm) -> None:
    price = Price("USD", per_gpu_second=Decimal(1))
    room = Room(llm, Limit(amount=Decimal(20)), price=price)
    with pytest.raises(BudgetSpent):
        room.guard.ask(request())
    assert llm.chats == []
    room = Room(llm, Limit(amount=Decimal(25)), price=price)
    room.guard.ask(request())
    assert room.calls[0].cost == Decimal("0.25")


def test_money_is_a_limit_too(llm: ScriptedLlm) -> None:
    room = Room(llm, Limit(amount=Decimal("0.001")), price=PRICE)
    with pytest.raises(BudgetSpent):
        room.guard.ask(request())
    assert llm.chats == []


def test_the_budget_holds_even_where_our_count_is_too_low(
    llm: ScriptedLlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room(llm, Limit(tokens=600))
    monkeypatch.setattr(type(room.guard.endpoint), "count", lambda *_: 1)
    with pytest.raises(BudgetSpent):
        room.guard.ask(request("a b " * 200))
    assert llm.chats == []


def test_a_prompt_that_the_server_would_clip_is_not_sent() -> None:
    with ScriptedLlm(context_tokens=512) as llm:
        room = Room(llm)
        with pytest.raises(LlmUnavailable) as raised:
            room.guard.ask(request("a b " * 200))
        assert llm.chats == []
    assert "llm.context_tokens" in raised.value.hint
    assert room.calls == []
