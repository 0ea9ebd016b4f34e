"""Four small containers in the middle of a believable incident, for `make demo`.

The shop's database runs out of connections; the application retries against it and fails, the
proxy answers 502, and the mailer has nothing to do with it.
"""

from __future__ import annotations

from pathlib import Path

from tests.stack import docker, state
from tests.stack.state import Record, StackError

NAME = "demo"
_OURS = ("--filter", f"label={docker.LABEL}")
_DEMO = "cyberbrain.demo=1"
_PROGRAMS = Path(__file__).parent / "incident"
CONTAINERS = ("shop-db", "shop-app", "shop-proxy", "shop-mail")
_DEPENDS = {"shop-app": "db:service_started:false", "shop-proxy": "app:service_started:false"}


def up() -> Record:
    """Start the four; those that run already stay. They write their logs and then idle."""
    daemon = docker.up()
    ours = docker.run(daemon, "ps", "--format", "{{.Names}}", *_OURS).split()
    for name in CONTAINERS:
        if name in ours:
            continue
        _make_way(daemon, name)
        labels = ["--label", docker.LABEL, "--label", _DEMO]
        labels += ["--label", "com.docker.compose.project=shop"]
        labels += ["--label", f"com.docker.compose.service={name.removeprefix('shop-')}"]
        if name in _DEPENDS:
            labels += ["--label", f"com.docker.compose.depends_on={_DEPENDS[name]}"]
        script = 'awk "$0" && echo > /tmp/written; trap "exit 0" TERM; sleep 2147483 & wait'
        docker.run(
            daemon, "run", "-d", "--network=none", f"--name={name}", *labels, docker.IMAGE,
            "sh", "-c", script, (_PROGRAMS / f"{name}.awk").read_text(), check=True,
        )  # fmt: skip
        # One after the other: what the database suffers begins before what the others do.
        state.wait(lambda name=name: _written(daemon, name), f"{name} to write its log")  # type: ignore[misc]
    return state.save(NAME, {"containers": CONTAINERS})


def incident() -> str:
    """What tells this incident from the one of another demo."""
    daemon = state.load(docker.NAME) or docker.up()
    return docker.run(daemon, "ps", "-aq", "--filter", f"name=^/{CONTAINERS[0]}$").strip()


def _make_way(daemon: Record, name: str) -> None:
    """Remove what is left of an earlier demo; somebody else's container of that name stays."""
    if not docker.run(daemon, "ps", "-aq", "--filter", f"name=^/{name}$").strip():
        return
    if not docker.run(daemon, "ps", "-aq", "--filter", f"name=^/{name}$", *_OURS).strip():
        raise StackError(f"This host has a container '{name}' already; the demo leaves it alone.")
    docker.run(daemon, "rm", "-f", "-v", name)


def _written(daemon: Record, name: str) -> bool:
    return bool(docker.run(daemon, "exec", name, "ls", "/tmp/written").strip())


def down() -> None:
    """Remove the four."""
    daemon = state.load(docker.NAME)
    if daemon and state.load(NAME):
        ids = docker.run(daemon, "ps", "-aq", *_OURS, "--filter", f"label={_DEMO}").split()
        if ids:
            docker.run(daemon, "rm", "-f", "-v", *ids)
    state.forget(NAME)


def status() -> str:
    """One line."""
    return "up: " + ", ".join(CONTAINERS) if state.load(NAME) else "down"
