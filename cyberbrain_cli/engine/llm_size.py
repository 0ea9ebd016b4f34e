"""How large a request is, before it is sent."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from cyberbrain_cli.core.errors import PromptTooLong
from cyberbrain_cli.core.ports import ChatEndpoint, ChatRequest
from cyberbrain_cli.engine.llm_state import CONTEXT_HINT

TEMPLATE_TOKENS = 128
"""The most that a server's chat template adds to the texts it is given."""


@runtime_checkable
class CountsExactly(Protocol):
    """An endpoint whose server counts tokens; one that sends nothing is none."""

    def server_count(self, text: str) -> int | None:
        """The server's own count; None when it does not count."""
        ...


def prompt_tokens(endpoint: ChatEndpoint, request: ChatRequest, *, asks: bool) -> int:
    """The most that the prompt is: our count, or the server's where that is more.

    The server is asked only if it `asks`. Raises PromptTooLong when the server counts more than
    the request allows, or when its count leaves no room for the answer, since some servers would
    silently clip the prompt.
    """
    info = endpoint.info
    texts = (request.system, request.user)
    counted = sum(map(endpoint.count, texts))
    exact = _exactly(endpoint, texts) if asks else None
    data = _exactly(endpoint, (request.data,)) if asks and request.data else None
    if data is not None and data > request.data_tokens:
        raise PromptTooLong(
            f"The data for the model is {data} tokens by its server's count, and may be "
            f"{request.data_tokens}; it was not sent.",
            "Raise digest_tokens in the directive.",
        )
    if exact is not None and exact + request.max_tokens > info.context_tokens:
        raise PromptTooLong(
            f"A request of {exact} tokens, and {request.max_tokens} for the answer, do not "
            f"fit the {info.context_tokens} that the model at {info.endpoint} takes.",
            CONTEXT_HINT,
        )
    return max(counted, exact or 0) + TEMPLATE_TOKENS


def _exactly(endpoint: ChatEndpoint, texts: tuple[str, ...]) -> int | None:
    if not isinstance(endpoint, CountsExactly):
        return None
    total = 0
    for text in texts:
        counted = endpoint.server_count(text)
        if counted is None:
            return None
        total += counted
    return total
