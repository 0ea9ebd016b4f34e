"""What a run knows of its endpoint, and how long to wait before asking it again."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cyberbrain_cli.core.errors import LlmUnavailable
from cyberbrain_cli.core.ports import Attempt

MAX_ATTEMPTS = 4
GIVE_UP_AFTER = 6
LONGEST_RETRY_AFTER_SECONDS = 120.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 20.0
_SLOT_POLL_SECONDS = 0.1
_SERVER_ERROR = 500

CONTEXT_HINT = "Set llm.context_tokens to the context length that the server was started with."


class LlmState:
    """Shared by the jobs of a run: how many may ask at once, and what failed so far."""

    def __init__(self, max_parallel: int) -> None:
        self._slots = threading.BoundedSemaphore(max(1, max_parallel))
        self._lock = threading.Lock()
        self._failures = 0
        self.schema_works = True

    @contextmanager
    def slot(self, check: Callable[[], None]) -> Iterator[None]:
        """Wait for one's turn; `check` is called meanwhile and may raise."""
        while not self._slots.acquire(timeout=_SLOT_POLL_SECONDS):
            check()
        try:
            yield
        finally:
            self._slots.release()

    @property
    def given_up(self) -> bool:
        """Whether the endpoint failed so often in a row that asking again is a waste."""
        return self._failures >= GIVE_UP_AFTER

    def note(self, attempt: Attempt) -> None:
        """Count the failures in a row that are the endpoint's, not the request's."""
        down = attempt.outcome in {"connection_error", "timeout"}
        down = down or (attempt.http_status or 0) >= _SERVER_ERROR
        with self._lock:
            self._failures = self._failures + 1 if down else 0


def pause_seconds(number: int, attempt: Attempt, jitter: random.Random) -> float | None:
    """How long to wait after attempt `number`; None when no other may follow.

    The server's Retry-After is honoured, unless it asks for more than anyone would wait.
    """
    if not attempt.retryable or number >= MAX_ATTEMPTS:
        return None
    asked = attempt.retry_after_seconds or 0.0
    if asked > LONGEST_RETRY_AFTER_SECONDS:
        return None
    own = min(_FIRST_PAUSE_SECONDS * 2.0 ** (number - 1), _LONGEST_PAUSE_SECONDS)
    return max(asked, own) + own * jitter.random() / 2


def unavailable(where: str, attempt: Attempt, attempts: int) -> LlmUnavailable:
    """What to say when the model at `where` was asked so often, the last time in vain."""
    if attempt.error_class == "ContextOverflow":
        return LlmUnavailable(
            f"The request is longer than the model at {where} can take.", CONTEXT_HINT
        )
    what = f"HTTP {attempt.http_status}" if attempt.outcome == "http_error" else attempt.outcome
    what = f"{what}, {attempt.error_class}" if attempt.error_class else what
    count = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return LlmUnavailable(
        f"The model at {where} gave no answer ({what}; {count}).",
        "See `cyberbrain doctor`, and the server's own log.",
    )
