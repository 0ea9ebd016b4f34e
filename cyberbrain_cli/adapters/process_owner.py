"""From a pid to the container it runs in, by its control group. Runs no program.

Control groups of containers bear the container's id in their name: `/docker/ID` with cgroupfs,
`docker-ID.scope` with systemd, `libpod-ID` with Podman, `cri-containerd-ID` with Kubernetes, in
version 1 in each hierarchy, in version 2 once, and under rootless Docker below the user's slice.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

HIDDEN = (
    "Processes cannot be told apart: this program runs in a pid namespace of its own, where the "
    "driver's pids mean others, or are not told at all"
)

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_FIRST_PID_NAMESPACE = "pid:[4026531836]"
_FIRST_CGROUP_NAMESPACE = "cgroup:[4026531835]"
_PROC = Path("/proc")


def containers_of(pid: int, proc: Path = _PROC) -> tuple[str, ...]:
    """The ids of the containers that a process runs in, the outermost first; none for the host's.

    A container can make up what follows its own id, and nothing before it. Raises
    ProcessLookupError for a process of which that cannot be told: it is gone, it may not be read,
    or it shares a container with this program, whose own id is not shown.
    """
    try:
        text = (proc / str(pid) / "cgroup").read_text(errors="replace")
    except OSError:
        raise ProcessLookupError(pid) from None
    paths = [line.split(":", 2)[-1] for line in text.splitlines()]
    found = dict.fromkeys(match for path in paths for match in _ID.findall(path))
    outside = any(path.startswith("/..") for path in paths)
    if not found and not outside and not _cgroups_are_the_hosts(proc):
        raise ProcessLookupError(pid)
    return tuple(found)


def pids_are_the_hosts(proc: Path = _PROC) -> bool:
    """Whether a pid means the same to us as to the kernel's drivers."""
    try:
        return str((proc / "self/ns/pid").readlink()) == _FIRST_PID_NAMESPACE
    except OSError:
        return os.name == "posix" and (proc / "1").exists()


def _cgroups_are_the_hosts(proc: Path) -> bool:
    """Whether control groups are named from the root of the machine's."""
    try:
        return str((proc / "self/ns/cgroup").readlink()) == _FIRST_CGROUP_NAMESPACE
    except OSError:
        return True
