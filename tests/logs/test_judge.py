"""What the rules make of a container: by its lines, by its fate, and what is unusual."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from cyberbrain_cli.core.findings import Finding
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.logs.judge import MOST_FINDINGS, judge
from cyberbrain_cli.logs.signatures import shipped
from cyberbrain_cli.testing import START, START_NS, log_lines
from tests.logs.kit import APP, WINDOW, judged, mine, mine_text

QUIET = """\
2026-11-23 02:58:51.123 UTC [1] LOG:  starting PostgreSQL 15.4 on x86_64-pc-linux-gnu, 64-bit
2026-11-23 02:58:51.123 UTC [27] LOG:  checkpoint complete: wrote 3 buffers (0.0%); 0 removed
/docker-entrypoint.sh: Configuration complete; ready for start up
2026/11/23 02:58:51 [notice] 1#1: getrlimit(RLIMIT_NOFILE): 1048576:1048576
10.0.0.1 - - [23/Nov/2026:02:58:51 +0000] "GET /errors/failed?x=timeout HTTP/1.1" 200 157 "-" "x"
1:M 23 Nov 2026 02:58:51.123 * Background saving terminated with success
           _.-``__ ''-._
      _.-``    `.  `_.  ''-._           Redis 7.0
INFO:     Application startup complete.
2026-11-23 02:58:51,123 INFO shop.worker: batch done, errors=0 failed=0 skipped=3
{"level":30,"msg":"request completed","res":{"statusCode":200},"err":null,"responseTime":12}
{"level":"info","msg":"retrying after timeout succeeded","error":"","attempt":2}
time="2026-11-23T02:58:51Z" level=info msg="reconcile finished" errors=0 error=nil
I1123 02:58:51.123456       1 controller.go:123] Successfully synced, no errors
info: Microsoft.Hosting.Lifetime[14]
      Now listening on: http://[::]:80
