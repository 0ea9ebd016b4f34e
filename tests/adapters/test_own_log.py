"""The program's own log, written by processes of their own as it is in earnest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cyberbrain_cli.adapters.own_log import mask, to_file
from cyberbrain_cli.core.errors import UsageError

LONGEST_LINE = 200
_WRITE = """
import logging, sys
from pathlib import Path
from cyberbrain_cli.adapters import libraries, own_log
from cyberbrain_cli.core.errors import RunFailed
libraries.hush()
def warn(text):
    print(text, flush=True)
own_log.to_file(
    Path(sys.argv[1]), "debug", redacted=True, max_bytes=int(sys.argv[2]), files=9, warn=warn
)
own_log.to_stderr("debug")
log = logging.getLogger("cyberbrain_cli.test")
"""
_MANY = """
print("ready", flush=True)
sys.stdin.readline()
for number in range(200):
    log.info("event %d of %s", number, sys.argv[3])
"""
_ONE = """
log.warning("told of %s", RunFailed("our own words"), extra={"run_id": 3, "container": "db"})
try:
    raise ValueError("body: t0psecret")
except ValueError as error:
    log.exception("a library failed: %s", error)
log.info("at 10.1.2.3 and fe80::1, 12:34:56, /home/jane/x, 0123456789abcdef\\x1b[2J")
log.info("%(a)s and %(b)s", {"a": OSError("t0psecret"), "b": [KeyError("t0psecret")]})
log.error(ValueError("t0psecret"))
log.info("a name\\n{\\"level\\": \\"ERROR\\"}")
logging.getLogger("openai").warning("t0psecret")
import warnings
warnings.warn("t0psecret")
"""
_FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
for number in range(50):
    log.info("event %d", number)
"""


def process(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITE + code, *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def events(*files: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def test_each_event_is_one_line_with_its_fields_and_nobody_elses_words(tmp_path: Path) -> None:
    path = tmp_path / "new" / "own.log"
    _, shown = process(_ONE, path, 10**6).communicate(timeout=60)
    told, failed, masked, listed, bare, forged, warned = events(path)
    assert set(told) == {"timestamp", "level", "logger", "message", "run_id", "container"}
    assert (told["level"], told["logger"]) == ("WARNING", "cyberbrain_cli.test")
    assert (told["message"], told["run_id"], told["container"]) == (
        "told of our own words", 3, "db",
    )  # fmt: skip
    assert datetime.fromisoformat(told["timestamp"]).utcoffset() == timedelta(0)
    assert failed["message"] == "a library failed: ValueError (ValueError)"
    assert masked["message"].startswith(
        "at [address] and [address], 12:34:56, /home/[user]/x, [id]"
    )
    assert (listed["message"], bare["message"]) == ("OSError and ['KeyError']", "ValueError")
    assert forged["message"] == 'a name\n{"level": "ERROR"}'
    assert warned["message"].startswith("UserWarning at ")
    assert warned["logger"] == "cyberbrain_cli.adapters.libraries"
    assert "t0psecret" not in path.read_text()
    assert "WARNING told of our own words run_id=3 container=db" in shown
    assert "\x1b" not in shown
    assert "t0psecret" not in shown
    assert [line.split()[0] for line in shown.splitlines()] == [
        "WARNING", "ERROR", "INFO", "INFO", "ERROR", "INFO", "WARNING",
    ]  # fmt: skip
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_processes_that_rotate_at_once_lose_and_tear_no_line(tmp_path: Path) -> None:
    path = tmp_path / "own.log"
    writers = [process(_MANY, path, 40_000, name) for name in "abcd"]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    files = [file for file in tmp_path.iterdir() if not file.name.startswith(".")]
    assert 1 < len(files) <= 9
    assert max(file.stat().st_size for file in files) <= 40_000 + LONGEST_LINE
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o600}
    told = Counter(event["message"] for event in events(*files))
    assert told == Counter(f"event {number} of {name}" for number in range(200) for name in "abcd")


def test_a_disk_that_fills_up_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    writer = process(_FULL, tmp_path / "own.log", 10**6)
    told, _ = writer.communicate(timeout=60)
    assert writer.returncode == 0
    assert told == f"warning: the log file {tmp_path}/own.log cannot be written: File too large.\n"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("2001:db8::8a2e:370:7334 and ::1.", "[address] and [address]."),
        ("since 12:34:56 or 2026-11-23T03:00:00", "since 12:34:56 or 2026-11-23T03:00:00"),
        ("sha256:" + "a" * 64, "sha256:[id]"),
        ("/Users/jane/.ssh", "/Users/[user]/.ssh"),
        ("http://10.0.0.7:8000/v1", "http://[address]:8000/v1"),
        ("run_3::job", "run_3::job"),
        ("::ffff:10.0.0.7, fe80::1%eth0", "[address], [address]"),
        ("02:42:ac:11:00:02", "[address]"),
        ("0123456789ab_shop-db", "[id]_shop-db"),
        ("to jane.doe@example.com", "to [redacted:email]"),
    ],
)
def test_ids_users_and_addresses_are_masked_and_times_are_not(text: str, left: str) -> None:
    assert mask(text) == left


def test_a_file_that_cannot_be_written_is_said_before_anything_is_done(tmp_path: Path) -> None:
    for path in (tmp_path, Path("/proc/nowhere/own.log")):
        with pytest.raises(UsageError, match="cannot be written"):
            to_file(path, "info", redacted=True, max_bytes=1024, files=2)


def test_a_device_or_a_pipe_is_left_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o644)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    before = Path("/dev/null").stat().st_mode
    for path in (pipe, Path("/dev/null")):
        with pytest.raises(UsageError, match="is not a file"):
            to_file(path, "info", redacted=True, max_bytes=1024, files=2)
    os.close(reader)
    with pytest.raises(UsageError, match="cannot be written"):
        to_file(pipe, "info", redacted=True, max_bytes=1024, files=2)
    assert (Path("/dev/null").stat().st_mode, pipe.stat().st_mode & 0o777) == (before, 0o644)
