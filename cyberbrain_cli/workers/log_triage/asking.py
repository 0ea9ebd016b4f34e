"""Asking the model about containers, and going on without it when it cannot answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock

from cyberbrain_cli.core.errors import (
    BudgetSpent,
    CyberbrainError,
    LlmUnavailable,
    PromptTooLong,
)
from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.ports import Llm, Window
from cyberbrain_cli.core.worker import JobContext
from cyberbrain_cli.logs.answer import read_answer
from cyberbrain_cli.logs.digest import Digest, LeftOut, make_digest
from cyberbrain_cli.logs.judge import Judgement
from cyberbrain_cli.logs.merge import merge
from cyberbrain_cli.logs.question import SYSTEM, as_data, ask_about, framed
from cyberbrain_cli.workers.log_triage.params import LogTriageParams

MOST_FAILURES = 2
"""After so many calls that failed, no more are tried in this job."""
_SPARE_TOKENS = 32
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Opinion:
    """The findings after the model was asked, or not; `shown` is what its digest left out."""

    findings: tuple[Finding, ...]
    left_out: LeftOut | None = None
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Asker:
    """Asks about one container after another, from several threads, within the job's limits."""

    ctx: JobContext
    params: LogTriageParams
    _missed: dict[str, list[str]] = field(default_factory=dict)
    _regrets: list[str] = field(default_factory=list)
    _failures: int = 0
    _spent: bool = False
    _why: str = ""
    _lock: Lock = field(default_factory=Lock)
    _slots: BoundedSemaphore = field(init=False)

    def __post_init__(self) -> None:
        parallel = self.ctx.llm.info.max_parallel if self.ctx.llm is not None else 1
        self._slots = BoundedSemaphore(max(1, parallel))

    def opinion(self, judgement: Judgement, window: Window) -> Opinion:
        """What rules and model together find. A container without findings is not asked about."""
        name, llm = judgement.container.name, self.ctx.llm
        if llm is None or not judgement.findings:
            return Opinion(judgement.findings)
        with self._slots:
            self.ctx.check()
            if self._given_up():
                self._miss(None, name)
                return Opinion(judgement.findings)
            try:
                return self._ask(llm, judgement, window)
            except (LlmUnavailable, BudgetSpent) as error:
                self._miss(error, name)
                return Opinion(judgement.findings)

    def free(self) -> Llm | None:
        """The model for one question more; None when there is none or it was given up."""
        return None if self._given_up() else self.ctx.llm

    def regret(self, error: CyberbrainError, without: str) -> None:
        """Remember what the job did without because of an error."""
        with self._lock:
            self._regrets.append(f"{error.message} {without}")

    @property
    def degraded(self) -> tuple[str, ...]:
        """What the job did without, in sentences."""
        reasons = [self.ctx.llm_absence] if self.ctx.llm is None and self.ctx.llm_absence else []
        for reason, names in self._missed.items():
            shown = ", ".join(sorted(names)[:_NAMED])
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            reasons.append(f"{reason} Judged by rules alone: {shown}{more}.")
        return (*reasons, *self._regrets)

    def _ask(self, llm: Llm, judgement: Judgement, window: Window) -> Opinion:
        redact, name = self.ctx.redact, judgement.container.name
        digest = self._digest(llm, judgement, window)
        if not digest.ids:
            self._miss(None, name, "The digest found no room in the model's context.")
            return Opinion(judgement.findings, digest.left_out)
        params = self.params
        reply = llm.ask(
            ask_about(name, digest.text, digest.ids, params.answer_tokens, params.digest_tokens)
        )
        answer = read_answer(reply, frozenset(digest.ids), redact)
        if not answer.usable:
            self._miss(None, name, f"The model's answer was of no use: {answer.notes[-1]}.")
        notes = tuple(f"{name}: {note}" for note in answer.notes)
        return Opinion(merge(judgement, answer.remarks, redact), digest.left_out, notes)

    def _digest(self, llm: Llm, judgement: Judgement, window: Window) -> Digest:
        fixed = fixed_tokens(llm, SYSTEM, framed(""))
        room = llm.info.context_tokens - fixed - self.params.answer_tokens
        return make_digest(
            judgement,
            window,
            min(self.params.digest_tokens, room),
            lambda text: llm.count(as_data(text)),
            self.ctx.redact,
        )

    def _given_up(self) -> bool:
        with self._lock:
            return self._spent or self._failures >= MOST_FAILURES

    def _miss(
        self, error: LlmUnavailable | BudgetSpent | None, name: str, reason: str | None = None
    ) -> None:
        """Remember that the model had no say about a container, and why."""
        with self._lock:
            if error is not None:
                self._failures += not isinstance(error, PromptTooLong)
                self._spent = self._spent or isinstance(error, BudgetSpent)
                self._why = reason = error.message
            self._missed.setdefault(reason or self._why, []).append(name)


def fixed_tokens(llm: Llm, system: str, frame: str) -> int:
    """What a prompt is before anything is put into its frame."""
    return llm.count(system) + llm.count(frame) + _SPARE_TOKENS
