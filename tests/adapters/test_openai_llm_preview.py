"""A preview is the launch's own path up to the last byte, and not one further."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.adapters.asking import endpoint, preview, request
from tests.stack.scripted_llm import ScriptedLlm


@pytest.fixture
def llm() -> Iterator[ScriptedLlm]:
    with ScriptedLlm() as server:
        yield server


def test_a_preview_sends_nothing_and_shows_the_very_bytes(llm: ScriptedLlm) -> None:
    previewing = preview(llm.url)
    asked = request("naïve 🔥 \ud800 \x00 line\n" * 3)
    for with_schema in (True, False):
        previewing.send(asked, with_schema=with_schema)
    assert llm.chats == []
    sending = endpoint(llm.url)
    for with_schema in (True, False):
        sending.send(asked, with_schema=with_schema)
    assert [body for _, body in previewing.requests] == [chat.body for chat in llm.chats]


def test_a_preview_answers_like_a_model_with_nothing_to_say(llm: ScriptedLlm) -> None:
    attempt = preview(llm.url).send(request(), with_schema=True)
    assert attempt.reply is not None
    assert json.loads(attempt.reply.text) == {"verdict": "healthy", "findings": []}
