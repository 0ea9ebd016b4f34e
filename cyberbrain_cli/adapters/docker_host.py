"""The Docker daemon, through the SDK; logs over its Unix socket directly where there is one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import docker
import docker.errors
import requests

from cyberbrain_cli.adapters import docker_logs
from cyberbrain_cli.adapters.docker_address import client_arguments
from cyberbrain_cli.core.errors import CyberbrainError, DockerUnavailable, NotFound
from cyberbrain_cli.core.ports import LogBatch, Window
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.core.timestamps import from_ns, parse_ns

UNREADABLE_DRIVERS = frozenset(
    {"none", "syslog", "gelf", "fluentd", "awslogs", "splunk", "etwlogs"}
)
"""Log drivers that give nothing back, unless the daemon keeps a local copy (Engine 20.10 on)."""


@dataclass(frozen=True, slots=True)
class DaemonDescription:
    """What `doctor` tells of a daemon."""

    version: str
    api_version: str
    name: str
    log_driver: str


class DockerHost:
    """A Docker daemon; implements `core.ports.ContainerHost`. Connects on first use.

    Every method raises DockerUnavailable when the daemon cannot be reached.
    """

    def __init__(self, url: str | None, timeout_seconds: float) -> None:
        self._url = url
        self._timeout = timeout_seconds

    @cached_property
    def _api(self) -> docker.APIClient:
        with self._told():
            arguments = client_arguments(self._url)
            return docker.APIClient(**arguments, timeout=math.ceil(self._timeout), version="auto")

    @property
    def address(self) -> str:
        """Where the daemon is, as far as it can be said without asking."""
        return str(client_arguments(self._url).get("base_url") or "the usual socket")

    def close(self) -> None:
        """Close the connections."""
        if "_api" in self.__dict__:
            self._api.close()

    def describe(self) -> DaemonDescription:
        """The daemon's version, name and default log driver."""
        with self._told():
            version, info = self._api.version(), self._api.info()
        return DaemonDescription(
            str(version["Version"]),
            str(version["ApiVersion"]),
            str(info["Name"]),
            str(info["LoggingDriver"]),
        )

    def containers(self) -> list[ContainerInfo]:
        """All containers, running or not, ordered by name."""
        with self._told():
            listed = self._api.containers(all=True)
        found = [
            ContainerInfo(
                id=item["Id"],
                name=_name(item["Names"]),
                image=item["Image"],
                state=item["State"],
                labels=dict(item.get("Labels") or {}),
                created_at=from_ns(int(item["Created"]) * 1_000_000_000),
            )
            for item in listed
            if item["Names"]
        ]
        return sorted(found, key=lambda container: container.name)

    def inspect(self, container: str) -> ContainerInfo:
        """One container by exact name or id, in full. Raises NotFound."""
        with self._told(container):
            return _inspected(self._api.inspect_container(container))

    def now_ns(self) -> int:
        """The daemon's clock, which stamps the log lines."""
        with self._told():
            return parse_ns(str(self._api.info()["SystemTime"]))

    def read_logs(self, container: ContainerInfo, window: Window) -> Iterator[LogBatch]:
        """The lines within the window. Raises LogsUnreadable if the log driver refuses."""
        path = self._socket_path
        if path is not None:
            return docker_logs.read_socket(path, container, window, self._timeout)
        return self._read_by_sdk(container, window)

    def first_log_time(self, container: ContainerInfo) -> int | None:
        """The time of the oldest line that the daemon still has; None for an empty log."""
        return docker_logs.first_time(
            lambda window: self.read_logs(container, window), self.now_ns()
        )

    def resolve_image(self, reference: str) -> str:
        """The digest (or image id) that a reference means today. Raises NotFound."""
        with self._told(reference):
            image: Mapping[str, Any] = self._api.inspect_image(reference)  # type: ignore[no-untyped-call]
        digests = image.get("RepoDigests") or []
        return str(digests[0].rpartition("@")[2] if digests else image["Id"])

    @property
    def _socket_path(self) -> str | None:
        base = str(client_arguments(self._url).get("base_url") or "unix:///var/run/docker.sock")
        return base.removeprefix("unix://") if base.startswith("unix://") else None

    def _read_by_sdk(self, container: ContainerInfo, window: Window) -> Iterator[LogBatch]:
        api = self._api
        url = f"{api.base_url}{docker_logs.log_path(container, window)}"
        with self._told(container.name), api.get(url, stream=True) as response:
            if response.status_code != 200:
                raise docker_logs.refusal(response.status_code, _message(response))
            yield from docker_logs.read_chunks(
                response.iter_content(docker_logs.CHUNK), container, window
            )

    @contextmanager
    def _told(self, what: str = "") -> Iterator[None]:
        try:
            yield
        except CyberbrainError:
            raise
        except docker.errors.NotFound:
            raise NotFound(f"There is no '{what}' on this host.", "cyberbrain containers") from None
        except docker.errors.APIError as error:
            raise DockerUnavailable(
                f"The Docker daemon refused: {error.explanation or error.status_code}."
            ) from None
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            raise _unreachable(self.address, error) from None


def _unreachable(address: str, error: Exception) -> DockerUnavailable:
    told = str(error)
    if "Permission denied" in told:
        return DockerUnavailable(
            f"You may not use the Docker socket at {address}.",
            "Join the group `docker` (log in anew), or run as root.",
        )
    if "No such file" in told or "Connection refused" in told:
        return DockerUnavailable(
            f"No Docker daemon listens at {address}.",
            "Start it (`systemctl start docker`), or set docker.host or DOCKER_HOST.",
        )
    return DockerUnavailable(
        f"The Docker daemon at {address} cannot be reached ({type(error).__name__}).",
        "Check docker.host or DOCKER_HOST; `cyberbrain doctor` tells more.",
    )


def _message(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return ""


def _name(names: list[str]) -> str:
    """The container's own name: the one that is not a link into another container."""
    plain = [name.lstrip("/") for name in names]
    return next((name for name in plain if "/" not in name), plain[0])


def _inspected(found: Mapping[str, Any]) -> ContainerInfo:
    state, config = found["State"], found["Config"]
    return ContainerInfo(
        id=found["Id"],
        name=found["Name"].lstrip("/"),
        image=config["Image"],
        state=state["Status"],
        labels=dict(config.get("Labels") or {}),
        created_at=_moment(found["Created"]),
        started_at=_moment(state["StartedAt"]),
        finished_at=_moment(state["FinishedAt"]),
        health=(state.get("Health") or {}).get("Status"),
        exit_code=None if state["Running"] else state["ExitCode"],
        oom_killed=bool(state["OOMKilled"]),
        restart_count=int(found.get("RestartCount") or 0),
        tty=bool(config["Tty"]),
        log_driver=found["HostConfig"]["LogConfig"]["Type"],
    )


def _moment(text: str) -> datetime | None:
    """Docker writes year 1 for a time that has not come yet."""
    return None if text.startswith("0001-") else from_ns(parse_ns(text))
