"""The column types, which keep times aware, money exact and text storable, and their fields."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Integer,
    Text,
    TypeDecorator,
    false,
    text,
)
from sqlalchemy import DateTime as SqlDateTime
from sqlmodel import Field, SQLModel

from cyberbrain_cli.core.lifecycle import Status

MONEY_UNIT = Decimal(1).scaleb(-12)
"""Money is stored in integers of this unit: exact in every database, and so are its sums."""

BigId = BigInteger().with_variant(Integer, "sqlite")
_STATUSES = ", ".join(f"'{status.value}'" for status in Status)
_MOST = 2**63 - 1


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time; SQLite, which knows none, gives it back as it was put in."""

    impl = SqlDateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; they have no place here."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Whatever the driver gives back is UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """A Decimal as an integer of MONEY_UNIT, up to nine million of any currency."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """What lies below the unit is rounded half to even."""
        return None if value is None else money_units(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Back to money."""
        return None if value is None else amount(value)


def money_units(value: Decimal) -> int:
    """Money in units; what lies below one is rounded half to even."""
    return int((value / MONEY_UNIT).to_integral_value())


def amount(units: int) -> Decimal:
    """So many units of money, without trailing zeros."""
    return (units * MONEY_UNIT).normalize() + Decimal(0)


class Words(TypeDecorator[str]):
    """Text from anywhere. What PostgreSQL or UTF-8 cannot hold becomes U+FFFD in either."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """A name with a NUL or half a surrogate pair must not end a run."""
        return None if value is None else storable(value)


def storable(value: str) -> str:
    """The text, with U+FFFD for each character that a database would refuse."""
    if value.isascii():
        return value.replace("\0", "\ufffd")
    whole = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def as_json(value: Any) -> str:
    """JSON that every database can hold."""
    return storable(json.dumps(value, ensure_ascii=False))


def checks(table: str) -> tuple[CheckConstraint, CheckConstraint]:
    """What must hold for a run or job: a known status, and sums that are still exact.

    SQLite goes over to floating point where PostgreSQL would refuse.
    """
    sums = " AND ".join(f"{name} <= {_MOST}" for name in ("prompt_tokens", "completion_tokens"))
    return (
        CheckConstraint(f"status IN ({_STATUSES})", name=f"{table}_status"),
        CheckConstraint(f"{sums} AND (cost IS NULL OR cost <= {_MOST})", name=f"{table}_sums"),
    )


def row_id() -> Any:
    """The primary key that counts up."""
    return Field(default=None, sa_column=Column(BigId, primary_key=True))


def belongs_to(owner: str) -> Any:
    """The owner's id; the row goes when its owner goes."""
    reference = ForeignKey(owner, ondelete="CASCADE")
    return Field(sa_column=Column(BigId, reference, nullable=False, index=True))


def words(*, null: bool = False, primary_key: bool = False, default: str | None = None) -> Any:
    """Text; `default` is what rows had to say before there was this column."""
    return Field(
        sa_column=Column(Words, nullable=null, primary_key=primary_key, server_default=default)
    )


def moment(*, null: bool = False) -> Any:
    """An aware time."""
    return Field(sa_column=Column(UtcTime, nullable=null))


def document(empty: str) -> Any:
    """A small JSON value; `empty` is what it is until it is set."""
    return Field(sa_column=Column(JSON, nullable=False, server_default=text(f"'{empty}'")))


def number(*, null: bool = False) -> Any:
    """A 64-bit integer, which counts from 0 unless it may be NULL."""
    if null:
        return Field(sa_column=Column(BigInteger, nullable=True))
    return Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))


def tally() -> Any:
    """A small count that begins at 0."""
    return Field(0, sa_column_kwargs={"server_default": "0"})


def flag() -> Any:
    """Something that is not so unless said."""
    return Field(False, sa_column_kwargs={"server_default": false()})


def money() -> Any:
    """An amount, NULL when unknown."""
    return Field(sa_column=Column(Money, nullable=True))


class Base(SQLModel):
    """The tables are spoken to in statements; their validators would be built for nobody."""

    model_config = {"defer_build": True}


class Usage(Base):
    """Sums over ledger rows, kept in the transaction that adds a row."""

    prompt_tokens: int = Field(0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    completion_tokens: int = Field(0, sa_type=BigInteger, sa_column_kwargs={"server_default": "0"})
    calls: int = tally()
    unknown_calls: int = tally()
    estimated_calls: int = tally()
    unpriced_calls: int = tally()
    cost: Decimal | None = Field(None, sa_type=Money)
    currency: str | None = Field(None, sa_type=Words)
