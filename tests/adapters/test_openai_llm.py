"""What a server or network does becomes an attempt; what the environment says changes nothing."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from cyberbrain_cli.adapters.llm_wire import MAX_BODY
from cyberbrain_cli.core.errors import Cancelled
from cyberbrain_cli.core.ports import Attempt
from tests.adapters.asking import SCHEMA, endpoint, request
from tests.stack.scripted_llm import Break, Fail, Hang, Huge, Raw, Say, ScriptedLlm

CANARY = "c4n4ry-7d1f"


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as server:
        yield server


def ask(llm: ScriptedLlm, *, with_schema: bool = True, **changes: Any) -> Attempt:
    asked = endpoint(llm.url, **changes)
    try:
        return asked.send(request(), with_schema=with_schema)
    finally:
        asked.close()


def text_of(attempt: Attempt) -> str:
    assert attempt.reply is not None
    return attempt.reply.text


def test_an_answer_comes_with_what_it_cost(llm: ScriptedLlm) -> None:
    usage = {
        "prompt_tokens": 31,
        "completion_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 16},
        "completion_tokens_details": {"reasoning_tokens": 3},
    }
    llm.then(Say("hello", usage=usage))
    attempt = ask(llm)
    assert (attempt.outcome, text_of(attempt)) == ("ok", "hello")
    counts = (attempt.prompt_tokens, attempt.cached_tokens)
    assert counts == (31, 16)
    assert (attempt.completion_tokens, attempt.reasoning_tokens) == (7, 3)


def test_the_request_says_everything_a_server_needs(llm: ScriptedLlm) -> None:
    ask(llm)
    ask(llm, with_schema=False)
    first, second = (chat.json for chat in llm.chats)
    assert first["model"] == "scripted"
    assert [message["role"] for message in first["messages"]] == ["system", "user"]
    assert (first["max_tokens"], first["temperature"], first["stream"]) == (200, 0, False)
    assert first["response_format"]["json_schema"]["schema"] == SCHEMA
    assert "response_format" not in second


def test_missing_usage_stays_missing(llm: ScriptedLlm) -> None:
    llm.then(Say("hello", usage=None), Say("hello", usage={"prompt_tokens": "31"}))
    for attempt in (ask(llm), ask(llm)):
        assert attempt.outcome == "ok"
        assert attempt.prompt_tokens is attempt.completion_tokens is None


def test_a_cut_answer_is_marked(llm: ScriptedLlm) -> None:
    llm.then(Say('{"findings": [', finish_reason="length"))
    attempt = ask(llm)
    assert attempt.outcome == "cut"
    assert attempt.reply is not None
    assert attempt.reply.finish_reason == "length"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": None, "reasoning_content": "{}"}, "{}"),
        ({"content": "", "reasoning": "{}"}, "{}"),
        ({"content": "<think>hm</think>{}"}, "<think>hm</think>{}"),
        ({"content": [{"type": "text", "text": "{"}, {"type": "text", "text": "}"}]}, "{}"),
        ({"content": ""}, ""),
        ({"content": 7}, ""),
    ],
)
def test_the_answer_is_found_wherever_it_stands(
    llm: ScriptedLlm, message: dict[str, Any], text: str
) -> None:
    llm.then(Say(message=message))
    assert text_of(ask(llm)) == text


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b"null", b'{"choices": []}', b'{"choices": [7]}', b'{"choices": {}}',
     b"[" * 100_000, b'{"choices": [{"message": "x"}]}', b"\xff\xfe"],
)  # fmt: skip
def test_an_answer_that_is_none_is_a_bad_response(llm: ScriptedLlm, body: bytes) -> None:
    llm.then(Raw(body))
    attempt = ask(llm)
    assert (attempt.outcome, attempt.reply) == ("bad_response", None)


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (401, False), (404, False), (429, True), (500, True), (502, True),
     (503, True), (504, True), (529, True)],
)  # fmt: skip
def test_a_refusal_says_whether_to_ask_again(
    llm: ScriptedLlm, status: int, retryable: bool
) -> None:
    llm.then(Fail(status))
    attempt = ask(llm)
    assert (attempt.outcome, attempt.http_status) == ("http_error", status)
    assert attempt.retryable is retryable
    assert len(llm.chats) == 1


def test_retry_after_is_read_in_every_form(llm: ScriptedLlm) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    for value, low, high in (("7", 7, 7), ("1.5", 1.5, 1.5), (later, 60, 91), ("-3", 0, 0)):
        llm.then(Fail(429, {"Retry-After": value}))
        seconds = ask(llm).retry_after_seconds
        assert low <= (seconds or 0) <= high
    llm.then(Fail(429, {"Retry-After": "soon"}), Fail(429, {"retry-after-ms": "250"}))
    assert ask(llm).retry_after_seconds is None
    assert ask(llm).retry_after_seconds == 0.25


def test_a_spent_quota_and_a_rejected_schema_are_told_apart(llm: ScriptedLlm) -> None:
    llm.then(
        Fail(429, body='{"error": {"code": "insufficient_quota"}}'),
        Fail(400, body='{"error": {"message": "response_format is not supported"}}'),
        Fail(400, body='{"error": {"message": "the request exceeds the available context size"}}'),
    )
    quota, schema, context = ask(llm), ask(llm), ask(llm)
    assert not quota.retryable
    assert schema.schema_rejected
    assert not context.schema_rejected
    assert context.error_class == "ContextOverflow"


def test_a_redirect_is_not_followed(llm: ScriptedLlm) -> None:
    with ScriptedLlm() as elsewhere:
        llm.then(Fail(307, {"Location": elsewhere.url + "/v1/chat/completions"}))
        attempt = ask(llm)
        assert (attempt.outcome, attempt.http_status) == ("http_error", 307)
        assert elsewhere.requests == []


@pytest.mark.parametrize("midway", [True, False])
def test_a_broken_connection_may_be_tried_again(llm: ScriptedLlm, midway: bool) -> None:
    llm.then(Break(midway=midway))
    attempt = ask(llm)
    assert (attempt.outcome, attempt.retryable) == ("connection_error", True)


def test_a_server_that_is_gone_is_a_connection_error() -> None:
    with ScriptedLlm() as server:
        asked = endpoint(server.url)
    attempt = asked.send(request(), with_schema=True)
    assert (attempt.outcome, attempt.retryable) == ("connection_error", True)
    assert attempt.error_class == "ConnectionRefusedError"


@pytest.mark.parametrize("drip", [False, True])
def test_a_server_that_never_ends_is_left_in_time(llm: ScriptedLlm, drip: bool) -> None:
    llm.then(Hang(drip=drip))
    assert ask(llm, timeout_seconds=0.3).outcome == "timeout"


def test_an_endless_answer_is_not_kept(llm: ScriptedLlm) -> None:
    llm.then(Huge(MAX_BODY * 4))
    attempt = ask(llm)
    assert (attempt.outcome, attempt.error_class) == ("bad_response", "AnswerTooLarge")


def test_a_compressed_answer_is_not_unpacked(llm: ScriptedLlm) -> None:
    llm.then(Raw(b"\x1f\x8b", {"Content-Encoding": "gzip"}))
    assert ask(llm).outcome != "ok"


def test_closing_breaks_off_what_is_under_way(llm: ScriptedLlm) -> None:
    llm.then(Hang(), Hang())
    asked = endpoint(llm.url)
    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(asked.send, request(), with_schema=True) for _ in range(2)]
        llm.wait_for_chats(2)
        asked.close()
        assert {future.result(10).outcome for future in futures} == {"cancelled"}
    with pytest.raises(Cancelled):
        asked.send(request(), with_schema=True)
    assert len(llm.chats) == 2


def test_the_environment_diverts_nothing(llm: ScriptedLlm, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedLlm() as elsewhere:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, elsewhere.url)
        monkeypatch.setenv("OPENAI_BASE_URL", elsewhere.url)
        monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
        monkeypatch.setenv("OPENAI_ORG_ID", "from-the-environment")
        monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: from-the-environment")
        assert ask(llm).outcome == "ok"
        assert elsewhere.requests == []
    assert "from-the-environment" not in str([asked.headers for asked in llm.requests])
    assert "Authorization" not in llm.chats[0].headers


def test_the_configured_key_is_sent(llm: ScriptedLlm) -> None:
    ask(llm, api_key="k-1")
    assert llm.chats[0].headers["Authorization"] == "Bearer k-1"


def test_no_text_is_in_reprs_logs_or_errors(
    llm: ScriptedLlm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("openai").setLevel(logging.DEBUG)
    body = json.dumps({"error": {"message": CANARY}})
    llm.then(Say(CANARY), Fail(400, body=body), Fail(500, body=body), Raw(CANARY.encode()))
    asked = endpoint(llm.url)
    for _ in range(4):
        attempt = asked.send(request(CANARY), with_schema=True)
        assert CANARY not in repr(attempt)
    assert CANARY not in repr(request(CANARY)) + repr(asked) + caplog.text
    assert "openai" not in {record.name.partition(".")[0] for record in caplog.records}


def test_many_threads_may_ask_at_once(llm: ScriptedLlm) -> None:
    asked = endpoint(llm.url)
    barrier = threading.Barrier(8)

    def one(number: int) -> str:
        barrier.wait(10)
        return asked.send(request(f"line {number}"), with_schema=True).outcome

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {"ok"}
