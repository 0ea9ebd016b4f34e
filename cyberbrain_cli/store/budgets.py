"""Limits that all runs share: room is taken before a call, in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    delete,
    func,
    literal,
    select,
    text,
    type_coerce,
    union_all,
    update,
)

from cyberbrain_cli.core.errors import BudgetSpent
from cyberbrain_cli.core.metering import BudgetUse
from cyberbrain_cli.core.records import Held, LlmCall, PeriodLimit, Reservation
from cyberbrain_cli.store import sql
from cyberbrain_cli.store.tables.columns import amount
from cyberbrain_cli.store.usage import PART

_LOCK = 0x6379_6266
_KEPT = timedelta(days=40)
"""Longer than any period, after which nobody asks what was set aside."""


@dataclass(slots=True)
class _Used:
    """What counts against a limit: tokens, and the money of each currency."""

    tokens: int
    amounts: dict[str, Decimal]


def reserve(
    connection: Connection, reservation: Reservation, limits: Sequence[PeriodLimit]
) -> Held:
    """Set the worst case of a call aside. Raises BudgetSpent when it does not fit a limit.

    Whoever else does the same waits for this transaction to end, so no two take the same room.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    for limit, used in zip(limits, _used(connection, limits, _day(reservation.at)), strict=True):
        _insist(limit, used, reservation)
    values = {
        "run_id": reservation.run_id,
        "directive": reservation.directive,
        "day": _day(reservation.at),
        "tokens": reservation.tokens,
        "amount": reservation.amount,
        "currency": reservation.currency or "",
    }
    return Held(sql.add(connection, sql.RESERVATIONS, values))


def settle(connection: Connection, held: Held, call: LlmCall) -> None:
    """Free what was set aside, within the transaction that records the call.

    What the call counts and its row does not say stays: the row of a timeout has no tokens.
    """
    tokens = held.tokens - (call.prompt_tokens or 0) - (call.completion_tokens or 0)
    money = held.amount - (call.cost or 0)
    if tokens <= 0 and money <= 0:
        release(connection, held)
        return
    values = {"tokens": max(0, tokens), "amount": max(Decimal(0), money), "settled": True}
    mine = sql.RESERVATIONS.c.id == held.id
    connection.execute(update(sql.RESERVATIONS).where(mine).values(**values))


def release(connection: Connection, held: Held) -> None:
    """Give back what was set aside."""
    connection.execute(delete(sql.RESERVATIONS).where(sql.RESERVATIONS.c.id == held.id))


def settle_run(connection: Connection, run_id: int, now: datetime) -> None:
    """Keep what a run that is over left set aside, and forget what is long past.

    Whoever set it aside was about to ask, and did not live to say what became of it: the model
    may have worked to the end, so it counts until the period is over, as for a timeout.
    """
    at = sql.RESERVATIONS.c
    left = and_(at.run_id == run_id, at.settled.is_(False))
    connection.execute(update(sql.RESERVATIONS).where(left).values(settled=True))
    past = at.day < now.astimezone(UTC).date() - _KEPT
    connection.execute(delete(sql.RESERVATIONS).where(past))


def uses(
    connection: Connection, limits: Sequence[PeriodLimit], now: datetime
) -> Iterator[BudgetUse]:
    """How much of each limit is gone in the period that `now` is in."""
    for limit, used in zip(limits, _used(connection, limits, _day(now)), strict=True):
        if limit.tokens is not None:
            yield BudgetUse(limit.period, "tokens", _share(used.tokens, limit.tokens))
        if limit.amount is not None:
            for currency, money in sorted(used.amounts.items()):
                yield BudgetUse(limit.period, currency, _share(money, limit.amount))


def _share(used: int | Decimal, limit: int | Decimal) -> float:
    return float(used / limit) if limit else 1.0


def _insist(limit: PeriodLimit, used: _Used, wanted: Reservation) -> None:
    whose = f"'{limit.directive}' for" if limit.directive else "all runs for"
    name = f"{whose} this {limit.period}"
    where = "in the directive" if limit.directive else "in the configuration"
    if limit.tokens is not None and used.tokens + wanted.tokens > limit.tokens:
        left = max(0, limit.tokens - used.tokens)
        raise BudgetSpent(
            f"The token budget of {name} is spent: {left} of {limit.tokens} left, "
            f"{wanted.tokens} needed.",
            f"Raise budget.{limit.period}.tokens {where}, or wait for the next {limit.period}.",
        )
    money = used.amounts.get(wanted.currency or "", Decimal(0))
    if limit.amount is not None and money + wanted.amount > limit.amount:
        raise BudgetSpent(
            f"The money budget of {name} is spent: {money:f} of {limit.amount:f} "
            f"{wanted.currency or ''} used, {wanted.amount:f} needed.".replace("  ", " "),
            f"Raise budget.{limit.period}.amount {where}, or wait for the next {limit.period}.",
        )


def _used(connection: Connection, limits: Sequence[PeriodLimit], today: date) -> list[_Used]:
    """What counts against each limit so far: days of the ledger, and what is set aside.

    One statement, so that a call which is recorded meanwhile is seen in one place, not in none.
    """
    found = [_Used(0, {}) for _ in limits]
    parts: list[Select[Any]] = []
    for number, limit in enumerate(limits):
        parts += (_of_ledger(number, limit, today), _of_reservations(number, limit, today))
    for row in connection.execute(union_all(*parts)) if parts else ():
        used = found[row.limit_number]
        used.tokens += int(row.tokens)
        if row.currency:
            money = amount(int(row.cost_high) * PART + int(row.cost_low))
            used.amounts[row.currency] = used.amounts.get(row.currency, Decimal(0)) + money
    return found


def _of_ledger(number: int, limit: PeriodLimit, today: date) -> Select[Any]:
    table = sql.DAYS if limit.directive is None else sql.WORK_DAYS
    at = table.c
    tokens = at.prompt_tokens + at.completion_tokens
    return _sums(number, limit, today, table, (tokens, at.cost_high, at.cost_low))


def _of_reservations(number: int, limit: PeriodLimit, today: date) -> Select[Any]:
    at = sql.RESERVATIONS.c
    units = type_coerce(at.amount, BigInteger)
    return _sums(number, limit, today, sql.RESERVATIONS, (at.tokens, units // PART, units % PART))


def _sums(
    number: int,
    limit: PeriodLimit,
    today: date,
    table: Table,
    columns: Sequence[ColumnElement[Any]],
) -> Select[Any]:
    named: list[ColumnElement[Any]] = [literal(number).label("limit_number"), table.c.currency]
    for name, column in zip(("tokens", "cost_high", "cost_low"), columns, strict=True):
        named.append(func.sum(column).label(name))
    query = select(*named).where(_within(table.c.day, limit, today)).group_by(table.c.currency)
    return query if limit.directive is None else query.where(table.c.directive == limit.directive)


def _within(day: ColumnElement[Any], limit: PeriodLimit, today: date) -> ColumnElement[bool]:
    if limit.period == "day":
        return day == today
    first = today.replace(day=1)
    return and_(day >= first, day < (first + timedelta(days=31)).replace(day=1))


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
