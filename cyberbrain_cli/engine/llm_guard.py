"""The model behind its guards: redact → budget → send → ledger, and once more where it helps."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal

from cyberbrain_cli.core.errors import Cancelled, CyberbrainError, LlmUnavailable, PromptTooLong
from cyberbrain_cli.core.ports import (
    Attempt,
    ChatEndpoint,
    ChatReply,
    ChatRequest,
    Clock,
    ModelInfo,
)
from cyberbrain_cli.core.records import LlmCall, Price
from cyberbrain_cli.core.redaction import UNREADABLE
from cyberbrain_cli.core.tokens import RunBudget, cost_of
from cyberbrain_cli.engine.llm_state import CountsExactly, LlmState, pause_seconds

TEMPLATE_TOKENS = 128
"""The most that a server's chat template adds to the texts it is given."""

CONTEXT_HINT = "Set llm.context_tokens to the context length that the server was started with."

_ANSWERED = frozenset({"ok", "cut"})


@dataclass(slots=True)
class GuardedLlm:
    """The model as one job may use it. Implements `core.ports.Llm`; safe between threads.

    `record` writes a ledger row; `wait` lets time pass and raises when the run is to stop;
    `used` is told the job's tokens so far. `state` is shared by the run's jobs. `failure` is
    the first error that `ask` raised.
    """

    endpoint: ChatEndpoint
    budget: RunBudget
    redact: Callable[[str], str]
    record: Callable[[LlmCall], None]
    price: Price | None
    clock: Clock
    wait: Callable[[float], None]
    run_id: int
    job_id: int
    task: str
    used: Callable[[int], None] = lambda _: None
    state: LlmState | None = None
    jitter: random.Random = field(default_factory=random.SystemRandom)
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
        prompt = self._prompt_tokens(request)
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
                raise self._unavailable(attempt, number)
            self.wait(pause)

    def _prompt_tokens(self, request: ChatRequest) -> int:
        """The most that the prompt is: our count, or the server's where that is more.

        Raises PromptTooLong when the server counts more than the request allows, or when its
        count leaves no room for the answer, since some servers would silently clip the prompt.
        """
        texts = (request.system, request.user)
        counted = sum(map(self.count, texts))
        exact = self._exactly(texts)
        data = self._exactly((request.data,)) if request.data else None
        if data is not None and data > request.data_tokens:
            raise PromptTooLong(
                f"The data for the model is {data} tokens by its server's count, and may be "
                f"{request.data_tokens}; it was not sent.",
                "Raise digest_tokens in the directive.",
            )
        if exact is not None and exact + request.max_tokens > self.info.context_tokens:
            raise PromptTooLong(
                f"A request of {exact} tokens, and {request.max_tokens} for the answer, do not "
                f"fit the {self.info.context_tokens} that the model at {self.info.endpoint} takes.",
                CONTEXT_HINT,
            )
        return max(counted, exact or 0) + TEMPLATE_TOKENS

    def _exactly(self, texts: tuple[str, ...]) -> int | None:
        if not isinstance(self.endpoint, CountsExactly) or self._shared().given_up:
            return None
        total = 0
        for text in texts:
            counted = self.endpoint.server_count(text)
            if counted is None:
                return None
            total += counted
        return total

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
            most = (prompt + request.max_tokens, self._worst(prompt, request.max_tokens))
            self.budget.reserve(*most)
            spent = (0, Decimal(0))
            try:
                attempt, call = self._send(request, number, with_schema=with_schema)
                spent = most if attempt.outcome == "timeout" else self._spent(attempt, call, prompt)
            finally:
                self.budget.settle(most, spent)
            state.note(attempt)
            self.record(call)
        self._tell(attempt)
        return attempt

    def _send(
        self, request: ChatRequest, number: int, *, with_schema: bool
    ) -> tuple[Attempt, LlmCall]:
        started_at, begin = self.clock.now(), self.clock.monotonic()
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

    def _spent(self, attempt: Attempt, call: LlmCall, prompt: int) -> tuple[int, Decimal]:
        """What the call counts against the budget: our own count where the server gave none."""
        if attempt.reply is None and attempt.prompt_tokens is None:
            return 0, call.cost or Decimal(0)
        asked = prompt if attempt.prompt_tokens is None else attempt.prompt_tokens
        answered = attempt.completion_tokens
        if answered is None:
            answered = self.count(attempt.reply.text) if attempt.reply else 0
        return asked + answered, call.cost if call.cost is not None else self._worst(
            asked, answered
        )

    def _worst(self, prompt: int, completion: int) -> Decimal:
        tokens = Attempt("ok", prompt_tokens=prompt, completion_tokens=completion)
        return cost_of(tokens, self.price, 0.0) or Decimal(0)

    def _tell(self, attempt: Attempt) -> None:
        with self._lock:
            self._total += (attempt.prompt_tokens or 0) + (attempt.completion_tokens or 0)
            total = self._total
        self.used(total)

    def _shared(self) -> LlmState:
        if self.state is None:
            self.state = LlmState(self.endpoint.info.max_parallel)
        return self.state

    def _unavailable(self, attempt: Attempt, attempts: int) -> LlmUnavailable:
        where = self.info.endpoint
        if attempt.error_class == "ContextOverflow":
            return LlmUnavailable(
                f"The request is longer than the model at {where} can take.",
                CONTEXT_HINT,
            )
        what = f"HTTP {attempt.http_status}" if attempt.outcome == "http_error" else attempt.outcome
        what = f"{what}, {attempt.error_class}" if attempt.error_class else what
        count = "1 attempt" if attempts == 1 else f"{attempts} attempts"
        return LlmUnavailable(
            f"The model at {where} gave no answer ({what}; {count}).",
            "See `cyberbrain doctor`, and the server's own log.",
        )
