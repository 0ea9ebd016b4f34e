"""Programs from the distribution, where that may be done: Debian or Ubuntu, as root."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.stack.state import StackError

_POLICY = Path("/usr/sbin/policy-rc.d")


def need(package: str, *, what: str, otherwise: str) -> None:
    """Install a package. Raises StackError in one line where that is not to be had."""
    if shutil.which("apt-get") is None or os.getuid() != 0:
        raise StackError(f"{what} is missing. {otherwise}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _run(["apt-get", "update", "-q"], environment, f"{what}: apt-get update failed")
    ours = _keep_services_down()
    try:
        command = ["apt-get", "install", "-q", "-y", "--no-install-recommends", package]
        _run(command, environment, f"{what}: apt-get install {package} failed")
    finally:
        if ours:
            _POLICY.unlink(missing_ok=True)


def _keep_services_down() -> bool:
    """A package must not start a service behind our back: Debian's own switch says so."""
    if _POLICY.exists():
        return False
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    return True


def _run(command: list[str], environment: dict[str, str], told: str) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise StackError(f"{told}: {last}")