02:58:51.123 [main] INFO  c.e.App - failover=enabled, errorHandler=default, max_connections=100
2026-11-23T02:58:51.123Z DEBUG pool: timeout set to 30s
using timeout of 5 seconds, rate limit 100 requests/s, max_connections = 100
Test connection: ok (no problems found)
"""

KNOWN = [
    ("out_of_connections", "critical", "FATAL:  sorry, too many clients already"),
    ("deadlock", "critical", "ERROR:  deadlock detected"),
    ("disk_full", "critical", "PANIC:  could not write to file: No space left on device"),
    ("connection_refused", "critical", "connect() failed (111: Connection refused) to upstream"),
    ("out_of_memory", "critical", "kernel: Out of memory: Killed process 123 (java)"),
    ("segfault", "critical", "Segmentation fault (core dumped)"),
    ("certificate", "critical", "x509: certificate has expired or is not yet valid"),
    ("dns", "critical", "getaddrinfo ENOTFOUND db"),
    ("permission", "warning", "bash: /data/x: Permission denied"),
    ("read_only_fs", "critical", "cannot write: Read-only file system"),
    ("port_in_use", "critical", "listen tcp :8080: bind: address already in use"),
    ("timeout", "warning", "upstream timed out"),
    ("auth_failure", "warning", "sshd[12]: Failed password for root from 10.0.0.1"),
    ("replication", "critical", "ERROR replication lag exceeds 300s"),
    ("crash_loop", "critical", "back-off restarting failed container"),
    ("cuda_oom", "critical", "RuntimeError: CUDA out of memory. Tried to allocate 2 GiB"),
    ("gpu_xid", "critical", "NVRM: Xid (PCI:0000:01:00): 79, GPU has fallen off the bus"),
    ("migration", "critical", 'relation "users" does not exist'),
    ("server_error", "critical", '10.0.0.1 - - [x] "GET / HTTP/1.1" 502 15 "-" "x"'),
    ("too_many_files", "critical", "accept: too many open files"),
    ("panic", "critical", "panic: assignment to entry in nil map"),
]


def findings(text: str) -> list[Finding]:
    return list(judged(text).findings)


def test_a_quiet_log_has_no_findings() -> None:
    assert findings(QUIET * 20) == []


@pytest.mark.parametrize(("key", "severity", "line"), KNOWN)
def test_known_failures_are_named(key: str, severity: str, line: str) -> None:
    (finding,) = findings(f"calm\n{line}\ncalm")
    known = next(item for item in shipped() if item.key == key)
    assert finding.title.startswith(known.title)
    assert finding.severity == severity
    assert [proof.line for proof in finding.evidence] == [line]


def test_an_error_of_no_known_kind_is_found_with_count_and_times() -> None:
    (finding,) = findings("\n".join(["ERROR the frobnicator is out of grease"] * 7))
    assert finding.title == "Error: the frobnicator is out of grease"
    assert (finding.severity, finding.count, finding.pattern) == ("critical", 7, "P1")
    assert (finding.first_seen, finding.last_seen) == (START_NS, START_NS + 6000)


def test_a_warning_that_keeps_coming_is_as_grave_as_its_kind() -> None:
    line = "WARN connection refused, trying again"
    assert findings(line)[0].severity == "warning"
    assert findings(f"{line}\n" * 20)[0].severity == "critical"


def test_a_calm_line_with_a_grave_word_is_believed_unless_unmistakable() -> None:
    assert findings("INFO connection refused once, using the other replica") == []
    assert findings("INFO worker: out of memory, killed")[0].severity == "warning"


def test_a_burst_and_a_first_sighting_are_said() -> None:
    calm = log_lines("calm\n" * 600, every=10 * 10**9)
    storm = log_lines("ERROR broke\n" * 50, start=START_NS + 3000 * 10**9, every=10**6)
    mined = mine(*sorted([*calm, *storm]))
    (finding,) = judge(APP, mined, WINDOW, frozenset(), str).findings
    assert "50 of 50 events came within" in finding.explanation
    assert "No earlier run has seen it." in finding.explanation
    seen = frozenset(pattern.fingerprint for pattern in mined.patterns)
    (again,) = judge(APP, mined, WINDOW, seen, str).findings
    assert "No earlier run" not in again.explanation


def test_an_unusual_line_is_found_when_it_is_new_and_hints_at_trouble() -> None:
    mined = mine_text("calm\n" * 300 + "INFO queue is full, dropping work\n")
    assert judge(APP, mined, WINDOW, None, str).findings == ()
    (finding,) = judge(APP, mined, WINDOW, frozenset(), str).findings
    assert finding.severity == "info"


FATES = [
    ({"oom_killed": True}, "critical", "Killed for want of memory"),
    ({"state": "restarting", "restart_count": 9}, "critical", "Restarting again and again"),
    ({"restart_count": 1, "started_at": START}, "warning", "Restarted by Docker"),
    ({"restart_count": 5, "started_at": START}, "critical", "Restarting again and again"),
    ({"state": "exited", "exit_code": 1}, "critical", "Ended with exit code 1"),
    ({"state": "exited", "exit_code": 139}, "critical", "Ended with exit code 139 (SIGSEGV)"),
    ({"state": "exited", "exit_code": 137}, "warning", "Ended with exit code 137 (SIGKILL)"),
    ({"health": "unhealthy"}, "critical", "Health check fails"),
]


@pytest.mark.parametrize(("facts", "severity", "title"), FATES)
def test_a_container_s_fate_is_a_finding(
    facts: dict[str, object], severity: str, title: str
) -> None:
    container = replace(APP, **facts)  # type: ignore[arg-type]
    (finding,) = judged("calm\nlast words", container).findings
    assert (finding.severity, finding.title, finding.pattern) == (severity, title, None)
    assert finding.evidence[-1].line == "last words"


@pytest.mark.parametrize(
    "facts",
    [
        {"state": "exited", "exit_code": 0},
        {"state": "exited", "exit_code": 143},
        {"health": "healthy"},
        {"restart_count": 4, "started_at": START - timedelta(days=9)},
    ],
)
def test_what_ended_well_or_long_ago_is_no_finding(facts: dict[str, object]) -> None:
    container = replace(APP, **facts)  # type: ignore[arg-type]
    window = Window(START_NS - 10**9, START_NS + 10**12)
    assert judge(container, mine_text("calm"), window, None, str).findings == ()


def test_secrets_are_in_no_part_of_a_finding() -> None:
    redact = Redactor().redact
    line = "ERROR login with AKIAIOSFODNN7EXAMPLE and password=hunter2hunter2 failed"
    (finding,) = judge(APP, mine_text(line), WINDOW, None, redact).findings
    for secret in ("AKIAIOSFODNN", "hunter"):
        assert secret not in repr(finding)
    assert "[redacted:" in finding.evidence[0].line


def test_a_key_over_several_lines_is_redacted_as_one() -> None:
    redact = Redactor().redact
    body = "MIIEpAIBAAKCAQEAwJ8fjK2vQ0lq3nT5J9Q2mP1sX7yZ4bC6dE8fG0hI2jK4lM6n"
    key = f"-----BEGIN PRIVATE KEY-----\n{body}\nq3nT5J9Q\n-----END PRIVATE KEY-----"
    (finding,) = judge(APP, mine_text(f"ERROR dump\n  x\n{key}"), WINDOW, None, redact).findings
    assert body[:10] not in repr(finding)
    (finding,) = judge(APP, mine_text(f"ERROR {key}"), WINDOW, None, redact).findings
    assert "q3nT5J9Q" not in repr(finding)


def test_a_wall_of_findings_is_bounded_and_the_rest_counted() -> None:
    words = [f"{a}{b}{c}" for a in "abcdef" for b in "klmno" for c in "stuv"]
    judgement = judged("\n".join(f"ERROR {word}" for word in words))
    assert len(judgement.findings) == MOST_FINDINGS
    assert judgement.withheld == len(words) - MOST_FINDINGS


def test_lines_that_are_one_but_for_their_codes_are_still_known_by_them() -> None:
    log = "".join(
        f'10.0.1.{number} - - [22/Nov/2026:03:00:07 +0000] "GET /x HTTP/1.1" {code} 33 "-" "curl"\n'
        for number, code in enumerate((500, 502, 503, 200) * 20)
    )
    (finding,) = judged(log).findings
    assert finding.title.startswith("Requests answered with a server error")
    assert finding.count == 60
