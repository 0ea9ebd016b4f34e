"""A guarded model in a test: its clock, its ledger, its budget."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cyberbrain_cli.core.records import LlmCall, Price
from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.core.tokens import Limit, RunBudget
from cyberbrain_cli.engine.llm_guard import GuardedLlm
from tests.adapters.asking import endpoint
from tests.stack.scripted_llm import ScriptedLlm

PRICE = Price("USD", prompt_per_million=Decimal(10), completion_per_million=Decimal(20))


class Time:
    """A clock that ticks by itself and is never waited for."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.stop: Exception | None = None
        self._ticks = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)

    def monotonic(self) -> float:
        self._ticks += 0.25
        return self._ticks

    def wait(self, seconds: float) -> None:
        if self.stop is not None:
            raise self.stop
        if seconds:
            self.waits.append(seconds)


class Room:
    """A guarded model, and all that it leaves behind."""

    def __init__(self, llm: ScriptedLlm | None, limit: Limit | None = None, **changes: Any) -> None:
        self.time = Time()
        self.calls: list[LlmCall] = []
        self.totals: list[int] = []
        self.budget = RunBudget(limit or Limit())
        values: dict[str, Any] = {
            "budget": self.budget,
            "redact": Redactor().redact,
            "record": lambda call, _: self.calls.append(call),
            "price": None,
            "clock": self.time,
            "wait": self.time.wait,
            "run_id": 4,
            "job_id": 2,
            "task": "log_triage",
            "used": self.totals.append,
            "jitter": random.Random(1),
        }
        if llm is not None:
            values["endpoint"] = endpoint(llm.url)
        self.guard = GuardedLlm(**{**values, **changes})

    def outcomes(self) -> list[tuple[int, str, int | None]]:
        return [(call.attempt, call.outcome, call.http_status) for call in self.calls]
