"""The installed program as a process: usage errors, help, and streams that are not there."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from cyberbrain_cli import __version__
from cyberbrain_cli.cli.app import COMMANDS
from tests.cli.program import CYBERBRAIN, process


def test_version() -> None:
    for arguments in (["--version"], ["--no-color", "--version"]):
        done = process(*arguments)
        assert (done.returncode, done.stdout, done.stderr) == (
            0,
            f"cyberbrain {__version__}\n",
            "",
        )


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], []])
def test_help_lists_every_command(arguments: list[str]) -> None:
    done = process(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    for name, (_, summary) in COMMANDS.items():
        assert f"  {name} " in done.stdout
        assert summary in done.stdout


@pytest.mark.parametrize(
    ("flag", "forbidden"),
    [
        ("--version", "typer|pydantic|rich|sqlmodel|docker|openai"),
        ("--help", "pydantic|rich|sqlmodel|docker|openai|cyberbrain_cli.cli.commands"),
    ],
)
def test_start_up_imports_nothing_heavy(flag: str, forbidden: str) -> None:
    script = (
        "import sys\n"
        "from cyberbrain_cli.cli.app import main\n"
        "try:\n"
        f"    main(['{flag}'])\n"
        "except SystemExit:\n"
        f"    heavy = [name for name in '{forbidden}'.split('|') if name in sys.modules]\n"
        "    print('heavy:', *heavy)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "heavy:"


@pytest.mark.parametrize(
    "arguments",
    [
        ["rnus", "-o", "json"],
        ["-o", "json", "rnus"],
        ["-ojson"],
        ["runs", "--limti", "3", "--output=json"],
        ["--output", "json", "runs", "show", "x"],
        ["runs", "--since", "someday", "-o", "json"],
    ],
)
def test_with_json_a_usage_error_is_the_document(arguments: list[str]) -> None:
    done = process(*arguments)
    assert done.returncode == 2
    assert done.stderr == ""
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "usage"
    assert error["message"]
    assert set(error) == {"code", "message", "hint"}


def test_hostile_arguments_do_not_reach_the_terminal() -> None:
    done = process("runs", "--since", "\x1b[31m\u202e")
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "\u202e" not in done.stderr


def test_arguments_that_are_no_text_are_told_in_any_locale() -> None:
    for locale in ("C", "C.UTF-8", "POSIX"):
        environment = {"PATH": os.environ["PATH"], "LC_ALL": locale}
        done = subprocess.run(
            [CYBERBRAIN, b"run\xff\xc3\xbc"], capture_output=True, env=environment, check=False
        )
        assert done.returncode == 2
        assert b"There is no command" in done.stderr
        assert b"\xff" not in done.stderr


def test_an_ascii_terminal_gets_escapes_not_a_traceback() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = process("rünß", env=environment)
    assert done.returncode == 2
    assert "There is no command 'r\\xfcn\\xdf'" in done.stderr


@pytest.mark.parametrize("command", ["--help", "config schema --of run", "--version"])
def test_a_reader_that_goes_away_ends_it_quietly(command: str) -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as pipe:
        done = process(*command.split(), stdout=pipe, stderr=subprocess.PIPE, capture_output=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_head_takes_what_it_wants() -> None:
    done = subprocess.run(
        ["sh", "-c", f"set -e; {CYBERBRAIN} config schema --of run | head -n 1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{\n", "")


@pytest.mark.parametrize("command", ["--help", "--version", "config schema --of run"])
def test_a_full_disk_is_a_failure_and_not_silence(command: str) -> None:
    done = subprocess.run(
        ["sh", "-c", f"{CYBERBRAIN} {command} > /dev/full"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == "error: The output cannot be written: No space left on device.\n"


@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_do_no_harm(streams: str) -> None:
    for command, code in (("--version", 0), ("--help", 0), ("rnus -o json", 2), ("rnus", 2)):
        done = subprocess.run(
            ["sh", "-c", f"{CYBERBRAIN} {command} {streams}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code
        assert "Traceback" not in done.stdout + done.stderr
        assert "Exception" not in done.stdout + done.stderr


def on_terminal(*arguments: str, **environment: str) -> str:
    """What a terminal receives on standard error."""
    ours, theirs = pty.openpty()
    done = process(
        *arguments,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        capture_output=False,
        env={**os.environ, "TERM": "xterm", **environment},
    )
    os.close(theirs)
    assert done.returncode == 2
    try:
        return os.read(ours, 10_000).decode()
    finally:
        os.close(ours)


def test_colour_on_a_terminal_only_and_only_if_welcome() -> None:
    assert "\x1b[1;31merror: " in on_terminal("rnus")
    assert "\x1b" not in on_terminal("rnus", NO_COLOR="1")
    assert "\x1b" not in on_terminal("--no-color", "rnus")
    assert "\x1b" not in on_terminal("rnus", TERM="dumb")
    assert "\x1b" not in process("rnus").stderr
