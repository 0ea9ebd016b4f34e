"""What a scripted model server does with a chat request."""

from __future__ import annotations

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
    """Believe everything: give back the first answer that the prompt itself suggests.

    That is a JSON object with a key of the schema; where there is none, all is said to be well.
    """

    def answer(self, request: Recorded) -> str:
        wanted = set((_schema(request) or {}).get("properties", {}))
        text = request.json["messages"][-1]["content"]
        decoder = json.JSONDecoder()
        for found in re.finditer(r"\{", text):
            try:
                document, _ = decoder.raw_decode(text, found.start())
            except ValueError:
                continue
            if wanted & set(document):
                return json.dumps(document)
        return super().answer(request)


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


def _schema(request: Recorded) -> dict[str, Any] | None:
    wanted = request.json.get("response_format") or {}
    schema = (wanted.get("json_schema") or {}).get("schema")
    return schema if isinstance(schema, dict) else None
