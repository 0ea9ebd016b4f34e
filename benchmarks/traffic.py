"""Log files of realistic traffic for the speed benchmark; the same for the same seed."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

_START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
_PATHS = ("/", "/login", "/cart", "/checkout", "/api/v1/orders", "/api/v1/items", "/healthz",
          "/static/app.js", "/static/style.css", "/search")  # fmt: skip
_AGENTS = ("curl/7.88.1", "Mozilla/5.0 (X11; Linux x86_64)", "Prometheus/2.42.0", "okhttp/4.12.0")
_USERS = ("amber", "birch", "cedar", "dahlia", "elm", "fir", "ginger", "hazel")
_JOBS = ("mail.send", "invoice.render", "thumbnail.make", "index.update")

Line = Callable[[random.Random, datetime], str]


def access(rng: random.Random, now: datetime) -> str:
    """A line of nginx's access log."""
    status = rng.choices((200, 304, 404, 500, 502), (900, 60, 30, 4, 6))[0]
    path = rng.choice(_PATHS)
    if path.startswith("/api"):
        path += f"/{rng.randrange(1, 99999)}"
    return (
        f"10.{rng.randrange(4)}.{rng.randrange(256)}.{rng.randrange(1, 255)} - - "
        f'[{now:%d/%b/%Y:%H:%M:%S +0000}] "GET {path} HTTP/1.1" {status} '
        f'{rng.randrange(20, 90000)} "-" "{rng.choice(_AGENTS)}"'
    )


def application(rng: random.Random, now: datetime) -> str:
    """A line of an application that logs in prose."""
    stamp = f"{now:%Y-%m-%d %H:%M:%S},{now.microsecond // 1000:03d}"
    order, took = rng.randrange(1, 10**6), rng.randrange(1, 4000)
    kind = rng.randrange(100)
    if kind < 45:
        user = rng.choice(_USERS)
        return f"{stamp} INFO  shop.orders: order {order} placed by user {user} in {took} ms"
    if kind < 75:
        rows = rng.randrange(500)
        return f"{stamp} INFO  shop.db: query took {took / 10:.1f} ms, {rows} rows from pool of 20"
    if kind < 90:
        return (
            f"{stamp} DEBUG shop.cache: hit ratio {rng.random():.3f} for shard {rng.randrange(16)}"
        )
    if kind < 99:
        return (
            f"{stamp} INFO  shop.worker: job {rng.choice(_JOBS)} #{order} finished after {took} ms"
        )
    return f"{stamp} WARN  shop.db: slow query: {took} ms for order {order}, limit is 1000 ms"


def logfmt(rng: random.Random, now: datetime) -> str:
    """A line in logfmt."""
    peer = f"10.0.{rng.randrange(9)}.{rng.randrange(250)}:{rng.randrange(1024, 65535)}"
    return (
        f'time="{now:%Y-%m-%dT%H:%M:%SZ}" level={rng.choices(("info", "warning"), (97, 3))[0]} '
        f'msg="request completed" method=GET path={rng.choice(_PATHS)} status=200 '
        f"duration={rng.random() * 900:.3f}ms bytes={rng.randrange(10**5)} peer={peer}"
    )


def jsonish(rng: random.Random, now: datetime) -> str:
    """A line of JSON without ids."""
    return json.dumps(
        {
            "level": rng.choices((30, 40), (98, 2))[0],
            "time": int(now.timestamp() * 1000),
            "pid": 17,
            "name": "gateway",
            "msg": f"proxied {rng.choice(_PATHS)}",
            "ms": rng.randrange(900),
        },
        separators=(",", ":"),
    )


def postgres(rng: random.Random, now: datetime) -> str:
    """A line of PostgreSQL's log."""
    stamp = f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d} UTC [{rng.randrange(50, 900)}]"
    if rng.randrange(4):
        statement = f"SELECT * FROM orders WHERE id = {rng.randrange(10**6)}"
        return f"{stamp} LOG:  duration: {rng.random() * 50:.3f} ms  statement: {statement}"
    wrote = f"wrote {rng.randrange(900)} buffers ({rng.random() * 9:.1f}%)"
    return f"{stamp} LOG:  checkpoint complete: {wrote}; write={rng.random() * 30:.3f} s"


def with_ids(rng: random.Random, now: datetime) -> str:
    """A line of JSON full of UUIDs and trace ids."""
    return json.dumps(
        {
            "ts": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond:06d}Z",
            "level": rng.choices(("info", "debug", "warn"), (90, 8, 2))[0],
            "logger": "api.request",
            "msg": "request handled",
            "request_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "user_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
            "trace_id": f"{rng.getrandbits(128):032x}",
            "status": rng.choices((200, 404, 500), (96, 3, 1))[0],
            "ms": round(rng.random() * 300, 2),
        }
    )


CONTENTS: dict[str, tuple[Line, ...]] = {
    "traffic": (access, application),
    "mix": (access, application, logfmt, jsonish, postgres),
    "uuid-json": (with_ids,),
}
"""What the benchmark reads: kinds of line that take turns at random."""


def lines(content: str, count: int, seed: int = 1) -> Iterator[str]:
    """So many lines of a content, some milliseconds apart."""
    rng = random.Random(seed)
    kinds = CONTENTS[content]
    now = _START
    for _ in range(count):
        now += timedelta(microseconds=rng.randrange(20_000))
        yield rng.choice(kinds)(rng, now)
