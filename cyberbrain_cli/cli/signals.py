"""SIGINT, SIGTERM and SIGHUP while something runs that has to clean up behind itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from cyberbrain_cli.core.errors import ExitCode

_CODES = {
    signal.SIGINT: ExitCode.INTERRUPTED,
    signal.SIGTERM: ExitCode.TERMINATED,
    signal.SIGHUP: ExitCode.TERMINATED,
}
_NOTICE = b"stopping; once more to stop at once\n"


@contextmanager
def cancelled_by_signals(cancel: Callable[[ExitCode], None]) -> Iterator[None]:
    """The first signal cancels, the second ends the process on the spot.

    A signal that is ignored, as SIGHUP is under nohup, stays ignored.
    """
    asked: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:
        del frame
        code = _CODES[signal.Signals(number)]
        if asked:
            os._exit(code)
        asked.append(number)
        cancel(code)
        if os.isatty(2):
            os.write(2, _NOTICE)

    before = {number: signal.getsignal(number) for number in _CODES}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
