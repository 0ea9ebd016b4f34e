"""From a pid to the container it runs in, by its control group. Runs no program.

Control groups of containers bear the container's id in their name: `/docker/ID` with cgroupfs,
`docker-ID.scope` with systemd, `libpod-ID` with Podman, in version 1 in each hierarchy, in version
2 once, and under rootless Docker below the user's own slice.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

HIDDEN = (
    "Processes cannot be told apart: this program runs in a pid namespace of its own, where the "
    "driver's pids mean others"
)

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_FIRST_PID_NAMESPACE = "pid:[4026531836]"
_PROC = Path("/proc")


def container_of(pid: int, proc: Path = _PROC) -> str | None:
    """The id of the container that a process runs in; None for one of the host.

    Raises ProcessLookupError for a process that is not there. The innermost container counts.
    """
    try:
        lines = (proc / str(pid) / "cgroup").read_text(errors="replace").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        raise ProcessLookupError(pid) from None
    except OSError:
        return None
    found = [match for line in lines for match in _ID.findall(line.partition("::")[2] or line)]
    return found[-1] if found else None


def pids_are_the_hosts(proc: Path = _PROC) -> bool:
    """Whether a pid means the same to us as to the kernel's drivers."""
    try:
        return str((proc / "self/ns/pid").readlink()) == _FIRST_PID_NAMESPACE
    except OSError:
        return os.name == "posix" and (proc / "1").exists()
