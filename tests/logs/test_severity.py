"""Every logger's idea of a level becomes one severity."""

from __future__ import annotations

import pytest

from cyberbrain_cli.logs.lines import read_line

INFO = """\
2026-11-23 02:58:51.123 UTC [33] LOG:  checkpoint starting: time
1:M 23 Nov 2026 02:58:51.123 * Ready to accept connections
2026-11-23 02:58:51,123 INFO shop.worker: batch done, errors=0 failed=0
{"level":30,"time":1700000000000,"msg":"request completed","err":null}
{"level":"info","msg":"served","status":200}
time="2026-11-23T02:58:51Z" level=info msg="reconcile finished" error=nil
I1123 02:58:51.123456       1 controller.go:123] Synced, no errors
<14>Nov 23 02:58:51 host app[1]: all well
10.0.0.1 - - [23/Nov/2026:02:58:51 +0000] "GET /errors/failed?x=timeout HTTP/1.1" 200 15 "-" "x"
10.0.0.1 - - [23/Nov/2026:02:58:51 +0000] "GET /favicon.ico HTTP/1.1" 404 15 "-" "x"
2016-09-28 04:30:30, Info                  CBS    Loaded Servicing Stack
worker exited with code 0
job finished: 12 ok, 0 failed
loaded error pages from /etc/errors.conf
connection timeout: 30s
grpc.code=OK level=info msg="finished call"
"""
WARNING = """\
1:M 23 Nov 2026 02:58:51.123 # WARNING overcommit_memory is set to 0
2026-11-23 02:58:51,123 - shop - WARNING - slow
{"level":40,"msg":"pool is nearly empty"}
{"level":"warn","msg":"pool is nearly empty"}
W1123 02:58:51.123456       1 reflector.go:123] watch closed
<12>Nov 23 02:58:51 host app[1]: getting warm
2026-11-23T02:58:51.123456Z 0 [Warning] [MY-010] [Server] insecure
Nov 23 02:58:51 host sshd[12]: Failed password for root from 10.0.0.1
10.0.0.1 - - [23/Nov/2026:02:58:51 +0000] "GET / HTTP/1.1" 429 15 "-" "x"
level=info grpc.code=PermissionDenied msg="finished call"
worker exited with code 1
"""
CRITICAL = """\
2026-11-23 02:58:51.123 UTC [1234] FATAL:  sorry, too many clients already
2026-11-23 02:58:51.123 UTC [33] app@shop ERROR:  duplicate key value
2026/11/23 02:58:51 [error] 31#31: *1 connect() failed
02:58:51.123 [main] ERROR c.e.App - msg
2026-11-23T02:58:51.123Z ERROR 1 --- [main] c.e.App : msg
ERROR:root:msg
E1123 02:58:51.123456       1 reflector.go:123] msg
<11>Nov 23 02:58:51 host app[123]: msg
{"level":50,"msg":"db down"}
{"severity":"ERROR","message":"x"}
{"level":"info","msg":"served","status":502}
{"t":{"$date":"2026"},"s":"E","c":"NETWORK","msg":"Connection failed"}
level=info grpc.code=Unavailable msg="finished call"
INFO:     127.0.0.1:1 - "GET / HTTP/1.1" 500 Internal Server Error
10.0.0.1 - - [23/Nov/2026:02:58:51 +0000] "GET / HTTP/1.1" 502 15 "-" "x"
[02:58:51 FTL] Host terminated
fail: Microsoft.AspNetCore.Server.Kestrel[13]
npm ERR! code ELIFECYCLE
E, [2026-11-23T02:58:51.123 #1] ERROR -- : msg
panic: runtime error: invalid memory address
Segmentation fault (core dumped)
"""
CASES = [
    *(("info", line) for line in INFO.splitlines()),
    *(("warning", line) for line in WARNING.splitlines()),
    *(("critical", line) for line in CRITICAL.splitlines()),
]


@pytest.mark.parametrize(("severity", "line"), CASES)
def test_a_line_has_the_severity_that_its_logger_meant(severity: str, line: str) -> None:
    assert read_line(line.encode()).severity == severity


def test_a_line_that_ends_well_is_not_held_to_be_an_error() -> None:
    assert read_line(b"connection failed, retry succeeded").severity == "info"
    assert read_line(b"connection failed, retry not successful").severity == "warning"
