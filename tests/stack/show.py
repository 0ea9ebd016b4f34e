"""`make demo`: start the services and the shop in trouble, and triage it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.stack import demo, docker, llm, state

ALLOWED = ("shop-db", "shop-app", "shop-proxy")
_PROGRAM = str(state.REPOSITORY / ".venv" / "bin" / "cyberbrain")


def main() -> int:
    """The launch's exit code; 1 with one line when a service cannot be had."""
    try:
        with state.locked():
            llm.up(threads=None)  # nothing else is to be done
            for service in (docker, llm, demo):
                service.up()
                print(f"{service.NAME:9} {service.status()}", file=sys.stderr)
            environment = _environment()
    except (state.StackError, TimeoutError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    for name in ALLOWED:
        code = _run(environment, "allowlist", "add", name)
        if code:
            return code
    # The key is the incident's: a second demo shows the same run again instead of thinking anew.
    key = f"demo-{demo.incident()}"
    code = _run(environment, "launch", "log-triage", "--run-key", key, *_SMALL)
    print(_FAREWELL.format(config=environment["CYBERBRAIN_CONFIG"]), file=sys.stderr)
    return code


# The demo's model is tiny and runs on the processor: short questions, short answers.
_SMALL = ("--param", "digest_tokens=800", "--param", "answer_tokens=240")
_FAREWELL = """
Go on with   export CYBERBRAIN_CONFIG={config}
             .venv/bin/cyberbrain runs            .venv/bin/cyberbrain artifacts
and          make demo-down   when you have seen enough.\
"""


def _run(environment: dict[str, str], *arguments: str) -> int:
    print(f"\n$ cyberbrain {' '.join(arguments)}", file=sys.stderr, flush=True)
    return subprocess.run([_PROGRAM, *arguments], env=environment).returncode


def _environment() -> dict[str, str]:
    """A configuration of the demo's own; the user's is neither read nor written."""
    home = state.folder(demo.NAME)
    config = home / "cyberbrain.yaml"
    daemon, model = state.load(docker.NAME), state.load(llm.NAME)
    assert daemon is not None
    assert model is not None
    config.write_text(
        f"database: {{url: 'sqlite:///{home}/cyberbrain.db'}}\n"
        f"docker: {{host: '{daemon['url']}'}}\n"
        f"llm: {{endpoint: '{model['url']}', max_parallel: 2}}\n"
        f"artifacts: {{root: '{home}/artifacts'}}\n"
        f"directives: {{folders: ['{Path('directives').absolute()}']}}\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CYBERBRAIN_")}
    return kept | {"CYBERBRAIN_CONFIG": str(config)}


if __name__ == "__main__":
    sys.exit(main())
