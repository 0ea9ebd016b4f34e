"""Tokens and money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer

Amount = Annotated[Decimal, PlainSerializer("{:f}".format, return_type=str, when_used="json")]
"""Money; in JSON a string of digits, however small it is, and never 1E-7."""


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Sums over ledger rows. `unknown_calls` rows had no usage and are in none of the sums."""

    prompt: int = 0
    completion: int = 0
    total: int = 0
    estimated: bool = False
    unknown_calls: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """Money spent. `amount` is None when no call had a price; calls without one are counted."""

    amount: Amount | None = None
    currency: str | None = None
    unpriced_calls: int = 0


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, per million tokens and per second of the call's duration."""

    currency: str
    prompt_per_million: Decimal | None = None
    cached_prompt_per_million: Decimal | None = None
    completion_per_million: Decimal | None = None
    per_gpu_second: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LlmCall:
    """One HTTP request to the model, as the ledger keeps it. Never its content.

    `outcome` is `ok`, `cut` (the answer reached its limit), `http_error`, `timeout`,
    `connection_error`, `cancelled` or `bad_response`. Tokens are None when the server did not
    say; `estimated` marks counts that are ours. Prices are those at the time of the call, per
    million tokens or per second of duration; None means unpriced.
    """

    run_id: int
    job_id: int
    task: str
    container: str | None
    purpose: str
    endpoint: str
    model: str
    attempt: int
    started_at: datetime
    duration_seconds: float
    outcome: str
    http_status: int | None = None
    error_class: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    cached_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False
    price: Price | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class PeriodLimit:
    """The most that all runs may use in a calendar day or month of UTC; None means no limit.

    `period` is `day` or `month`. With a `directive` it is about the runs of that one alone.
    """

    period: str
    directive: str | None = None
    tokens: int | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Reservation:
    """The most that a call can use, set aside before it is sent. `at` is the call's start.

    `currency` is that of the price in force, None for a call without one.
    """

    run_id: int
    directive: str
    at: datetime
    tokens: int
    amount: Decimal
    currency: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """A reservation by its id, and what its call counts against limits, as far as one can tell."""

    id: int
    tokens: int = 0
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class CostRow:
    """Tokens and money of one group of calls; `keys` names the group, in the order asked.

    Cached tokens are among the prompt's, reasoning tokens among the answer's; None where no
    server told any. `duration_seconds` is that of all calls, one after the other. `previous` is
    the same group in an earlier time, where it was asked for and was there.
    """

    keys: dict[str, str | None]
    calls: int
    failed_calls: int
    tokens: TokenCount
    cost: Cost
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
    duration_seconds: float = 0.0
    previous: CostRow | None = None
