"""What calls may use at most while they are under way."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812 - a field named `day` of type `date` reads well
from decimal import Decimal

from sqlalchemy import Date as SqlDate
from sqlalchemy import Index
from sqlmodel import Field

from cyberbrain_cli.store.tables.columns import Base, flag, money, number, row_id, words


class ReservationRow(Base, table=True):
    """What a call may use at most; once `settled`, what it may have used and no ledger row says.

    The run is none of its owners: what was used stays used when the run's records are pruned.
    """

    __tablename__ = "llm_reservations"
    __table_args__ = (Index("llm_reservations_by_run", "run_id"),)

    id: int | None = row_id()
    run_id: int = number()
    directive: str = words()
    day: Date = Field(sa_type=SqlDate)
    tokens: int = number()
    amount: Decimal | None = money()
    currency: str = words()
    settled: bool = flag()
