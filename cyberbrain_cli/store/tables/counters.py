"""Figures for Prometheus, kept up to date by whatever changes them."""

from __future__ import annotations

from cyberbrain_cli.store.tables.columns import Base, number, words


class CounterRow(Base, table=True):
    """A counter or gauge by its labels; counters only ever go up, whatever is pruned.

    Which labels `a`, `b` and `c` are, and of what unit the value is, `store.counters` says.
    """

    __tablename__ = "counters"

    name: str = words(primary_key=True)
    a: str = words(primary_key=True)
    b: str = words(primary_key=True)
    c: str = words(primary_key=True)
    value: int = number()
