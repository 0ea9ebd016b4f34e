"""Labels that come from outside, of which there may be only so many.

A model server that makes up another name each time would else be more series than Prometheus holds.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine, func, select

from cyberbrain_cli.core.metering import MOST_LABELS, OTHER, Meter
from cyberbrain_cli.store.sql import COUNTERS

Labels = tuple[str, ...]
_known: WeakKeyDictionary[Engine, set[tuple[Meter, Labels]]] = WeakKeyDictionary()


def told_apart(connection: Connection, meter: Meter, labels: Labels) -> Labels:
    """The first labels of a counter as they are, or `OTHER` for new ones beyond MOST_LABELS.

    The database is asked once for each that this process has seen.
    """
    known = _known.setdefault(connection.engine, set())
    if (meter, labels) in known or _has_room(connection, meter, labels):
        known.add((meter, labels))
        return labels
    return (OTHER,) * len(labels)


def _has_room(connection: Connection, meter: Meter, labels: Labels) -> bool:
    columns = (COUNTERS.c.a, COUNTERS.c.b, COUNTERS.c.c)[: len(labels)]
    mine = COUNTERS.c.name == meter.value
    there = select(COUNTERS.c.name).where(mine)
    for column, label in zip(columns, labels, strict=True):
        there = there.where(column == label)
    if connection.execute(there.limit(1)).first() is not None:
        return True
    counted = select(*columns).where(mine).distinct().subquery()
    return connection.execute(select(func.count()).select_from(counted)).scalar_one() < MOST_LABELS
