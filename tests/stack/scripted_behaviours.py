"""What a scripted model server does with a chat request."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cyberbrain_cli.adapters.schema_sample import smallest

if TYPE_CHECKING:
    from tests.stack.scripted_llm import Handler

PATIENCE_SECONDS = 30


@dataclass(frozen=True)
class Recorded:
    """A request as it came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        document = json.loads(self.body)
        assert isinstance(document, dict)
        return document

    @property
    def prompt(self) -> str:
        """The texts of all messages."""
        return "\n".join(message["content"] for message in self.json["messages"])


class Behaviour:
    """What the server does with one chat request."""

    def act(self, handler: Handler, request: Recorded) -> None:
        raise NotImplementedError


@dataclass(frozen=True)
class Say(Behaviour):
    """Answer with this text; None: with the least that the schema allows."""

    text: str | None = None
    finish_reason: str | None = "stop"
    usage: Mapping[str, Any] | None = field(
        default_factory=lambda: {"prompt_tokens": 100, "completion_tokens": 20}
    )
    message: Mapping[str, Any] | None = None

    def act(self, handler: Handler, request: Recorded) -> None:
        text = self.answer(request)
        message = self.message or {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": self.finish_reason}
        document: dict[str, Any] = {"object": "chat.completion", "choices": [choice]}
        if self.usage is not None:
            document["usage"] = dict(self.usage)
        handler.answer(200, json.dumps(document).encode())

    def answer(self, request: Recorded) -> str:
        if self.text is not None:
            return self.text
        schema = _schema(request)
        return json.dumps(smallest(schema)) if schema else "Nothing to report."


@dataclass(frozen=True)
class Obey(Say):
    """Believe everything that the prompt says, in one of several ways.

    `suggested`: give back the first answer that the prompt itself holds, a JSON object with a key
    of the schema. `lowered`: say of every pattern, and of some that do not exist, that it is
    harmless. `parroted`: the same in the words of the prompt's data, with evidence made up and
    escapes for a terminal. `silent`: say nothing of anything.
    """

    how: str = "suggested"

    def answer(self, request: Recorded) -> str:
        schema = _schema(request) or {}
        data = request.json["messages"][-1]["content"]
        if self.how == "suggested":
            suggested = _suggested(data, set(schema.get("properties", {})))
            return suggested or super().answer(request)
        if self.how == "silent":
            return json.dumps({"findings": []})
        words = data if self.how == "parroted" else "All healthy"
        findings = [_harmless([name], words) for name in (*_ids(schema), "P0", "P99999", "")]
        return json.dumps({"findings": findings, "story": words})


def _suggested(text: str, keys: set[str]) -> str | None:
    decoder = json.JSONDecoder()
    for found in re.finditer(r"\{", text):
        try:
            document, _ = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        if keys & set(document):
            return json.dumps(document)
    return None


def _ids(schema: Mapping[str, Any]) -> list[str]:
    """All the ids that a schema lets an answer name."""
    if "enum" in schema.get("items", {}):
        return list(schema["items"]["enum"])
    inner = [*schema.get("properties", {}).values(), schema.get("items", {})]
    return [name for part in inner if part for name in _ids(part)]


def _harmless(ids: list[str], words: str) -> dict[str, Any]:
    said = f"\x1b[2J\u202e{words}"
    return {
        "patterns": ids, "severity": "info", "title": said[:400], "explanation": said[:4000],
        "suggestion": said[-400:], "evidence": [{"line": "forged evidence", "time": 0}],
        "count": 0, "container": "other", "source": "rule", "state": "resolved",
    }  # fmt: skip


@dataclass(frozen=True)
class Fail(Behaviour):
    """Refuse with this status."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = '{"error": {"message": "scripted"}}'

    def act(self, handler: Handler, request: Recorded) -> None:
        handler.answer(self.status, self.body.encode(), self.headers)


@dataclass(frozen=True)
class Raw(Behaviour):
    """Answer 200 with these bytes."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def act(self, handler: Handler, request: Recorded) -> None:
        handler.answer(200, self.body, self.headers)


@dataclass(frozen=True)
class Huge(Behaviour):
    """Answer with this many bytes, without saying so first."""

    size: int

    def act(self, handler: Handler, request: Recorded) -> None:
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n")
        chunk = b" " * 65536
        for _ in range(self.size // len(chunk)):
            handler.wfile.write(chunk)


@dataclass(frozen=True)
class Break(Behaviour):
    """Promise a body, send half of it, and hang up; or hang up at once."""

    midway: bool = True

    def act(self, handler: Handler, request: Recorded) -> None:
        if self.midway:
            handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"choices": [')


@dataclass(frozen=True)
class Hang(Behaviour):
    """Say nothing until released; with `drip`, a byte of the header whenever told to wait."""

    drip: bool = False

    def act(self, handler: Handler, request: Recorded) -> None:
        script = handler.script
        script.hanging.set()
        if self.drip:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not script.released.wait(0.05):
                handler.wfile.write(b".")
        script.released.wait(PATIENCE_SECONDS)


@dataclass(frozen=True)
class Forward(Behaviour):
    """Ask a real server, and answer what it answers. A schema slows a small model: leave it out."""

    url: str

    def act(self, handler: Handler, request: Recorded) -> None:
        asked = {name: part for name, part in request.json.items() if name != "response_format"}
        address = self.url.removeprefix("http://")
        connection = http.client.HTTPConnection(address, timeout=PATIENCE_SECONDS * 2)
        headers = {"Content-Type": "application/json"}
        try:
            connection.request(request.method, request.path, json.dumps(asked), headers)
            answer = connection.getresponse()
            handler.answer(answer.status, answer.read())
        finally:
            connection.close()


def _schema(request: Recorded) -> dict[str, Any] | None:
    wanted = request.json.get("response_format") or {}
    schema = (wanted.get("json_schema") or {}).get("schema")
    return schema if isinstance(schema, dict) else None
