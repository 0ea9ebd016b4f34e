"""Chat requests through the OpenAI SDK: one HTTP request each, and none in a preview."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import httpx2
import openai

from cyberbrain_cli.adapters.llm_answers import read_answer, read_refusal
from cyberbrain_cli.adapters.llm_discovery import Discovery
from cyberbrain_cli.adapters.llm_wire import (
    WireAnswer,
    WireClosed,
    WireError,
    WireNotSent,
    WireTimeout,
    WireTooLarge,
    WireUnreachable,
)
from cyberbrain_cli.adapters.schema_sample import smallest
from cyberbrain_cli.adapters.token_counter import TokenCounter, tokenize
from cyberbrain_cli.core.errors import Cancelled
from cyberbrain_cli.core.ports import Attempt, ChatReply, ChatRequest, ModelInfo

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam
    from openai.types.shared_params import ResponseFormatJSONSchema

_OK = 200
_LOGGERS = ("openai", "httpx2", "httpcore2", "httpx", "httpcore")


def _silence() -> None:
    """Neither the SDK nor its HTTP library may log: their messages quote requests and answers."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False


class _Transport(httpx2.BaseTransport):
    """Hands what the SDK made to a function: method and headers are not the SDK's to choose."""

    def __init__(self, deliver: Callable[[str, bytes], WireAnswer]) -> None:
        self._deliver = deliver

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Deliver the body. Redirects and compressed answers end here, unread."""
        answer = self._deliver(request.url.path, request.read())
        if "content-encoding" in answer.headers:
            raise WireError("CompressedAnswer")
        return httpx2.Response(
            answer.status,
            headers={"content-type": "application/json"},
            content=answer.body,
            extensions={"answer": answer},
        )


class _Chat:
    """The one path from a request to the bytes of its body."""

    def __init__(
        self,
        discovery: Discovery,
        counter: TokenCounter,
        deliver: Callable[[str, bytes], WireAnswer],
    ) -> None:
        _silence()
        self._info = discovery.info
        self._counter = counter
        self._client = openai.OpenAI(
            # The wire sends what is configured; from the environment nothing is taken.
            api_key="unused",
            admin_api_key="unused",
            base_url=f"http://endpoint{discovery.address.base_path}",
            max_retries=0,
            http_client=httpx2.Client(
                transport=_Transport(deliver), trust_env=False, follow_redirects=False
            ),
        )

    @property
    def info(self) -> ModelInfo:
        """The endpoint and its model."""
        return self._info

    def count(self, text: str) -> int:
        """How many tokens `text` is, rather too many than too few. Sends nothing."""
        return self._counter.count(text)

    def _post(self, request: ChatRequest, *, with_schema: bool) -> WireAnswer:
        messages: list[ChatCompletionMessageParam] = [
            {"role": "system", "content": _encodable(request.system)},
            {"role": "user", "content": _encodable(request.user)},
        ]
        schema = request.schema if with_schema else None
        response = self._client.chat.completions.with_raw_response.create(
            model=self._info.model,
            messages=messages,
            max_tokens=request.max_tokens,
            temperature=0,
            stream=False,
            response_format=openai.omit if schema is None else _response_format(dict(schema)),
        )
        return _answer(response.http_response)


class OpenAIEndpoint(_Chat):
    """Asks the server. Implements `core.ports.ChatEndpoint`."""

    def __init__(self, discovery: Discovery, counter: TokenCounter) -> None:
        self._wire = discovery.wire()
        super().__init__(
            discovery, counter, lambda path, body: self._wire.request("POST", path, body)
        )

    def send(self, request: ChatRequest, *, with_schema: bool) -> Attempt:
        """Ask once. Raises Cancelled only when closed before anything was sent."""
        try:
            answer = self._post(request, with_schema=with_schema)
            return read_answer(answer.status, answer.body)
        except openai.APIStatusError as error:
            answer = _answer(error.response)
            return read_refusal(answer.status, answer.headers, answer.body, datetime.now(UTC))
        except WireNotSent:
            raise Cancelled from None
        except WireError as error:
            return _attempt(error)

    def server_count(self, text: str) -> int | None:
        """The server's own count, which sends it the text; None when it does not count."""
        return tokenize(self._wire, self._info.model, _encodable(text))

    def close(self) -> None:
        """Break off whatever is under way; safe to call from another thread."""
        self._wire.close()


class PreviewingEndpoint(_Chat):
    """Sends nothing, and keeps what it would have sent. Implements `core.ports.PreviewEndpoint`.

    It answers like a model that has nothing to say, so that the asker goes on.
    """

    def __init__(self, discovery: Discovery, counter: TokenCounter) -> None:
        self._now = threading.local()
        self._lock = threading.Lock()
        self._requests: list[tuple[ChatRequest, bytes]] = []
        super().__init__(discovery, counter, self._keep)

    @property
    def requests(self) -> list[tuple[ChatRequest, bytes]]:
        """Each request with its body, byte for byte, in the order asked."""
        return self._requests

    def send(self, request: ChatRequest, *, with_schema: bool) -> Attempt:
        """Keep the request."""
        answer = self._post(request, with_schema=with_schema)
        with self._lock:
            self._requests.append((request, self._now.body))
        sample = json.dumps(smallest(request.schema)) if request.schema else ""
        reply = ChatReply(sample, "stop")
        return Attempt("ok", reply=reply, http_status=answer.status)

    def close(self) -> None:
        """There is nothing to break off."""

    def _keep(self, path: str, body: bytes) -> WireAnswer:
        del path
        self._now.body = body
        return WireAnswer(_OK, {}, b"{}")


def _answer(response: Any) -> WireAnswer:
    return cast("WireAnswer", response.extensions["answer"])


def _response_format(schema: dict[str, object]) -> ResponseFormatJSONSchema:
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": True},
    }


def _encodable(text: str) -> str:
    """The text without the half characters that no encoder takes, and would quote in its error."""
    return text.encode("utf-8", "replace").decode()


def _attempt(error: WireError) -> Attempt:
    """What it amounts to that no answer came."""
    if isinstance(error, WireClosed):
        return Attempt("cancelled")
    if isinstance(error, WireTimeout):
        return Attempt("timeout", error_class=error.cause)
    if isinstance(error, WireTooLarge):
        return Attempt("bad_response", error_class=error.cause)
    sent = not isinstance(error, WireUnreachable)
    return Attempt("connection_error", error_class=error.cause, retryable=True, sent=sent)
