"""python -m tests.stack up|down|status [SERVICE ...]."""

from __future__ import annotations

import argparse
import json
import sys
from types import ModuleType

from tests.stack import demo, docker, llm, postgres, state

SERVICES: dict[str, ModuleType] = {
    service.NAME: service for service in (docker, llm, postgres, demo)
}
BY_DEFAULT = ("docker", "llm", "postgres")


def main() -> int:
    """Do it; exit code 1 with one line when something cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m tests.stack", description=__doc__)
    parser.add_argument("action", choices=("up", "down", "status"))
    parser.add_argument("services", nargs="*", metavar="SERVICE", help=", ".join(SERVICES))
    parser.add_argument("--json", action="store_true", help="print the services' records")
    arguments = parser.parse_args()
    unknown = set(arguments.services) - set(SERVICES)
    if unknown:
        parser.error(f"no such service: {', '.join(sorted(unknown))}")
    try:
        with state.locked():
            _act(arguments.action, arguments.services)
    except (state.StackError, TimeoutError) as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    if arguments.json:
        print(json.dumps({name: state.load(name) for name in SERVICES}))
    return 0


def _act(action: str, names: list[str]) -> None:
    if action == "up":
        for name in names or BY_DEFAULT:
            SERVICES[name].up()
            print(f"{name:9} {SERVICES[name].status()}", file=sys.stderr)
    elif action == "down":
        for name in names or reversed(list(SERVICES)):
            SERVICES[name].down()
    else:
        for name in names or SERVICES:
            print(f"{name:9} {SERVICES[name].status()}")


if __name__ == "__main__":
    sys.exit(main())
