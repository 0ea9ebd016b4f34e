"""A run's sign of life, and the ear that hears `runs cancel`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cyberbrain_cli.core.errors import Cancelled, CyberbrainError
from cyberbrain_cli.core.ports import Journal
from cyberbrain_cli.engine.stop import Stop

INTERVAL_SECONDS = 1.0


@contextmanager
def beating(journal: Journal, run_id: int, stop: Stop) -> Iterator[None]:
    """Beat while the context is open. A database that fails now fails the settling, not this."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(INTERVAL_SECONDS):
            try:
                if journal.heartbeat(run_id):
                    stop.request(Cancelled())
            except CyberbrainError:
                continue

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=INTERVAL_SECONDS)
