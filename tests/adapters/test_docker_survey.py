"""A survey of real containers: what the daemon and the kernel say of each of them."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from typing import Any, cast

import docker as docker_sdk
import pytest
from docker.types import IPAMConfig, IPAMPool

from cyberbrain_cli.adapters.docker_host import DockerHost
from cyberbrain_cli.core.records import Limits, ServiceFacts, Sockets, Survey
from tests.acceptance.support import until
from tests.conftest import RunContainer
from tests.stack import docker

IDLE = "exec sleep 2147483"


@pytest.fixture
def host(docker_host: str) -> Iterator[DockerHost]:
    host = DockerHost(docker_host, 30)
    yield host
    host.close()


@pytest.fixture
def network(docker_client: docker_sdk.DockerClient) -> Iterator[str]:
    """A network with IPv4 and IPv6."""
    name = f"test-{secrets.token_hex(5)}"
    pool = IPAMPool(subnet=f"fd{secrets.token_hex(1)}:{secrets.token_hex(2)}::/64")
    made = docker_client.networks.create(
        name, enable_ipv6=True, ipam=IPAMConfig(pool_configs=[pool]), labels=label()
    )
    yield name
    made.remove()


def label(**more: str) -> dict[str, str]:
    key, _, value = docker.LABEL.partition("=")
    return {key: value} | {f"com.docker.compose.{name}": text for name, text in more.items()}


def facts(found: Survey, name: str) -> ServiceFacts:
    return next(item for item in found.containers if item.name == name)


def alone(host: DockerHost, name: str) -> ServiceFacts:
    return facts(host.survey([name]), name)


def test_settings_are_told_as_they_are(
    host: DockerHost, docker_client: docker_sdk.DockerClient
) -> None:
    """It is not started: not every machine lets containers be privileged."""
    volume = f"test-{secrets.token_hex(5)}"
    mounts = {
        volume: {"bind": "/named", "mode": "ro"},
        "/etc": {"bind": "/of-the-host", "mode": "ro"},
        "/": {"bind": "/everything", "mode": "ro"},
        "/tmp": {"bind": "/folder", "mode": "rw"},
    }
    made = docker_client.containers.create(
        docker.IMAGE, "sh", mem_limit="64m", nano_cpus=250_000_000, pids_limit=20,
        privileged=True, pid_mode="host", network_mode="none", volumes=mounts,
        tmpfs={"/memory": ""}, restart_policy=cast("Any", {"Name": "unless-stopped"}),
        labels=label(project="shop", service="web",
                     depends_on="db:service_healthy:false,cache:service_started:true"),
    )  # fmt: skip
    try:
        found = alone(host, str(made.name))
    finally:
        made.remove(v=True)
        docker_client.volumes.get(volume).remove()
    assert found.limits == Limits(64 << 20, 0.25, 20)
    assert (found.privileged, found.pid_mode, found.network_mode) == (True, "host", "none")
    assert (found.compose_project, found.compose_service) == ("shop", "web")
    assert found.depends_on == ("db", "cache")
    assert found.restart_policy == "unless-stopped"
    assert {(mount.target, mount.source_class, mount.read_only) for mount in found.mounts} == {
        ("/named", "volume", True),
        ("/of-the-host", "host_system", True),
        ("/everything", "host_root", True),
        ("/folder", "host_folder", False),
        ("/memory", "memory", False),
    }
    assert volume not in str(found)


def test_the_daemons_socket_by_whatever_name(
    host: DockerHost, run_container: RunContainer, docker_host: str
) -> None:
    path = docker_host.removeprefix("unix://")
    name = run_container(IDLE, wait=False, volumes={path: {"bind": "/s", "mode": "ro"}})
    assert [mount.source_class for mount in alone(host, name).mounts] == ["docker_socket"]


def test_an_image_that_its_tag_has_left(
    host: DockerHost, run_container: RunContainer, docker_client: docker_sdk.DockerClient
) -> None:
    tag = f"test-{secrets.token_hex(5)}:1"
    old = docker_client.images.get(docker.IMAGE)
    old.tag(tag)
    name = f"test-{secrets.token_hex(5)}"
    made = docker_client.containers.create(tag, ["sleep", "1"], name=name, labels=label())
    try:
        found = alone(host, name)
        assert (found.image, found.image_id, found.image_now) == (tag, old.id, old.id)
        newer = made.commit(tag.partition(":")[0], "1")
        found = alone(host, name)
        assert (found.image, found.image_id, found.image_now) == (tag, old.id, newer.id)
        docker_client.images.remove(tag)
        assert alone(host, name).image_now is None
    finally:
        made.remove()


def test_ports_are_told_with_the_address_they_are_open_at(
    host: DockerHost, network: str, run_container: RunContainer
) -> None:
    ports: dict[str, Any] = {"80/tcp": ("127.0.0.1", 0), "53/udp": ("0.0.0.0", 0)}
    name = run_container(IDLE, wait=False, network_mode=network, ports=ports)
    found = alone(host, name)
    assert {
        (port.container_port, port.protocol, port.host_address) for port in found.published
    } == {
        (80, "tcp", "127.0.0.1"),
        (53, "udp", "0.0.0.0"),
    }
    assert all(port.host_port > 1023 for port in found.published)


def test_states_that_do_not_last(host: DockerHost, run_container: RunContainer) -> None:
    fails = {"test": ["CMD", "false"], "interval": 10**8, "retries": 1}
    unhealthy = run_container(IDLE, wait=False, healthcheck=fails)
    loops = run_container("exit 3", wait=False, restart_policy={"Name": "always"})
    ended = run_container("exit 4")
    until(lambda: alone(host, unhealthy).health == "unhealthy", "the health check")
    until(lambda: alone(host, loops).restart_count >= 3, "three restarts")
    assert alone(host, loops).state in ("restarting", "running")
    found = alone(host, ended)
    assert (found.state, found.exit_code, found.sockets) == ("exited", 4, None)
    assert found.sockets_problem is None, "nobody expects sockets of one that does not run"


@pytest.mark.parametrize("version", [4, 6])
def test_connections_over_both_protocols_lead_to_the_container(
    host: DockerHost, network: str, run_container: RunContainer, version: int
) -> None:
    on = {"network_mode": network}
    server = run_container("exec nc -ll -p 7000 -e cat", wait=False, **on)
    address = alone(host, server).attachments[0].addresses[version == 6]
    assert (":" in address) == (version == 6)
    call = f"while ! {IDLE.removeprefix('exec ')} | nc {address} 7000; do sleep 0.1; done"
    client = run_container(call, wait=False, **on)

    def seen() -> bool:
        sockets = alone(host, client).sockets
        ends = (
            {(one.remote_address, one.remote_port) for one in sockets.connections}
            if sockets
            else ()
        )
        return (address, 7000) in ends

    until(seen, "the connection")
    found = alone(host, server).sockets
    assert found is not None
    assert found.listening == (7000,), "the daemon's own name server aside"
    (one,) = found.connections
    client_addresses = alone(host, client).attachments[0].addresses
    assert (one.local_address, one.local_port, one.closed) == (address, 7000, False)
    assert one.remote_address in client_addresses


def test_who_shares_the_hosts_network_has_only_its_own_sockets(
    host: DockerHost, run_container: RunContainer
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        name = run_container(f"exec httpd -f -p 127.0.0.1:{port}", wait=False, network_mode="host")
        until(lambda: bool((read := alone(host, name).sockets) and read.listening), "its socket")
        found = alone(host, name)
        assert ours.getsockname()[1] != port
    assert found.network_mode == "host"
    assert found.sockets == Sockets(
        listening=(port,), unix_connections=found.sockets.unix_connections if found.sockets else ()
    )


def test_who_is_not_asked_for_is_not_looked_into(
    host: DockerHost, run_container: RunContainer
) -> None:
    secret = "tops3cret-canary"
    name = run_container(
        f": {secret}; {IDLE}", wait=False, environment={"A": secret}, mem_limit="64m",
        volumes={"/etc": {"bind": f"/{secret}", "mode": "ro"}},
    )  # fmt: skip
    found = facts(host.survey([]), name)
    assert not found.listed
    assert (found.image, found.mounts, found.limits, found.sockets) == ("", (), Limits(), None)
    assert secret not in str(host.survey([name])).replace(f"/{secret}", "")
