"""Logs of fifteen formats whose truth is known: each line comes with the label of its template."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
Message = Callable[[random.Random], str]
Wrap = Callable[[random.Random, datetime, str, str], str]

_WORDS = ("amber", "birch", "cedar", "dahlia", "elm", "fir", "ginger", "hazel", "iris", "juniper")


def _ip(rng: random.Random) -> str:
    return f"10.{rng.randrange(9)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"


def _id(rng: random.Random) -> str:
    return f"{rng.getrandbits(64):016x}"


MESSAGES: tuple[tuple[str, Message], ...] = (
    ("INFO", lambda r: f"connection accepted from {_ip(r)}:{r.randrange(1024, 65535)}"),
    ("INFO", lambda r: f"request {_id(r)} finished in {r.randrange(1, 900)} ms"),
    ("INFO", lambda r: f"flushed {r.randrange(1, 9999)} rows to segment {r.randrange(99)}"),
    ("DEBUG", lambda r: f"cache hit ratio is {r.random():.3f}"),
    ("INFO", lambda r: f"user {r.choice(_WORDS)}{r.randrange(99)} logged in"),
    ("INFO", lambda r: f"retry {r.randrange(1, 4)} of job {r.randrange(9999)} succeeded"),
    ("INFO", lambda r: f"sync complete: {r.randrange(999)} objects, 0 errors"),
    ("WARN", lambda r: f"slow query took {r.randrange(1000, 9000)} ms"),
)
"""Level and text of what an application says on a calm day."""


@dataclass(frozen=True, slots=True)
class Format:
    """How a program writes a line."""

    name: str
    wrap: Wrap


def _plain(pattern: str) -> Wrap:
    def wrap(rng: random.Random, now: datetime, level: str, text: str) -> str:
        return pattern.format(now=now, ms=now.microsecond // 1000, level=level, text=text,
                              pid=rng.randrange(2, 9), letter=level[0],
                              word={"WARN": "WARNING"}.get(level, level))  # fmt: skip

    return wrap


def _nginx_error(rng: random.Random, now: datetime, level: str, text: str) -> str:
    name = {"DEBUG": "info", "INFO": "notice", "WARN": "warn", "FATAL": "emerg"}.get(level, "error")
    return (
        f"{now:%Y/%m/%d %H:%M:%S} [{name}] {rng.randrange(20, 40)}#{rng.randrange(20, 40)}: {text}"
    )


def _postgres(rng: random.Random, now: datetime, level: str, text: str) -> str:
    name = {"DEBUG": "LOG", "INFO": "LOG", "WARN": "WARNING"}.get(level, level)
    return f"{now:%Y-%m-%d %H:%M:%S}.{now.microsecond // 1000:03d} UTC [{rng.randrange(50, 99)}] {name}:  {text}"


def _redis(rng: random.Random, now: datetime, level: str, text: str) -> str:
    sign = "#" if level in ("WARN", "ERROR", "FATAL") else "*"
    return f"1:M {now:%d %b %Y %H:%M:%S}.{now.microsecond // 1000:03d} {sign} {text}"


def _pino(rng: random.Random, now: datetime, level: str, text: str) -> str:
    number = {"DEBUG": 20, "INFO": 30, "WARN": 40, "ERROR": 50, "FATAL": 60}[level]
    return json.dumps({"level": number, "time": int(now.timestamp() * 1000), "pid": 7, "msg": text})


def _zap(rng: random.Random, now: datetime, level: str, text: str) -> str:
    return json.dumps({"level": level.lower(), "ts": now.timestamp(), "caller": "app/server.go:88",
                       "msg": text, "trace": _id(rng)})  # fmt: skip


def _slog(rng: random.Random, now: datetime, level: str, text: str) -> str:
    return (
        f'time={now:%Y-%m-%dT%H:%M:%S.000Z} level={level} msg="{text}" host=web-{rng.randrange(9)}'
    )


def _logfmt(rng: random.Random, now: datetime, level: str, text: str) -> str:
    return f'ts={now:%Y-%m-%dT%H:%M:%SZ} lvl={level.lower()} component=api msg="{text}" ms={rng.randrange(99)}'


def _syslog(rng: random.Random, now: datetime, level: str, text: str) -> str:
    number = {"DEBUG": 7, "INFO": 6, "WARN": 4, "ERROR": 3, "FATAL": 2}[level]
    return f"<{8 + number}>{now:%b %d %H:%M:%S} host1 app[{rng.randrange(300, 400)}]: {text}"


def _klog(rng: random.Random, now: datetime, level: str, text: str) -> str:
    letter = {"DEBUG": "I", "FATAL": "F"}.get(level, level[0])
    return f"{letter}{now:%m%d %H:%M:%S}.{now.microsecond:06d}       1 controller.go:{rng.randrange(90, 95)}] {text}"


FORMATS: tuple[Format, ...] = (
    Format("nginx-error", _nginx_error),
    Format("postgres", _postgres),
    Format("redis", _redis),
    Format("python", _plain("{now:%Y-%m-%d %H:%M:%S},{ms:03d} - shop.worker - {word} - {text}")),
    Format("uvicorn", _plain("{word}:     {text}")),
    Format(
        "logback",
        _plain("{now:%Y-%m-%d %H:%M:%S}.{ms:03d} [http-{pid}] {level:5} c.s.Api - {text}"),
    ),
    Format("zap", _zap),
    Format("slog", _slog),
    Format("pino", _pino),
    Format("dotnet", _plain("[{now:%H:%M:%S} {level:.3}] {text}")),
    Format("syslog", _syslog),
    Format("klog", _klog),
    Format("logfmt", _logfmt),
    Format("prose", _plain("{text}")),
)
BY_NAME = {item.name: item for item in FORMATS}


def access(rng: random.Random, now: datetime) -> tuple[str, str]:
    """A line of nginx's access log, and its label."""
    status = rng.choices((200, 304, 404), (95, 4, 1))[0]
    path = rng.choice(("/", "/cart", "/login", "/healthz"))
    line = (f'{_ip(rng)} - - [{now:%d/%b/%Y:%H:%M:%S +0000}] "GET {path} HTTP/1.1" {status} '
            f'{rng.randrange(99999)} "-" "curl/7.88.1"')  # fmt: skip
    return line, "access"


def calm(
    form: str, count: int, rng: random.Random, step: timedelta
) -> Iterator[tuple[str, str, datetime]]:
    """Lines of a calm day with their labels and times."""
    now = START
    for _ in range(count):
        now += step * (rng.random() * 2)
        if form == "nginx-access":
            line, label = access(rng, now)
        else:
            number = rng.randrange(len(MESSAGES))
            level, text = MESSAGES[number]
            line, label = BY_NAME[form].wrap(rng, now, level, text(rng)), f"{form} {number}"
        yield line, label, now
