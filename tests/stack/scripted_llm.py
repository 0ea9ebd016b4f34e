"""An OpenAI-compatible server that does what a good one will not do on request.

    with ScriptedLlm() as llm:
        llm.then(Fail(429, {"Retry-After": "2"}), Say('{"findings": []}'))

Each chat request takes the next behaviour; when none is left, `otherwise`. Every request is kept.
`python -m tests.stack.scripted_llm --port 8080` serves until it is stopped.
"""

from __future__ import annotations

import argparse
import json
import re
import threading
from collections import deque
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

from tests.stack.scripted_behaviours import (
    PATIENCE_SECONDS,
    Behaviour,
    Break,
    Fail,
    Forward,
    Hang,
    Huge,
    Obey,
    Raw,
    Recorded,
    Say,
)

__all__ = [
    "Behaviour", "Break", "Fail", "Forward", "Hang", "Huge", "Obey", "Raw", "Recorded", "Say",
    "ScriptedLlm",
]  # fmt: skip

CHAT = "/v1/chat/completions"


class ScriptedLlm:
    """The server. `owner` makes it look like llama.cpp (`llamacpp`), vLLM or Ollama."""

    def __init__(
        self,
        *,
        otherwise: Behaviour | None = None,
        model: str = "scripted",
        owner: str = "llamacpp",
        context_tokens: int = 8192,
        tokenizes: bool = True,
        port: int = 0,
    ) -> None:
        self.otherwise = otherwise or Say()
        self.model, self.owner = model, owner
        self.context_tokens, self.tokenizes = context_tokens, tokenizes
        self.requests: list[Recorded] = []
        self.hanging, self.released = threading.Event(), threading.Event()
        self._queue: deque[Behaviour] = deque()
        self._news = threading.Condition()
        handler = type("_Handler", (Handler,), {"script": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def chats(self) -> list[Recorded]:
        """The chat requests so far."""
        return [request for request in self.requests if request.path == CHAT]

    def then(self, *behaviours: Behaviour) -> Self:
        """Queue what the next chat requests get."""
        self._queue.extend(behaviours)
        return self

    def wait_for_chats(self, count: int) -> None:
        """Return as soon as so many chat requests have come in."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.chats) >= count, PATIENCE_SECONDS)

    def release(self) -> None:
        """Let those that hang go."""
        self.released.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
        self._server.shutdown()
        self._server.server_close()

    def take(self, request: Recorded) -> Behaviour:
        """Keep the request; what it gets."""
        with self._news:
            self.requests.append(request)
            self._news.notify_all()
            if request.path == CHAT and request.method == "POST":
                return self._queue.popleft() if self._queue else self.otherwise
        return Raw(json.dumps(self._page(request)).encode()) if self._has(request) else Fail(404)

    def _has(self, request: Recorded) -> bool:
        if request.path == "/tokenize":
            return self.tokenizes
        if request.path == "/props":
            return self.owner == "llamacpp"
        if request.path == "/api/ps":
            return self.owner == "library"
        return request.path == "/v1/models"

    def _page(self, request: Recorded) -> dict[str, Any]:
        if request.path == "/tokenize":
            text = json.loads(request.body)["content"]
            return {"tokens": list(range(len(re.findall(r"\d|[^\W\d]{1,4}|\s+|\W", text))))}
        if request.path == "/props":
            return {"default_generation_settings": {"n_ctx": self.context_tokens}}
        if request.path == "/api/ps":
            return {"models": [{"name": self.model, "context_length": self.context_tokens}]}
        entry: dict[str, Any] = {"id": self.model, "object": "model", "owned_by": self.owner}
        if self.owner == "vllm":
            entry["max_model_len"] = self.context_tokens
        return {"object": "list", "data": [entry]}


class Handler(BaseHTTPRequestHandler):
    """Records each request and does what the script says."""

    script: ClassVar[ScriptedLlm]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Recorded(self.command, self.path, dict(self.headers.items()), body)
        self.close_connection = True
        try:
            self.script.take(request).act(self, request)
        except OSError:
            return


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="A scripted OpenAI-compatible server.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--model", default="scripted")
    parser.add_argument("--obey", action="store_true", help="believe whatever the prompt says")
    parser.add_argument("--fail", type=int, metavar="STATUS", help="refuse every chat request")
    asked = parser.parse_args()
    behaviour = Fail(asked.fail) if asked.fail else Obey() if asked.obey else Say()
    with ScriptedLlm(port=asked.port, model=asked.model, otherwise=behaviour) as llm:
        print(llm.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
