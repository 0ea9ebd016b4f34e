"""The fixtures of the tests that stop, overlap and break runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance.boxes import directive as directive
from tests.acceptance.boxes import name as name
from tests.acceptance.boxes import ours as ours
from tests.acceptance.daemon_proxy import DaemonProxy
from tests.acceptance.support import TROUBLE, Records
from tests.conftest import Cyberbrain, RunContainer
from tests.stack.scripted_llm import ScriptedLlm

Allowed = Callable[..., str]


@pytest.fixture
def records(cyberbrain: Cyberbrain, database_url: str) -> Records:
    """The records of the program, on each kind of database."""
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = database_url
    if database_url.startswith("postgresql"):
        assert cyberbrain("db", "upgrade").code == 0
    return Records(database_url)


@pytest.fixture
def allowed(cyberbrain: Cyberbrain, run_container: RunContainer) -> Allowed:
    """Run a container that may be read. Ask for `records` first when they are to know of it."""

    def run(script: str = TROUBLE, *, wait: bool = True, **options: object) -> str:
        name = run_container(script, wait=wait, **options)
        assert cyberbrain("allowlist", "add", name).code == 0
        return name

    return run


@pytest.fixture
def model(cyberbrain: Cyberbrain) -> Iterator[ScriptedLlm]:
    """A scripted model that the program is told to use."""
    with ScriptedLlm() as llm:
        cyberbrain.environment["CYBERBRAIN_LLM__ENDPOINT"] = llm.url
        yield llm


@pytest.fixture
def daemon(cyberbrain: Cyberbrain, docker_host: str, tmp_path: Path) -> Iterator[DaemonProxy]:
    """A socket before the real daemon that the program is told to use."""
    with DaemonProxy(docker_host, tmp_path / "docker.sock") as proxy:
        cyberbrain.environment["DOCKER_HOST"] = proxy.url
        yield proxy
