"""The ledger's sums by day, and those of the ledger rows that were pruned."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - a field named `day` of type `date` reads well
from typing import Any

from sqlalchemy import BigInteger, Index
from sqlalchemy import Date as SqlDate
from sqlmodel import Field

from cyberbrain_cli.store.tables.columns import Base, words


def _day() -> Any:
    return Field(sa_type=SqlDate, primary_key=True)


def _sum() -> Any:
    return Field(0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})


def _known() -> Any:
    return Field(None, sa_type=BigInteger)


class Sums(Base):
    """Sums over ledger rows. Costs are `cost_high` millions and `cost_low` units of MONEY_UNIT.

    Cached and reasoning tokens are NULL where no call told any. A key that is '' is NULL in the
    ledger: no container, or no price.
    """

    calls: int = _sum()
    failed_calls: int = _sum()
    unknown_calls: int = _sum()
    estimated_calls: int = _sum()
    unpriced_calls: int = _sum()
    prompt_tokens: int = _sum()
    cached_tokens: int | None = _known()
    completion_tokens: int = _sum()
    reasoning_tokens: int | None = _known()
    cost_high: int = _sum()
    cost_low: int = _sum()
    duration_microseconds: int = _sum()


class ModelDayRow(Sums, table=True):
    """A day of a model: the coarse rollup, which counts every call."""

    __tablename__ = "llm_days"

    day: Date = _day()
    model: str = words(primary_key=True)
    endpoint: str = words(primary_key=True)
    outcome: str = words(primary_key=True)
    currency: str = words(primary_key=True)


class WorkDayRow(Sums, table=True):
    """A day of a model's work for one container: the fine rollup, which counts every call."""

    __tablename__ = "llm_work_days"
    __table_args__ = (Index("llm_work_days_by_directive", "directive", "day"),)

    day: Date = _day()
    model: str = words(primary_key=True)
    endpoint: str = words(primary_key=True)
    directive: str = words(primary_key=True)
    task: str = words(primary_key=True)
    container: str = words(primary_key=True)
    currency: str = words(primary_key=True)


class RetiredRow(Sums, table=True):
    """What the ledger rows of pruned runs amounted to, so that sums can still be proven."""

    __tablename__ = "llm_retired"

    day: Date = _day()
    model: str = words(primary_key=True)
    endpoint: str = words(primary_key=True)
    directive: str = words(primary_key=True)
    task: str = words(primary_key=True)
    container: str = words(primary_key=True)
    outcome: str = words(primary_key=True)
    currency: str = words(primary_key=True)
