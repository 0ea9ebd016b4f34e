"""What every ChatEndpoint keeps to: against a real llama.cpp, and against the scripted server."""

from __future__ import annotations

import json
import os
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from cyberbrain_cli.adapters.openai_llm import OpenAIEndpoint, PreviewingEndpoint
from cyberbrain_cli.adapters.token_counter import TokenCounter
from cyberbrain_cli.core.errors import Cancelled
from cyberbrain_cli.core.ports import ChatEndpoint
from tests.adapters.asking import find, request
from tests.stack.scripted_llm import Hang, Say, ScriptedLlm

PATIENCE_SECONDS = 300
LONG = 2000 + os.getpid() % 1000


@dataclass
class Subject:
    """An endpoint, and the server behind it."""

    endpoint: ChatEndpoint
    url: str
    scripted: ScriptedLlm | None

    def script(self, *behaviours: Hang | Say) -> None:
        if self.scripted is not None:
            self.scripted.then(*behaviours)

    def wait_until_it_works_on(self, max_tokens: int) -> None:
        """Return once the server has begun on a request for so many tokens."""
        if self.scripted is not None:
            self.scripted.wait_for_chats(1)
            return
        # The server is shared: a busy slot may be somebody else's.
        while not any(
            slot["is_processing"] and slot["params"]["max_tokens"] == max_tokens
            for slot in self._slots()
        ):
            pass

    def _slots(self) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.url}/slots") as answer:
            slots: list[dict[str, Any]] = json.load(answer)
        return slots


@pytest.fixture(params=["real", "scripted"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "real":
        yield _subject(request.getfixturevalue("llm_url"), None)
        return
    with ScriptedLlm() as server:
        yield _subject(server.url, server)


def _subject(url: str, scripted: ScriptedLlm | None) -> Subject:
    found = find(url, timeout_seconds=PATIENCE_SECONDS)
    counter = TokenCounter.of_server(found.wire(), found.info.model)
    return Subject(OpenAIEndpoint(found, counter), url, scripted)


def test_an_answer_fits_the_schema_and_is_counted(subject: Subject) -> None:
    attempt = subject.endpoint.send(request(), with_schema=True)
    assert attempt.outcome == "ok"
    assert attempt.reply is not None
    answer = json.loads(attempt.reply.text)
    assert answer["verdict"] in {"healthy", "broken"}
    assert isinstance(answer["findings"], list)
    assert attempt.prompt_tokens
    assert attempt.completion_tokens


def test_max_tokens_is_a_limit_that_shows(subject: Subject) -> None:
    usage = {"prompt_tokens": 20, "completion_tokens": 5}
    subject.script(Say("Once upon a time", finish_reason="length", usage=usage))
    asked = request("Tell a very long story.", schema=None, max_tokens=5)
    attempt = subject.endpoint.send(asked, with_schema=False)
    assert attempt.outcome == "cut"
    assert attempt.completion_tokens is not None
    assert attempt.completion_tokens <= 5


def test_the_count_is_no_less_than_what_the_server_charges(subject: Subject) -> None:
    text = "2026-11-23T02:59:01Z ERROR 10.0.0.7 наш диск full: /var/lib (id=9f86d0) \t {}\n" * 3
    subject.script(Say(usage={"prompt_tokens": 60, "completion_tokens": 1}))
    asked = request(text, max_tokens=1)
    attempt = subject.endpoint.send(asked, with_schema=False)
    counted = subject.endpoint.count(asked.system) + subject.endpoint.count(text)
    assert attempt.prompt_tokens is not None
    assert counted + 128 >= attempt.prompt_tokens
    assert subject.endpoint.count("") <= subject.endpoint.count(text)


def test_closing_breaks_off_and_nothing_is_sent_afterwards(subject: Subject) -> None:
    subject.script(Hang())
    asked = request("Count from one to ten thousand.", schema=None, max_tokens=LONG)
    with ThreadPoolExecutor() as pool:
        under_way = pool.submit(subject.endpoint.send, asked, with_schema=False)
        subject.wait_until_it_works_on(LONG)
        subject.endpoint.close()
        assert under_way.result(PATIENCE_SECONDS).outcome == "cancelled"
    with pytest.raises(Cancelled):
        subject.endpoint.send(asked, with_schema=False)


def test_a_preview_counts_and_describes_itself_alike(subject: Subject) -> None:
    found = find(subject.url, timeout_seconds=PATIENCE_SECONDS)
    counter = TokenCounter.of_server(found.wire(), found.info.model)
    previewing: ChatEndpoint = PreviewingEndpoint(found, counter)
    assert previewing.info == subject.endpoint.info
    text = "ERROR disk full on /dev/sda1 (93%)"
    assert previewing.count(text) == subject.endpoint.count(text)
    assert previewing.send(request(), with_schema=True).outcome == "ok"
