"""Whose trouble explains whose, on real containers in a real network."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import docker as docker_sdk
import pytest

from cyberbrain_cli.adapters.docker_host import DockerHost
from tests.conftest import Cyberbrain, RunContainer
from tests.stack import docker

DB = "for i in 1 2 3 4 5 6; do echo 'FATAL:  sorry, too many clients already' >&2; done"


@pytest.fixture
def network(docker_client: docker_sdk.DockerClient) -> Iterator[str]:
    """A network of the test's own, removed after its containers."""
    key, _, value = docker.LABEL.partition("=")
    made = docker_client.networks.create(f"test-{uuid.uuid4().hex[:10]}", labels={key: value})
    yield str(made.name)
    made.remove()


class Shop:
    """Containers of one Compose project; each has written its log before the next starts."""

    def __init__(
        self, run: RunContainer, client: docker_sdk.DockerClient, network: str, program: Cyberbrain
    ) -> None:
        self._run, self._client, self._network = run, client, network
        self._program = program
        self.project = f"p{uuid.uuid4().hex[:8]}"

    def start(self, service: str, script: str, *, depends: str = "", **options: object) -> str:
        key, _, value = docker.LABEL.partition("=")
        labels = {
            key: value,
            "com.docker.compose.project": self.project,
            "com.docker.compose.service": service,
        }
        if depends:
            labels["com.docker.compose.depends_on"] = depends
        name = self._run(
            f"{script}; echo INFO written; sleep 600", name=f"{self.project}-{service}",
            wait=False, network_mode=self._network, labels=labels, **options,
        )  # fmt: skip
        log = self._client.containers.get(name).logs(stream=True, follow=True)
        assert any(b"INFO written" in piece for piece in log)
        assert self._program("allowlist", "add", name).code == 0
        return name

    def address(self, name: str) -> str:
        found = self._client.api.inspect_container(name)["NetworkSettings"]["Networks"]
        return str(found[self._network]["IPAddress"])


@pytest.fixture
def shop(
    network: str,
    run_container: RunContainer,
    docker_client: docker_sdk.DockerClient,
    cyberbrain: Cyberbrain,
) -> Shop:
    return Shop(run_container, docker_client, network, cyberbrain)


def test_a_cascade_is_one_chain_in_document_report_and_terminal(
    shop: Shop, cyberbrain: Cyberbrain
) -> None:
    db = shop.start("db", DB)
    app = shop.start(
        "app", "for i in 1 2 3; do echo ERROR connection refused by db:5432, retrying; done"
    )
    where = shop.address(app)
    proxy = shop.start("proxy", f"echo '[error] bad gateway, upstream: http://{where}:8000/pay'")
    mail = shop.start("mail", "echo ERROR invalid template welcome.html")
    done = cyberbrain("launch", "--task", "log_triage", "--no-llm", "-o", "json")
    document = json.loads(done.stdout)
    (chain,) = document["chains"]
    assert [link["container"] for link in chain["links"]] == [db, app, proxy]
    assert [link["because"] for link in chain["links"]] == [
        None, "its lines name db", f"its lines name {where}",
    ]  # fmt: skip
    findings = {item["id"]: item for item in document["findings"]}
    for link in chain["links"]:
        finding = findings[link["finding"]]
        assert (finding["container"], finding["count"]) == (link["container"], link["count"])
        assert finding["first_seen"] == link["first_seen"]
    assert mail in {item["container"] for item in document["findings"]}
    shown = cyberbrain("runs", "show", str(document["run"]["id"])).stdout
    assert chain["text"] in shown
    (report,) = (cyberbrain.home / "data").rglob("report.md")
    assert "## What explains what" in report.read_text()
    assert "its lines name db" in report.read_text()


def test_compose_dependencies_and_ports_explain_what_names_nobody(
    shop: Shop, cyberbrain: Cyberbrain
) -> None:
    db = shop.start("db", DB, ports={"5432/tcp": None})
    app = shop.start("app", "echo ERROR checkout failed", depends="db:service_healthy:false")
    job = shop.start("job", "echo 'ERROR dial tcp 127.0.0.1:5432: connection refused'")
    done = cyberbrain("launch", "--task", "log_triage", "--no-llm", "-o", "json")
    (chain,) = json.loads(done.stdout)["chains"]
    assert [(link["container"], link["because"]) for link in chain["links"]] == [
        (db, None),
        (app, f"Compose says that it depends on {db}"),
        (job, "its lines name port 5432"),
    ]


def test_two_that_fail_by_themselves_are_no_chain(shop: Shop, cyberbrain: Cyberbrain) -> None:
    shop.start("db", DB)
    shop.start("mail", "echo ERROR invalid template welcome.html")
    done = cyberbrain("launch", "--task", "log_triage", "--no-llm", "-o", "json")
    document = json.loads(done.stdout)
    assert len(document["findings"]) == 2
    assert document["chains"] == []
    assert "explains" not in cyberbrain("runs", "show", str(document["run"]["id"])).stdout


def test_the_daemon_tells_where_a_container_can_be_reached(
    shop: Shop, docker_host: str, network: str
) -> None:
    name = shop.start("db", "true", hostname="database", ports={"5432/tcp": None})
    found = DockerHost(docker_host, 20).inspect(name).network
    assert found.networks == (network,)
    assert found.addresses == (shop.address(name),)
    assert "database" in found.names
    assert 5432 in found.ports
    alone = DockerHost(docker_host, 20).containers()
    assert all(item.network.addresses == () for item in alone)
