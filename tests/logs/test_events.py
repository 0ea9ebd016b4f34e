"""A stack trace is one event, whatever stands between its lines in the other stream."""

from __future__ import annotations

import pytest

from cyberbrain_cli.testing import START_NS, LogLine
from tests.logs.kit import mine, mine_text

TRACES = {
    "python": (
        "2026-11-23 02:58:51,123 ERROR shop.db: could not connect\n"
        "Traceback (most recent call last):\n"
        '  File "/app/main.py", line 12, in <module>\n    connect()\n    ^^^^^^^^^\n'
        "psycopg.OperationalError: connection refused\n"
        "\nDuring handling of the above exception, another exception occurred:\n\n"
        "Traceback (most recent call last):\n"
        '  File "/app/main.py", line 14, in <module>\n    raise Down()\n'
        "shop.DownError: no database"
    ),
    "java": (
        "02:58:51.123 [main] ERROR c.e.App - Failed\n"
        "java.lang.IllegalStateException: no pool\n"
        "\tat com.example.App.main(App.java:12)\n"
        "Caused by: java.net.ConnectException: Connection refused\n"
        "\tat java.base/sun.nio.ch.Net.connect0(Native Method)\n\t... 12 more"
    ),
    "go": (
        "panic: runtime error: invalid memory address or nil pointer dereference\n"
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x49]\n\n"
        "goroutine 1 [running]:\nmain.handler(0xc000012345, {0x1, 0x2})\n"
        "\t/app/main.go:12 +0x1d\nmain.main()\n\t/app/main.go:20 +0x25\nexit status 2"
    ),
    "node": (
        "Error: connect ECONNREFUSED 127.0.0.1:5432\n"
        "    at TCPConnectWrap.afterConnect (node:net:1494:16) {\n"
        "  errno: -111,\n  code: 'ECONNREFUSED',\n}\n\nNode.js v20.1.0"
    ),
    "dotnet": (
        "fail: Microsoft.AspNetCore.Server.Kestrel[13]\n"
        "      An unhandled exception was thrown by the application.\n"
        "      System.InvalidOperationException: boom\n"
        "         at App.Program.Main(String[] args) in /src/Program.cs:line 12"
    ),
    "rust": (
        "thread 'main' panicked at src/main.rs:4:5:\n"
        "called `Result::unwrap()` on an `Err` value: ParseIntError\n"
        "stack backtrace:\n   0: rust_begin_unwind\n"
        "             at /rustc/abc/library/std/src/panicking.rs:595:5\n"
        "note: run with `RUST_BACKTRACE=full`"
    ),
    "postgres": (
        '2026-11-23 02:58:51.123 UTC [33] app@shop ERROR:  duplicate key value violates "x"\n'
        "2026-11-23 02:58:51.123 UTC [33] app@shop DETAIL:  Key (id)=(1) already exists.\n"
        "2026-11-23 02:58:51.123 UTC [33] app@shop STATEMENT:  insert into t\n\tvalues (1)"
    ),
}


@pytest.mark.parametrize("kind", TRACES)
def test_a_trace_is_one_event_and_what_follows_is_another(kind: str) -> None:
    trace = TRACES[kind]
    mined = mine_text(f"INFO starting\n{trace}\nINFO going on\n{trace}")
    assert [(p.severity.value, p.count) for p in mined.patterns] == [
        ("critical", 2), ("info", 1), ("info", 1),
    ]  # fmt: skip
    pattern = mined.patterns[0]
    assert pattern.line_count == 2 * len(trace.split("\n"))
    assert [quote.text for quote in pattern.exemplars[0].lines] == trace.split("\n")


def test_an_exception_and_its_cause_tell_patterns_apart() -> None:
    java = TRACES["java"]
    mined = mine_text(f"{java}\n{java.replace('ConnectException', 'BindException')}")
    assert len(mined.patterns) == 2
    assert "Caused by: java.net.BindException" in "".join(p.template for p in mined.patterns)


def test_streams_that_alternate_do_not_break_an_event() -> None:
    lines: list[LogLine] = []
    for number, text in enumerate(TRACES["java"].split("\n")):
        lines.append((START_NS + number * 10, "stderr", text.encode()))
        lines.append((START_NS + number * 10 + 5, "stdout", b"INFO served"))
    mined = mine(*lines)
    assert [(p.severity.value, p.count) for p in mined.patterns] == [("critical", 1), ("info", 6)]


def test_a_trace_without_a_log_line_above_stands_for_itself() -> None:
    mined = mine_text(
        'INFO calm\nTraceback (most recent call last):\n  File "a", line 1\nEError: x'
    )
    assert [(p.severity.value, p.line_count) for p in mined.patterns] == [
        ("critical", 3), ("info", 1),
    ]  # fmt: skip


def test_an_indented_line_with_a_level_of_its_own_is_no_continuation() -> None:
    mined = mine_text("INFO calm\n   ERROR hidden below it")
    assert [p.severity.value for p in mined.patterns] == ["critical", "info"]


def test_trouble_in_an_indented_line_raises_its_event() -> None:
    (pattern,) = mine_text("INFO response body\n   connection refused by db").patterns
    assert pattern.severity == "warning"


def test_a_line_that_comes_much_later_is_no_continuation() -> None:
    late = START_NS + 60 * 10**9
    mined = mine((START_NS, "stderr", b"ERROR x"), (late, "stderr", b"  at leisure"))
    assert len(mined.patterns) == 2


def test_a_private_key_is_one_event() -> None:
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc=\n-----END RSA PRIVATE KEY-----"
    mined = mine_text(f"{key}\nINFO next")
    assert sorted(p.line_count for p in mined.patterns) == [1, 4]
