"""What the tests of the model adapters ask with."""

from __future__ import annotations

from typing import Any

from cyberbrain_cli.adapters.llm_discovery import Discovery, Wanted, discover
from cyberbrain_cli.adapters.openai_llm import OpenAIEndpoint, PreviewingEndpoint
from cyberbrain_cli.adapters.token_counter import TokenCounter
from cyberbrain_cli.core.ports import ChatRequest

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "verdict": {"enum": ["healthy", "broken"]},
        "findings": {
            "type": "array",
            "items": {"type": "string", "maxLength": 30},
            "maxItems": 2,
        },
    },
    "required": ["verdict", "findings"],
    "additionalProperties": False,
}


def request(user: str = "ERROR disk full", **changes: Any) -> ChatRequest:
    values: dict[str, Any] = {
        "purpose": "analyse",
        "container": "shop-db",
        "system": "You read logs.",
        "user": user,
        "schema": SCHEMA,
        "max_tokens": 200,
    }
    return ChatRequest(**{**values, **changes})


def find(url: str, **changes: Any) -> Discovery:
    return discover(Wanted(endpoint=url, **{"timeout_seconds": 20, **changes}))


def endpoint(url: str, **changes: Any) -> OpenAIEndpoint:
    return OpenAIEndpoint(find(url, **changes), TokenCounter())


def preview(url: str, **changes: Any) -> PreviewingEndpoint:
    return PreviewingEndpoint(find(url, **changes), TokenCounter())
