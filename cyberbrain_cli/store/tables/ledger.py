"""The ledger of LLM calls."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import Index

from cyberbrain_cli.store.tables.columns import (
    Base,
    belongs_to,
    flag,
    moment,
    money,
    number,
    row_id,
    words,
)


class CallRow(Base, table=True):
    """The ledger: one HTTP request to the model. Counts, never content."""

    __tablename__ = "llm_calls"
    __table_args__ = (Index("llm_calls_by_time", "started_at"),)

    id: int | None = row_id()
    run_id: int = belongs_to("runs.id")
    job_id: int = belongs_to("run_jobs.id")
    task: str = words()
    container: str | None = words(null=True)
    purpose: str = words()
    endpoint: str = words()
    model: str = words()
    attempt: int
    started_at: datetime = moment()
    duration_seconds: float
    outcome: str = words()
    http_status: int | None = None
    error_class: str | None = words(null=True)
    finish_reason: str | None = words(null=True)
    prompt_tokens: int | None = number(null=True)
    cached_tokens: int | None = number(null=True)
    completion_tokens: int | None = number(null=True)
    reasoning_tokens: int | None = number(null=True)
    estimated: bool = flag()
    currency: str | None = words(null=True)
    prompt_per_million: Decimal | None = money()
    cached_prompt_per_million: Decimal | None = money()
    completion_per_million: Decimal | None = money()
    per_gpu_second: Decimal | None = money()
    cost: Decimal | None = money()
