"""What a server's answer to a chat request means. Whatever it holds is hostile input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cyberbrain_cli.core.ports import Attempt, ChatReply

_RETRYABLE = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
_FINAL_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
_SCHEMA_WORDS = ("response_format", "json_schema", "schema", "grammar", "guided", "structured")
_CONTEXT_WORDS = ("context length", "context size", "context window", "context_length",
                  "exceed_context", "maximum context", "n_ctx", "too many tokens",
                  "prompt is too long", "max_model_len")  # fmt: skip
_LONGEST_REASON = 40
_MOST_TOKENS = 10**9


def read_answer(status: int, body: bytes) -> Attempt:
    """The attempt that an answer with a good status amounts to."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        return Attempt("bad_response", http_status=status, error_class=type(error).__name__)
    choice = _first(_at(document, "choices"))
    message = _at(choice, "message")
    if not isinstance(message, dict):
        return _with_usage(
            Attempt("bad_response", http_status=status, error_class="NoMessage", retryable=True),
            document,
        )
    reason = _at(choice, "finish_reason")
    reason = reason[:_LONGEST_REASON] if isinstance(reason, str) and reason.isprintable() else None
    reply = ChatReply(_text(message), reason)
    outcome = "cut" if reason == "length" else "ok"
    return _with_usage(Attempt(outcome, reply=reply, http_status=status), document)


def _text(message: Mapping[str, Any]) -> str:
    """The answer; some servers leave all of it among the reasoning."""
    for key in ("content", "reasoning_content", "reasoning"):
        text = _joined(message.get(key))
        if text.strip():
            return text
    return ""


def _joined(content: object) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    parts = (_at(part, "text") for part in content)
    return "".join(part for part in parts if isinstance(part, str))


def _with_usage(attempt: Attempt, document: object) -> Attempt:
    usage = _at(document, "usage")
    prompt = _tokens(_at(usage, "prompt_tokens"))
    completion = _tokens(_at(usage, "completion_tokens"))
    cached = _tokens(_at(_at(usage, "prompt_tokens_details"), "cached_tokens"))
    reasoning = _tokens(_at(_at(usage, "completion_tokens_details"), "reasoning_tokens"))
    return replace(
        attempt,
        prompt_tokens=prompt,
        cached_tokens=_within(cached, prompt),
        completion_tokens=completion,
        reasoning_tokens=_within(reasoning, completion),
    )


def _within(part: int | None, whole: int | None) -> int | None:
    """A part that is more than its whole is no figure."""
    return part if (part or 0) <= (whole or 0) else None


def read_refusal(status: int, headers: Mapping[str, str], body: bytes, now: datetime) -> Attempt:
    """The attempt that an answer other than 200 amounts to."""
    text = body[:65536].decode(errors="replace").lower()
    too_long = status in {400, 413, 422, 500} and any(word in text for word in _CONTEXT_WORDS)
    schema = status in {400, 404, 415, 422, 500, 501} and not too_long
    schema = schema and any(word in text for word in _SCHEMA_WORDS)
    final = too_long or schema or any(code in text for code in _FINAL_CODES)
    return Attempt(
        "http_error",
        http_status=status,
        error_class="ContextOverflow" if too_long else "SchemaRejected" if schema else None,
        retryable=status in _RETRYABLE and not final,
        retry_after_seconds=_retry_after(headers, now),
        schema_rejected=schema,
    )


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, from seconds, milliseconds or a date."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    seconds = _number(value)
    if seconds is not None or not value:
        return seconds
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _number(value: str | None) -> float | None:
    text = (value or "").strip()
    plain = text.replace(".", "", 1)
    return float(text) if plain.isascii() and plain.isdecimal() and len(plain) < 16 else None


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else None


def _at(value: object, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _tokens(value: object) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= _MOST_TOKENS else None  # type: ignore[operator,return-value]
