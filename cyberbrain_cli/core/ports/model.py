"""The model: raw, and as a worker may use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from cyberbrain_cli.core.records import (
    Price,
)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model behind an endpoint, as the server describes it.

    `timeout_seconds` is the longest that a call may take, 0 where nobody waits.
    """

    endpoint: str
    model: str
    context_tokens: int
    is_private: bool
    max_parallel: int = 1
    timeout_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One question to the model. Its text is never printed by accident.

    `data` is the part of `user` that has a budget of its own: it may be `data_tokens` by the
    server's count, where the server counts.
    """

    purpose: str
    container: str | None
    system: str = field(repr=False)
    user: str = field(repr=False)
    schema: Mapping[str, Any] | None = field(repr=False)
    max_tokens: int
    data: str = field(default="", repr=False)
    data_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ChatReply:
    """The model's answer. `finish_reason` is the server's; `length` means it was cut."""

    text: str = field(repr=False)
    finish_reason: str | None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one HTTP request to the model.

    Token counts are the server's, None where it gave none. `retry_after_seconds` is what the
    server asked for; `retryable` is whether another attempt may help; `schema_rejected` says
    that the endpoint refused the JSON schema itself. `sent` is false when the server cannot have
    seen the request.
    """

    outcome: str
    reply: ChatReply | None = None
    http_status: int | None = None
    error_class: str | None = None
    retryable: bool = False
    retry_after_seconds: float | None = None
    schema_rejected: bool = False
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    sent: bool = True


class ChatEndpoint(Protocol):
    """An OpenAI-compatible endpoint, one HTTP request at a time and no retries of its own."""

    @property
    def info(self) -> ModelInfo:
        """The endpoint and its model."""
        ...

    def count(self, text: str) -> int:
        """How many tokens `text` is: an estimate on the safe side, for which nothing is sent."""
        ...

    def send(self, request: ChatRequest, *, with_schema: bool) -> Attempt:
        """Ask once. Never raises for what a server or network can do; raises Cancelled."""
        ...

    def close(self) -> None:
        """Break off whatever is under way; safe to call from another thread."""
        ...


class PreviewEndpoint(ChatEndpoint, Protocol):
    """An endpoint that sends nothing and keeps what it would have sent."""

    @property
    def requests(self) -> Sequence[tuple[ChatRequest, bytes]]:
        """Each request with its body, byte for byte, in the order asked."""
        ...


class Models(Protocol):
    """The configured endpoints."""

    def discover(self, endpoint: str | None, model: str | None) -> ModelInfo:
        """Ask a named endpoint (None: the default one) for its model.

        Raises LlmUnavailable when none answers, PolicyRefused when it may not be used.
        """
        ...

    def open(self, info: ModelInfo) -> ChatEndpoint:
        """A connection of one job to the endpoint."""
        ...

    def preview(self, info: ModelInfo) -> PreviewEndpoint:
        """The same, sending nothing."""
        ...

    def price(self, info: ModelInfo) -> Price | None:
        """The price in force now; None when unpriced."""
        ...


class Llm(Protocol):
    """The model as a worker may use it: within budget, redacted, recorded."""

    @property
    def info(self) -> ModelInfo:
        """The endpoint and its model."""
        ...

    def count(self, text: str) -> int:
        """How many tokens `text` is: an estimate on the safe side, for which nothing is sent."""
        ...

    def ask(self, request: ChatRequest) -> ChatReply:
        """The model's answer. Raises LlmUnavailable, BudgetSpent or Cancelled."""
        ...
