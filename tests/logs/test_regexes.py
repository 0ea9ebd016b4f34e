"""No line of a log makes a regular expression take its time: all are about linear."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import cyberbrain_cli.logs
from cyberbrain_cli.logs.lines import read_line

UNITS = (
    *("a", "A", "1", " ", "\t", "a ", "1 ", "a1", "A1 ", "/a", "a/", "a.", "1.", "1:", "a:", ":"),
    *("[", "[] ", "[1] ", "(", "()", "{", "<", "<1", "=", "a=1 ", "a=", '"', "'", 'a="\\', "-"),
    *("a-", "_", "a_1", ",", "|", "| ", "@", "a@", "a@a.", "#", "*", "...", "Aa", "aA", "a.B:"),
    *("error ", "errors=", "failed ", "0 errors ", "no error ", "/error", "error.", "--error-"),
    *("status ", "exit ", "HTTP/", "timeout: ", "is set to ", "Caused by: ", "a.Error", "Error"),
    *("Jan 1 ", "2026-01-01 ", "10:10:10 ", "1700000000 ", "for user ", "host=", "level=", "1-"),
    *("<*> ", "<n> ", "\x1b[", "\x1b]", "\u200b", "É", "at a(", "goroutine 1 [", "-----BEGIN "),
    *("did not ", "unable to connect to ", "retry ", "max ", "0x", "::", "f", "MiB ", "INFO "),
)  # fmt: skip
ENDS = ("", "!")
SMALL, LARGE = 500, 4000
GROWTH = 3 * LARGE / SMALL
"""A quadratic search would grow by the square of the factor by which its text grows."""
NOTICED_SECONDS = 0.003
ONLY_MATCHED = ("header._AFTER_LEVEL", "masks._ALL", "masks._EXACT")
"""Collections whose expressions are only tried at the place where a text is read."""
Probe = Callable[[str], object]


def compiled(value: Any, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif depth < 3 and isinstance(value, tuple | list | frozenset):
        for item in value:
            yield from compiled(item, depth + 1)
    elif depth < 3 and isinstance(value, dict):
        yield from compiled(tuple(value.values()), depth + 1)
    elif depth < 3 and hasattr(value, "__dataclass_fields__") and not isinstance(value, type):
        yield from compiled(
            [getattr(value, name) for name in value.__dataclass_fields__], depth + 1
        )


def probes() -> Iterator[tuple[str, Probe]]:
    """Every regular expression of the package, used as its module uses it."""
    seen = set()
    for info in pkgutil.iter_modules(cyberbrain_cli.logs.__path__):
        module = importlib.import_module(f"cyberbrain_cli.logs.{info.name}")
        source = inspect.getsource(module)
        for name, value in vars(module).items():
            for pattern in compiled(value):
                if pattern in seen:
                    continue
                seen.add(pattern)
                used = set(re.findall(rf"\b{name}\.(\w+)\(", source))
                anchored = bool(used) and used <= {"match", "fullmatch"}
                full = f"{info.name}.{name}"
                yield full, probe(pattern, anchored=anchored or full in ONLY_MATCHED)


def probe(pattern: re.Pattern[Any], *, anchored: bool) -> Probe:
    def run(text: str) -> object:
        subject: Any = text.encode() if isinstance(pattern.pattern, bytes) else text
        if anchored:
            return pattern.match(subject)
        return sum(1 for _ in pattern.finditer(subject))

    return run


def read_text(text: str) -> object:
    return read_line(text.encode())


def seconds(run: Probe, text: str) -> float:
    start = time.thread_time()
    run(text)
    return time.thread_time() - start


def grows(run: Probe, unit: str, end: str) -> float:
    """By what factor the time grows with the text; 0 where it is too short to tell."""
    texts = [unit * (size // len(unit)) + end for size in (SMALL, LARGE)]
    large, small = seconds(run, texts[1]), 0.0
    for _ in range(3):
        if large < NOTICED_SECONDS or large <= GROWTH * small:
            return 0.0
        small = max(small, seconds(run, texts[0]))
        large = min(large, seconds(run, texts[1]))
    return large / small


PROBES = list(probes())


@pytest.mark.parametrize(("name", "run"), PROBES, ids=[name for name, _ in PROBES])
def test_a_regular_expression_is_about_linear(name: str, run: Probe) -> None:
    slow = [(unit, end) for unit in UNITS for end in ENDS if grows(run, unit, end)]
    assert slow == [], name


def test_the_probe_notices_one_that_is_not() -> None:
    quadratic = probe(re.compile(r"a*b"), anchored=False)
    assert any(grows(quadratic, "a", "") for _ in range(10)), "a busy machine blurs some of them"


PROSE = "the fox took 12 ms to jump over host-7 at 10.0.0.1, id=deadbeef1 " * 2000
HEADS = ("", "2026-11-23 02:58:51 INFO ", '{"level":30,"msg":"', "a=1 msg=")


@pytest.mark.parametrize("head", HEADS)
def test_no_long_line_takes_much_longer_than_another(head: str) -> None:
    usual = min(seconds(read_text, PROSE) for _ in range(5))
    for unit in UNITS:
        line = head + unit * (len(PROSE) // len(unit))
        assert min(seconds(read_text, line) for _ in range(2)) < 30 * usual, unit
