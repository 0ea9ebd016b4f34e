"""Containers that bring hostile texts along, mapped by the installed program."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from xml.etree import ElementTree

import docker as docker_sdk
import pytest

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import data_folder, document
from tests.conftest import Cyberbrain
from tests.stack import docker

PROJECT = '```\n# owned\n<script>alert(1)</script> \x1b[31m[bold red]"]; n0 [label="x \u202e'
SECRET = "tops3cret-canary"


@pytest.fixture
def network(docker_client: docker_sdk.DockerClient) -> Iterator[str]:
    key, _, value = docker.LABEL.partition("=")
    name = f'test-{uuid.uuid4().hex[:8]} <script>"];'
    made = docker_client.networks.create(name, labels={key: value})
    yield name
    made.remove()


def test_texts_of_containers_stay_texts(
    cyberbrain: Cyberbrain, network: str, allowed: Allowed
) -> None:
    names = [
        allowed(
            f"exec sleep 2147483 # --password {SECRET}", wait=False, network_mode=network,
            labels={"com.docker.compose.project": PROJECT, "com.docker.compose.service": service},
            volumes={"/etc": {"bind": f"/{PROJECT}", "mode": "ro"}},
            environment={"A_URL": f"http://u:{SECRET}@two:1/{SECRET}", SECRET: "two:2",
                         "PASSWORD": SECRET},
        )
        for service in ("one", "two")
    ]  # fmt: skip
    person = cyberbrain("launch", "--task", "service_map")
    assert person.code == 0, person.stderr
    assert "\x1b" not in person.stdout + person.stderr
    assert "\u202e" not in person.stdout
    assert "[bold red]" in person.stdout
    found = document(cyberbrain("launch", "--task", "service_map", "-o", "json"))
    folder = data_folder(cyberbrain) / f"artifacts/run_{found['run']['id']}/service_map"
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    assert {name for name in names if name in texts["service_map.json"]} == {*names}
    assert "environment variable A_URL names two:1" in texts["service_map.json"]
    for name, text in texts.items():
        assert SECRET not in text.replace(f"environment variable {SECRET}", ""), name
        assert "\x1b" not in text, name
    assert not any(
        line.startswith(("# owned", "<script>")) for line in texts["report.md"].split("\n")
    )
    page = ElementTree.fromstring(texts["service_map.svg"])
    assert not [part for part in page.iter() if part.tag.endswith(("script", "}a"))]
    assert "<script>" not in texts["service_map.mmd"]
