"""Budget, redaction, ledger and retries around a real endpoint and a server that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from cyberbrain_cli.core.errors import Cancelled, ExitCode, LlmUnavailable
from cyberbrain_cli.core.redaction import UNREADABLE
from cyberbrain_cli.engine.llm_state import GIVE_UP_AFTER, MAX_ATTEMPTS, LlmState
from tests.adapters.asking import request
from tests.engine.llm_room import PRICE, Room
from tests.stack.scripted_llm import Break, Fail, Hang, Raw, Say, ScriptedLlm


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as server:
        yield server


def test_an_answer_leaves_one_row(llm: ScriptedLlm) -> None:
    room = Room(llm, price=PRICE)
    llm.then(Say("fine", usage={"prompt_tokens": 1000, "completion_tokens": 500}))
    assert room.guard.ask(request()).text == "fine"
    (call,) = room.calls
    assert (call.run_id, call.job_id, call.task) == (4, 2, "log_triage")
    assert (call.container, call.purpose, call.model) == ("shop-db", "analyse", "scripted")
    assert call.endpoint == f"127.0.0.1:{llm.port}"
    assert (call.prompt_tokens, call.completion_tokens, call.estimated) == (1000, 500, False)
    assert (call.cost, call.price) == (Decimal("0.02"), PRICE)
    assert call.duration_seconds == 0.25
    assert call.finish_reason == "stop"
    assert room.totals == [1500]


def test_missing_usage_is_null_and_unpriced_calls_cost_nothing_known(llm: ScriptedLlm) -> None:
    room = Room(llm, price=PRICE)
    llm.then(Say("fine", usage=None))
    room.guard.ask(request())
    (call,) = room.calls
    assert (call.prompt_tokens, call.completion_tokens, call.cost) == (None, None, None)
    assert not call.estimated


def test_every_attempt_is_a_row_and_retry_after_is_honoured(llm: ScriptedLlm) -> None:
    room = Room(llm)
    llm.then(Fail(429, {"Retry-After": "7"}), Break(), Say("fine"))
    assert room.guard.ask(request()).text == "fine"
    assert room.outcomes() == [
        (1, "http_error", 429),
        (2, "connection_error", None),
        (3, "ok", 200),
    ]
    assert len(llm.chats) == 3
    first, second = room.time.waits
    assert 7 <= first < 8
    assert 1 <= second < 2


def test_attempts_are_bounded(llm: ScriptedLlm) -> None:
    llm.otherwise = Fail(503)
    room = Room(llm)
    with pytest.raises(LlmUnavailable) as raised:
        room.guard.ask(request())
    assert "HTTP 503" in raised.value.message
    assert len(llm.chats) == len(room.calls) == MAX_ATTEMPTS
    assert room.guard.failure is raised.value
    pauses = room.time.waits
    assert pauses == sorted(pauses)


@pytest.mark.parametrize("refusal", [Fail(401), Fail(404), Fail(429, {"Retry-After": "86400"})])
def test_what_will_not_pass_is_asked_once(llm: ScriptedLlm, refusal: Fail) -> None:
    llm.otherwise = refusal
    room = Room(llm)
    with pytest.raises(LlmUnavailable):
        room.guard.ask(request())
    assert len(llm.chats) == 1
    assert room.time.waits == []


def test_a_rejected_schema_is_left_out_for_the_rest_of_the_run(llm: ScriptedLlm) -> None:
    room = Room(llm)
    llm.then(Fail(400, body='{"error": {"message": "response_format: unsupported"}}'))
    room.guard.ask(request())
    room.guard.ask(request())
    assert ["response_format" in chat.json for chat in llm.chats] == [True, False, False]
    assert [call.attempt for call in room.calls] == [1, 2, 1]
    assert room.time.waits == []


def test_a_prompt_that_is_too_long_says_what_to_set(llm: ScriptedLlm) -> None:
    room = Room(llm)
    llm.then(Fail(400, body='{"error": {"message": "exceeds the available context size"}}'))
    with pytest.raises(LlmUnavailable) as raised:
        room.guard.ask(request())
    assert "llm.context_tokens" in raised.value.hint
    assert len(llm.chats) == 1


def test_a_cut_answer_is_handed_on_as_such(llm: ScriptedLlm) -> None:
    room = Room(llm)
    llm.then(Say('{"a', finish_reason="length"))
    assert room.guard.ask(request()).finish_reason == "length"
    assert room.outcomes() == [(1, "cut", 200)]


def test_secrets_are_gone_before_the_request(llm: ScriptedLlm) -> None:
    room = Room(llm)
    room.guard.ask(request("password=hunter2hunter2", system="key AKIAIOSFODNN7EXAMPLE"))
    assert b"hunter2" not in llm.chats[0].body
    assert b"AKIA" not in llm.chats[0].body
    assert b"[redacted:password]" in llm.chats[0].body


def test_what_cannot_be_redacted_is_not_sent(llm: ScriptedLlm) -> None:
    room = Room(llm, redact=lambda _: UNREADABLE)
    with pytest.raises(LlmUnavailable):
        room.guard.ask(request())
    assert llm.chats == []
    assert room.calls == []


def test_an_endpoint_that_is_down_is_not_asked_for_ever(llm: ScriptedLlm) -> None:
    llm.otherwise = Break(midway=False)
    room = Room(llm)
    for _ in range(10):
        with pytest.raises(LlmUnavailable):
            room.guard.ask(request())
    assert len(llm.chats) == len(room.calls) == GIVE_UP_AFTER


def test_a_bad_response_is_tried_again(llm: ScriptedLlm) -> None:
    room = Room(llm)
    llm.then(Raw(b'{"choices": []}'), Say("fine"))
    assert room.guard.ask(request()).text == "fine"


def test_a_run_that_stops_breaks_off_and_records_it(llm: ScriptedLlm) -> None:
    llm.then(Hang())
    room = Room(llm)
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(room.guard.ask, request())
        llm.wait_for_chats(1)
        room.time.stop = Cancelled(ExitCode.INTERRUPTED)
        room.guard.endpoint.close()
        with pytest.raises(Cancelled) as raised:
            asked.result(10)
    assert raised.value.exit_code == ExitCode.INTERRUPTED
    assert room.outcomes() == [(1, "cancelled", None)]


def test_a_run_that_stops_does_not_wait_out_a_pause(llm: ScriptedLlm) -> None:
    llm.otherwise = Fail(503, {"Retry-After": "60"})
    room = Room(llm)
    room.time.stop = Cancelled()
    with pytest.raises(Cancelled):
        room.guard.ask(request())
    assert len(llm.chats) == 1


def test_no_more_than_the_allowed_number_ask_at_once(llm: ScriptedLlm) -> None:
    state = LlmState(2)
    room = Room(llm, state=state)
    room.time.stop = Cancelled()
    with state.slot(lambda: None), state.slot(lambda: None), pytest.raises(Cancelled):
        room.guard.ask(request())
    assert llm.chats == []
    room.time.stop = None
    room.guard.ask(request())
    assert len(llm.chats) == 1


def test_no_text_is_in_what_is_kept_or_raised(llm: ScriptedLlm) -> None:
    canary = "c4n4ry-55aa"
    llm.otherwise = Fail(400, body=f'{{"error": {{"message": "{canary}"}}}}')
    room = Room(llm)
    with pytest.raises(LlmUnavailable) as raised:
        room.guard.ask(request(canary))
    assert canary not in f"{raised.value!r} {raised.value.hint} {room.calls} {room.guard!r}"
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
