"""The machine underneath: its clock, and how the records name this process."""

from __future__ import annotations

import getpass
import os
import socket
import time
from datetime import UTC, datetime
from pathlib import Path

from cyberbrain_cli.core.ports import Identity

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Real time; implements `core.ports.Clock`."""

    def now(self) -> datetime:
        """The current aware UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def wait(self, seconds: float) -> None:
        """Let `seconds` pass."""
        time.sleep(seconds)


def identity() -> Identity:
    """This process on this boot of this machine; the boot is empty where none can be told."""
    try:
        boot_id = _BOOT_ID.read_text().strip()
    except OSError:
        boot_id = ""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a number without a name
        user = f"uid {os.getuid()}"
    return Identity(socket.gethostname(), os.getpid(), boot_id, user)
