"""No container and no run takes more tokens than it may, by the server's own count."""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
from typing import Any

import pytest

from cyberbrain_cli.adapters.openai_llm import OpenAIEndpoint
from cyberbrain_cli.adapters.token_counter import TokenCounter
from cyberbrain_cli.core.ports import ChatReply, ChatRequest, Llm, ModelInfo
from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.core.tokens import Limit
from cyberbrain_cli.engine.llm_size import TEMPLATE_TOKENS
from cyberbrain_cli.logs import story
from cyberbrain_cli.logs.question import SYSTEM, framed
from cyberbrain_cli.testing import FakeHost, ScriptedLlm, WorkerRun, log_lines, run_worker
from cyberbrain_cli.workers.log_triage import WORKER
from tests.adapters.asking import find
from tests.core.planted import READABLE
from tests.engine.llm_room import Room
from tests.stack.scripted_llm import Recorded
from tests.stack.scripted_llm import ScriptedLlm as Server

PATIENCE_SECONDS = 300
_WORDS = re.findall(
    r"\w+",
    "lock queue ledger stream cursor worker shard replica volume token index mirror cache frame"
    " socket thread batch backup tunnel quota filter parser header invoice session cluster",
)
_RANDOM = random.Random(7)
SENTENCES = [" ".join(_RANDOM.sample(_WORDS, 7)) for _ in range(150)]
"""So different from each other that none is merged with another."""
WORDS = "\n".join(f"ERROR {sentence}" for sentence in SENTENCES)
LOGS = {
    "numbers": "\n".join(
        f"ERROR {text} 3f4e8c1b9a7d{number} 10.0.{number}.1 f81d4fae-7dec-11d0-a765-{number:012d}"
        for number, text in enumerate(SENTENCES)
    ),
    "mixed": "\n".join(
        f"ERROR {text} наш диск 接続 🔥 {'=' * 40} {line}"
        for text, line in zip(SENTENCES, itertools.cycle(READABLE))
    ),
}


class Asked:
    """Passes everything on, and keeps what was asked."""

    def __init__(self, llm: Llm) -> None:
        self._llm = llm
        self.requests: list[ChatRequest] = []

    @property
    def info(self) -> ModelInfo:
        return self._llm.info

    def count(self, text: str) -> int:
        return self._llm.count(text)

    def ask(self, request: ChatRequest) -> ChatReply:
        self.requests.append(request)
        return self._llm.ask(request)


def host(**logs: str) -> FakeHost:
    made = FakeHost()
    for name, text in logs.items():
        made.add(name, log_lines(text))
    return made


def triage(llm: Llm, logs: dict[str, str], **options: Any) -> WorkerRun:
    return run_worker(WORKER, host(**logs), options, llm=llm, redact=Redactor().redact)


def test_each_digest_keeps_to_its_budget_by_the_real_servers_count(llm_url: str) -> None:
    found = find(llm_url, timeout_seconds=PATIENCE_SECONDS)
    counter = TokenCounter.of_server(found.wire(), found.info.model)

    def exactly(*texts: str) -> int:
        counts = [counter.server_count(text) for text in texts]
        assert all(count is not None for count in counts)
        return sum(count or 0 for count in counts)

    room = Room(None, endpoint=OpenAIEndpoint(found, counter))
    asked = Asked(room.guard)
    run = triage(asked, LOGS, digest_tokens=260, answer_tokens=64)
    frames = {"triage": (SYSTEM, framed("")), "story": (story.SYSTEM, framed("", story.RULES))}
    assert sorted(item.container or "" for item in asked.requests) == ["", *sorted(LOGS)]
    for request in asked.requests:
        assert request.data in request.user
        assert exactly(request.data) <= 260
        assert exactly(request.data) > 130, "the budget is used"
        (call,) = [call for call in room.calls if call.container == request.container]
        fixed = exactly(*frames[request.purpose])
        assert call.prompt_tokens is not None
        assert call.prompt_tokens <= 260 + fixed + TEMPLATE_TOKENS
        assert call.completion_tokens is not None
        assert call.completion_tokens <= 64
        assert "left out for lack of room" in request.user
    for name in LOGS:
        assert any(f"{name}: " in note and "did not fit" in note for note in notes(run))


def notes(run: WorkerRun) -> list[str]:
    found: list[str] = run.documents["analysis.json"]["notes"]
    assert set(found) <= set(run.reports["report.md"].notes)
    return found


def test_a_run_keeps_to_its_budget_by_the_real_servers_count(llm_url: str) -> None:
    found = find(llm_url, timeout_seconds=PATIENCE_SECONDS)
    counter = TokenCounter.of_server(found.wire(), found.info.model)
    budget = 1200
    room = Room(None, Limit(tokens=budget), endpoint=OpenAIEndpoint(found, counter))
    logs = dict.fromkeys("abc", WORDS)
    run = triage(room.guard, logs, digest_tokens=200, answer_tokens=64)
    used = sum((call.prompt_tokens or 0) + (call.completion_tokens or 0) for call in room.calls)
    assert 0 < used <= budget
    assert 1 <= len(room.calls) < 4
    spent = [reason for reason in run.outcome.degraded if "token budget is spent" in reason]
    assert spent
    assert all("Judged by rules alone: " in reason for reason in spent)
    assert {item.container for item in run.outcome.findings} == set("abc")


class Miser(Server):
    """A server that turns out to count far more than its samples made believe."""

    def _page(self, request: Recorded) -> dict[str, Any]:
        page = super()._page(request)
        if request.path == "/tokenize" and b"zebra" in request.body:
            page["tokens"] = list(range(len(json.loads(request.body)["content"])))
        return page


def test_what_the_server_counts_above_the_budget_is_not_sent() -> None:
    with Miser() as server:
        found = find(server.url)
        counter = TokenCounter.of_server(found.wire(), found.info.model)
        room = Room(server, endpoint=OpenAIEndpoint(found, counter))
        logs = dict.fromkeys("abc", WORDS.replace("ERROR", "ERROR zebra"))
        run = triage(room.guard, {**logs, "d": WORDS}, story=False)
    assert [re.search("zebra", chat.prompt) for chat in server.chats] == [None]
    assert len(run.outcome.degraded) == 1
    assert "by its server's count" in run.outcome.degraded[0]
    assert run.outcome.degraded[0].endswith("Judged by rules alone: a, b, c.")


@pytest.mark.parametrize("parallel", [1, 3])
def test_so_many_are_asked_side_by_side_as_the_model_takes(parallel: int) -> None:
    together, lock = threading.Barrier(parallel), threading.Lock()
    under_way, most = 0, 0

    def answer(request: ChatRequest) -> str:
        nonlocal under_way, most
        if request.purpose == "story":
            return "{}"
        with lock:
            under_way += 1
            most = max(most, under_way)
        together.wait(PATIENCE_SECONDS)
        with lock:
            under_way -= 1
        return '{"findings": []}'

    llm = ScriptedLlm(answer, max_parallel=parallel)
    logs = {f"c{number}": "ERROR broke" for number in range(6)}
    quiet = {f"q{number}": "INFO fine" for number in range(6)}
    run_worker(WORKER, host(**logs, **quiet), llm=llm, max_parallel=12)
    assert most == parallel
    asked = sorted(item.container for item in llm.requests if item.container is not None)
    assert asked == sorted(logs)
