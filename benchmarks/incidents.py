"""Incidents hidden in calm logs: what is written, how often, and what a rule should say of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.corpus import BY_NAME, calm

TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "/app/worker.py", line 88, in run',
    "    charge(order)",
    '  File "/app/billing.py", line 12, in charge',
    "KeyError: 'currency'",
)
JAVA = (
    "java.lang.IllegalStateException: order has no customer",
    "\tat com.shop.Orders.load(Orders.java:81)",
    "\tat com.shop.Api.get(Api.java:19)",
    "Caused by: java.sql.SQLTransientConnectionException: pool exhausted after 30000ms",
    "\tat com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:197)",
    "\t... 12 more",
)
PANIC = (
    "panic: runtime error: index out of range [5] with length 3",
    "goroutine 17 [running]:",
    "main.handle(0xc000010250)",
    "\t/app/main.go:42 +0x1d",
)


@dataclass(frozen=True, slots=True)
class Incident:
    """Lines hidden in a calm log of a format. `sign` are words that must arrive.

    `level` None means that `lines` are written as they stand. `times` is how often, spread over
    the log, or at once when it is a `burst`.
    """

    name: str
    form: str
    severity: str
    sign: str
    lines: tuple[str, ...]
    level: str | None = "ERROR"
    times: int = 1
    burst: bool = False
    calm_lines: int = 20_000

    def log(self, seed: int = 7) -> list[bytes]:
        """The whole log."""
        rng = random.Random(f"{self.name}{seed}")
        written = list(self._places(rng))
        found: list[bytes] = []
        step = timedelta(milliseconds=50)
        for number, (line, _, now) in enumerate(calm(self.form, self.calm_lines, rng, step)):
            found.append(line.encode())
            while written and written[0] <= number:
                del written[0]
                for text in self.lines:
                    told = text.replace("{n}", str(rng.randrange(1, 9999)))
                    if self.level is not None:
                        told = BY_NAME[self.form].wrap(rng, now, self.level, told)
                    found.append(told.encode())
        return found

    def _places(self, rng: random.Random) -> Iterator[int]:
        start = rng.randrange(self.calm_lines * 19 // 20)
        if self.burst:
            yield from [start + number // 10 for number in range(self.times)]
        else:
            yield from sorted(
                rng.randrange(self.calm_lines // 20, self.calm_lines) for _ in range(self.times)
            )


def _one(name: str, form: str, severity: str, text: str, **options: object) -> Incident:
    sign = max(text.split("{n}"), key=len).strip()
    return Incident(name, form, severity, sign, (text,), **options)  # type: ignore[arg-type]


FAR = 200_000
INCIDENTS: tuple[Incident, ...] = (
    # one line among two hundred thousand
    _one(
        "disk-full",
        "postgres",
        "critical",
        'could not extend file "base/16384/{n}": No space left on device',
        calm_lines=FAR,
    ),
    _one(
        "corruption",
        "postgres",
        "critical",
        "invalid page in block {n} of relation base/16384/2619",
        calm_lines=FAR,
    ),
    _one(
        "oom",
        "prose",
        "critical",
        "Out of memory: Killed process {n} (java)",
        level=None,
        calm_lines=FAR,
    ),
    _one(
        "tls-expired",
        "nginx-error",
        "critical",
        "SSL certificate has expired, handshake aborted",
        level="ERROR",
        calm_lines=FAR,
    ),
    _one(
        "segfault",
        "syslog",
        "critical",
        "worker[{n}]: segfault at 0 ip 00007f2 sp 00007ffc error 4",
        calm_lines=FAR,
        level="ERROR",
    ),
    _one(
        "xid",
        "syslog",
        "critical",
        "NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.",
        level="ERROR",
        calm_lines=FAR,
    ),
    _one(
        "cuda-oom",
        "python",
        "critical",
        "CUDA out of memory. Tried to allocate {n} MiB",
        calm_lines=FAR,
    ),
    _one(
        "too-many-files",
        "zap",
        "critical",
        "accept tcp [::]:8080: accept4: too many open files",
        calm_lines=FAR,
    ),
    _one(
        "deadlock",
        "logback",
        "critical",
        "Deadlock found when trying to get lock; try restarting transaction",
        calm_lines=FAR,
    ),
    _one(
        "no-word",
        "prose",
        "critical",
        "database system was interrupted; last known up at 02:58",
        level=None,
        calm_lines=FAR,
    ),
    # one line among twenty thousand
    _one("refused", "pino", "critical", "connect ECONNREFUSED 10.0.0.5:5432"),
    _one("dns", "logfmt", "critical", "lookup db.internal on 127.0.0.11:53: no such host"),
    _one("migration", "python", "critical", 'relation "orders" does not exist'),
    _one(
        "read-only",
        "redis",
        "critical",
        "MISCONF Redis is configured to save RDB snapshots, but it is unable to persist to disk",
        level="WARN",
    ),
    _one("io-error", "klog", "critical", "write /var/lib/data/wal: input/output error"),
    _one(
        "lock-timeout",
        "postgres",
        "critical",
        "canceling statement due to lock timeout",
        level="ERROR",
    ),
    _one(
        "auth",
        "postgres",
        "critical",
        'password authentication failed for user "app"',
        level="FATAL",
    ),
    _one("denied", "slog", "critical", "open /etc/app/key.pem: permission denied", level="ERROR"),
    _one("rate-limit", "zap", "warning", "upstream answered 429 Too Many Requests", level="WARN"),
    _one("clock", "klog", "warning", "clock skew detected: node is {n} s behind", level="WARN"),
    _one("plain-fatal", "uvicorn", "critical", "worker {n} died with status 139", level="ERROR"),
    _one(
        "dotnet",
        "dotnet",
        "critical",
        "Unhandled exception while processing message {n}",
        level="FATAL",
    ),
    _one(
        "replica",
        "postgres",
        "critical",
        "could not connect to the primary server: timeout expired",
        level="FATAL",
    ),
    _one(
        "unreachable",
        "nginx-error",
        "critical",
        "connect() failed (113: No route to host) while connecting to upstream",
    ),
    _one(
        "upstream-timeout",
        "nginx-error",
        "critical",
        "upstream timed out (110: Connection timed out) while reading response header",
    ),
    _one("reset", "logback", "warning", "Connection reset by peer", level="WARN"),
    # errors without the word, and without a level
    _one("gone-away", "prose", "critical", "MySQL server has gone away", level=None),
    _one("core", "prose", "critical", "Segmentation fault (core dumped)", level=None),
    _one("killed", "prose", "warning", "worker process {n} exited on signal 9", level=None),
    _one("cannot", "prose", "critical", "cannot allocate memory for buffer pool", level=None),
    _one(
        "stalled",
        "prose",
        "warning",
        "INFO: task kworker:{n} blocked for more than 120 seconds",
        level=None,
    ),
    _one("quota", "prose", "warning", "disk usage exceeded 95% of quota on /data", level=None),
    # bursts, and things that come again and again
    _one(
        "burst-502",
        "nginx-error",
        "critical",
        "connect() failed (111: Connection refused) while connecting to upstream",
        times=300,
        burst=True,
    ),
    _one(
        "burst-timeouts",
        "pino",
        "critical",
        "request to payments timed out after {n} ms",
        times=200,
        burst=True,
    ),
    _one(
        "slow-leak",
        "zap",
        "warning",
        "heap usage is above the soft limit by {n} MB",
        level="WARN",
        times=40,
    ),
    _one("rare-errors", "logfmt", "critical", "cannot write checkpoint {n}", times=6),
    _one(
        "login-flood",
        "syslog",
        "warning",
        "Failed password for root from 203.0.113.9 port {n} ssh2",
        level="INFO",
        times=500,
        burst=True,
    ),
    # events of several lines
    Incident("traceback", "python", "critical", "KeyError", TRACEBACK, level=None),
    Incident("java-cause", "logback", "critical", "pool exhausted", JAVA, level=None),
    Incident("go-panic", "zap", "critical", "index out of range", PANIC, level=None),
    Incident(
        "crash-loop",
        "python",
        "critical",
        "bind: address already in use",
        ("starting worker {n}", "bind: address already in use"),
        times=30,
    ),
    Incident(
        "crash-config",
        "pino",
        "critical",
        "missing environment variable",
        ("booting {n}", "missing environment variable DATABASE_URL"),
        level="FATAL",
        times=12,
    ),
    # one cascade over three containers
    Incident(
        "cascade-db",
        "postgres",
        "critical",
        "the database system is in recovery mode",
        ("the database system is in recovery mode",),
        level="FATAL",
        times=60,
        burst=True,
    ),
    Incident(
        "cascade-app",
        "logback",
        "critical",
        "Connection to db:5432 refused",
        ("Connection to db:5432 refused. Check that the hostname and port are correct",),
        times=231,
        burst=True,
    ),
    Incident(
        "cascade-proxy",
        "nginx-error",
        "critical",
        "no live upstreams",
        ("no live upstreams while connecting to upstream, client: 10.0.0.{n}",),
        times=400,
        burst=True,
    ),
)
"""What goes wrong."""

TEMPTING = (
    "query done error=nil rows={n}",
    "import finished with 0 errors, 0 warnings",
    "retrying after timeout ... succeeded",
    "healthcheck ok failed=0 passed={n}",
    "loaded error_handler.py and panic_button.css",
    "exception translation is enabled",
    "GET /errors/latest 200 {n}",
    "no errors found in {n} files",
    "connection refused count is 0",
    "fatal=false retries={n}",
)
"""Harmless lines with frightening words, which quiet logs have at level INFO."""


def quiet(form: str, seed: int = 3) -> list[bytes]:
    """A log in which nothing is wrong."""
    rng = random.Random(f"{form}{seed}")
    found = []
    for number, (line, _, now) in enumerate(calm(form, 20_000, rng, timedelta(milliseconds=50))):
        found.append(line.encode())
        if form != "nginx-access" and number % 97 == 0:
            text = TEMPTING[number // 97 % len(TEMPTING)].replace("{n}", str(rng.randrange(999)))
            found.append(BY_NAME[form].wrap(rng, now, "INFO", text).encode())
    return found
