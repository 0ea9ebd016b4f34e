"""The model behind its guards: redact → budget → send → ledger, and once more where it helps."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from cyberbrain_cli.core.errors import BudgetSpent, Cancelled, CyberbrainError, LlmUnavailable
from cyberbrain_cli.core.ports import (
    Attempt,
    ChatEndpoint,
    ChatReply,
    ChatRequest,
    Clock,
    ModelInfo,
)
from cyberbrain_cli.core.records import Held, LlmCall, Price
from cyberbrain_cli.core.redaction import UNREADABLE
from cyberbrain_cli.core.tokens import RunBudget, cost_of
from cyberbrain_cli.engine.budgets import Claim, PeriodBudgets, Spent
from cyberbrain_cli.engine.llm_size import prompt_tokens
from cyberbrain_cli.engine.llm_state import LlmState, pause_seconds, unavailable

_ANSWERED = frozenset({"ok", "cut"})
_GATEWAY_TIMEOUTS = frozenset({504, 524})
"""What a proxy says in place of a server that may have worked on the request to its end."""


@dataclass(slots=True)
class GuardedLlm:
    """The model as one job may use it. Implements `core.ports.Llm`; safe between threads.

    `record` writes a ledger row and frees what was set aside for it; `wait` lets time pass and
    raises when the run is to stop; `used` is told the job's tokens so far. `state` is shared by
    the run's jobs. `periods` is there where a day or month has a limit. `spent` is the first
    BudgetSpent that `ask` raised, `failure` the first error of another kind.
    """

    endpoint: ChatEndpoint
    budget: RunBudget
    redact: Callable[[str], str]
    record: Callable[[LlmCall, Held | None], None]
    price: Price | None
    clock: Clock
    wait: Callable[[float], None]
    run_id: int
    job_id: int
    task: str
    used: Callable[[int], None] = lambda _: None
    state: LlmState | None = None
    periods: PeriodBudgets | None = None
    jitter: random.Random = field(default_factory=random.SystemRandom)
    spent: BudgetSpent | None = None
    failure: CyberbrainError | None = None
    _total: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        if self.state is None:
            self.state = LlmState(self.endpoint.info.max_parallel)

    @property
    def info(self) -> ModelInfo:
        """The endpoint and its model."""
        return self.endpoint.info

    def count(self, text: str) -> int:
        """How many tokens `text` is: an estimate on the safe side, for which nothing is sent."""
        return self.endpoint.count(text)

    def close(self) -> None:
        """End the job's use of the endpoint."""
        self.endpoint.close()

    def ask(self, request: ChatRequest) -> ChatReply:
        """The model's answer. Raises LlmUnavailable, BudgetSpent or Cancelled."""
        try:
            return self._ask(self._redacted(request))
        except BudgetSpent as error:
            with self._lock:
                self.spent = self.spent or error
            raise
        except CyberbrainError as error:
            with self._lock:
                self.failure = self.failure or error
            raise

    def _redacted(self, request: ChatRequest) -> ChatRequest:
        system, user = self.redact(request.system), self.redact(request.user)
        data = self.redact(request.data) if request.data else ""
        if UNREADABLE in (system, user, data):
            raise LlmUnavailable(
                "The text for the model could not be redacted, so it was not sent.",
                "The findings by rule stand; report this with the container's kind of log.",
            )
        return replace(request, system=system, user=user, data=data)

    def _ask(self, request: ChatRequest) -> ChatReply:
        state = self._shared()
        prompt = prompt_tokens(self.endpoint, request, asks=not state.given_up)
        number = tries = 0
        while True:
            number, tries = number + 1, tries + 1
            with_schema = request.schema is not None and state.schema_works
            attempt = self._attempt(request, number, prompt, with_schema=with_schema)
            if attempt.reply is not None and attempt.outcome in _ANSWERED:
                return attempt.reply
            if attempt.outcome == "cancelled":
                self.wait(0)
                raise Cancelled
            if attempt.schema_rejected and with_schema:
                state.schema_works = False
                tries -= 1
                continue
            pause = pause_seconds(tries, attempt, self.jitter)
            if pause is None:
                raise unavailable(self.info.endpoint, attempt, number)
            self.wait(pause)

    def _attempt(
        self, request: ChatRequest, number: int, prompt: int, *, with_schema: bool
    ) -> Attempt:
        """One request: within budget, in turn, and in the ledger whatever becomes of it."""
        state = self._shared()
        with state.slot(lambda: self.wait(0)):
            if state.given_up:
                raise LlmUnavailable(
                    f"The model at {self.info.endpoint} failed too often in this run; "
                    "it is not asked again.",
                    "See `cyberbrain doctor`.",
                )
            most = Spent(
                prompt + request.max_tokens,
                self._price(prompt, request.max_tokens, self.info.timeout_seconds + 1),
            )
            started_at = self.clock.now()
            with self._room(started_at, most) as claim:
                attempt, call = self._send(request, number, started_at, with_schema=with_schema)
                claim.spent = self._spent(attempt, call, prompt, most)
                state.note(attempt)
                self._record(call, claim)
        self._tell(attempt)
        return attempt

    @contextmanager
    def _room(self, at: datetime, most: Spent) -> Iterator[Claim]:
        """Room for a call in every budget; what it does not use is given back."""
        self.budget.reserve(*most)
        claim = Claim(Spent(0, Decimal(0)))
        try:
            if self.periods is not None:
                claim.held = self.periods.reserve(at, most, self.price)
            yield claim
        finally:
            self.budget.settle(most, claim.spent)
            if self.periods is not None and claim.held is not None:
                with suppress(CyberbrainError):  # then it counts until the period is over
                    self.periods.release(claim.held)

    def _record(self, call: LlmCall, claim: Claim) -> None:
        held, claim.held = claim.held, None
        self.record(call, Held(held.id, *claim.spent) if held is not None else None)

    def _send(
        self, request: ChatRequest, number: int, started_at: datetime, *, with_schema: bool
    ) -> tuple[Attempt, LlmCall]:
        begin = self.clock.monotonic()
        try:
            attempt = self.endpoint.send(request, with_schema=with_schema)
        except Cancelled:
            self.wait(0)
            raise
        seconds = max(0.0, self.clock.monotonic() - begin)
        return attempt, LlmCall(
            run_id=self.run_id,
            job_id=self.job_id,
            task=self.task,
            container=request.container,
            purpose=request.purpose,
            endpoint=self.info.endpoint,
            model=self.info.model,
            attempt=number,
            started_at=started_at,
            duration_seconds=seconds,
            outcome=attempt.outcome,
            http_status=attempt.http_status,
            error_class=attempt.error_class,
            finish_reason=attempt.reply.finish_reason if attempt.reply else None,
            prompt_tokens=attempt.prompt_tokens,
            cached_tokens=attempt.cached_tokens,
            completion_tokens=attempt.completion_tokens,
            reasoning_tokens=attempt.reasoning_tokens,
            price=self.price,
            cost=cost_of(attempt, self.price, seconds),
        )

    def _spent(self, attempt: Attempt, call: LlmCall, prompt: int, most: Spent) -> Spent:
        """What the call counts against the budget: our own count where the server gave none.

        A request that went out and was never answered may have been worked on to its end.
        """
        if attempt.reply is None and attempt.prompt_tokens is None:
            refused = attempt.outcome == "http_error"
            if attempt.sent and (not refused or attempt.http_status in _GATEWAY_TIMEOUTS):
                return most
            return Spent(0, call.cost or Decimal(0))
        asked = prompt if attempt.prompt_tokens is None else attempt.prompt_tokens
        answered = attempt.completion_tokens
        if answered is None:
            answered = self.count(attempt.reply.text) if attempt.reply else 0
        if call.cost is not None:
            return Spent(asked + answered, call.cost)
        return Spent(asked + answered, self._price(asked, answered, call.duration_seconds))

    def _price(self, prompt: int, completion: int, seconds: float) -> Decimal:
        tokens = Attempt("ok", prompt_tokens=prompt, completion_tokens=completion)
        return cost_of(tokens, self.price, seconds) or Decimal(0)

    def _tell(self, attempt: Attempt) -> None:
        with self._lock:
            self._total += (attempt.prompt_tokens or 0) + (attempt.completion_tokens or 0)
            total = self._total
        self.used(total)

    def _shared(self) -> LlmState:
        if self.state is None:
            self.state = LlmState(self.endpoint.info.max_parallel)
        return self.state
