"""`make test`: bring the services up, run the whole suite, stop what was not up before."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.stack import docker, llm, postgres, state

SERVICES = (docker, llm, postgres)


def main(arguments: list[str]) -> int:
    """Pytest's exit code; 1 with one line when a service cannot be had."""
    before = {service.NAME for service in SERVICES if state.load(service.NAME)}
    try:
        for service in SERVICES:
            with state.locked():
                service.up()
            print(f"{service.NAME:9} {service.status()}", flush=True)
        count = str(min(4, os.cpu_count() or 1))
        workers = [] if arguments else ["-n", count, "--dist", "worksteal"]
        return subprocess.run([sys.executable, "-m", "pytest", *workers, *arguments]).returncode
    except (state.StackError, TimeoutError) as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    finally:
        with state.locked():
            for service in reversed(SERVICES):
                if service.NAME not in before:
                    service.down()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
