"""Real services for every test: they are started when they are first asked for."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker as docker_sdk
import psycopg
import pytest

from tests.stack import docker, llm, postgres, state

PROGRAM = state.REPOSITORY / ".venv" / "bin" / "cyberbrain"

RunContainer = Callable[..., str]


def pytest_configure() -> None:
    """Signals are as for a program that a person starts, also under nohup or in the background."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that ask for more time than others begin first, so that nobody waits for them."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(scope="session")
def docker_host() -> str:
    """The URL of a real daemon."""
    with state.locked():
        return str(docker.up()["url"])


@pytest.fixture(scope="session")
def llm_url() -> str:
    """The base URL of a real llama.cpp server."""
    with state.locked():
        return str(llm.up()["url"])


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The URL of a real PostgreSQL server, without a database."""
    with state.locked():
        return str(postgres.up()["url"])


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """A fresh, empty database on the real PostgreSQL."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    yield f"{postgres_server}/{name}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records/cyberbrain.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture(scope="session")
def docker_image(docker_host: str) -> str:
    """A tiny image with a shell."""
    assert docker_host
    return docker.IMAGE


@pytest.fixture
def docker_client(docker_host: str) -> Iterator[docker_sdk.DockerClient]:
    """The SDK's client of the real daemon."""
    client = docker_sdk.DockerClient(docker_host)
    yield client
    client.close()


@pytest.fixture
def run_container(
    docker_client: docker_sdk.DockerClient, docker_image: str
) -> Iterator[RunContainer]:
    """Start containers that run a shell script; they are removed at the end of the test.

    `wait` waits for the script's end. Whatever else is given goes to the SDK's `create`.
    """
    made = []

    def run(script: str, *, name: str | None = None, wait: bool = True, **options: Any) -> str:
        name = name or f"test-{uuid.uuid4().hex[:10]}"
        key, _, value = docker.LABEL.partition("=")
        settings: dict[str, Any] = {"network_mode": "none", "labels": {key: value}} | options
        container = docker_client.containers.create(
            docker_image, ["sh", "-c", script], name=name, **settings
        )
        made.append(container)
        container.start()
        if wait:
            container.wait()
        return name

    yield run
    for container in made:
        container.remove(force=True, v=True)


@dataclass(frozen=True, slots=True)
class Finished:
    """What became of the program."""

    code: int
    stdout: str
    stderr: str


@dataclass(slots=True)
class Cyberbrain:
    """The installed program, as a process in an environment of its own."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, timeout: float = 120, **environment: str) -> Finished:
        """Run it to its end."""
        done = subprocess.run(
            self.command(*arguments),
            env=self.environment | environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        return Finished(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        """Start it and go on."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment | environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def command(*arguments: str) -> list[str]:
        """The command line."""
        return [str(PROGRAM), *arguments]


def installed(folder: Path, docker_host: str) -> Cyberbrain:
    """The program with the real daemon, no model, and SQLite in a folder."""
    home = folder / "home"
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_DATA_HOME": str(home / "data"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_STATE_HOME": str(home / "state"),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "DOCKER_HOST": docker_host,
        "CYBERBRAIN_LLM__ENDPOINT": "http://127.0.0.1:9",
    }
    return Cyberbrain(home, environment)


@pytest.fixture
def cyberbrain(tmp_path: Path, docker_host: str) -> Cyberbrain:
    """The program as `installed` makes it, for one test."""
    return installed(tmp_path, docker_host)
