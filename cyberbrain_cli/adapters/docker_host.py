"""The Docker daemon, through the SDK; logs over its Unix socket directly where there is one."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import docker
import docker.errors
import requests

from cyberbrain_cli.adapters import docker_logs
from cyberbrain_cli.adapters.container_sockets import SocketReader
from cyberbrain_cli.adapters.docker_address import client_arguments, unreachable
from cyberbrain_cli.adapters.docker_gpus import gpu_use
from cyberbrain_cli.adapters.docker_names import image_digest, own_name
from cyberbrain_cli.adapters.docker_network import network_of
from cyberbrain_cli.adapters.docker_sdk_logs import read_sdk
from cyberbrain_cli.adapters.docker_survey import Surveyor
from cyberbrain_cli.core.errors import CyberbrainError, DockerUnavailable, NotFound
from cyberbrain_cli.core.ports import LogBatch, Window
from cyberbrain_cli.core.records import ContainerInfo, GpuUse, Survey
from cyberbrain_cli.core.timestamps import from_ns, parse_ns

UNREADABLE_DRIVERS = frozenset({"none"})
"""Log drivers that give nothing back. Since Engine 20.10 the daemon keeps a copy for the others."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]*")
_FAR_FUTURE_NS = 1 << 62


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
    def _arguments(self) -> dict[str, Any]:
        return client_arguments(self._url)

    @cached_property
    def _api(self) -> docker.APIClient:
        with self._told():
            seconds = math.ceil(self._timeout)
            return docker.APIClient(**self._arguments, timeout=seconds, version="auto")

    @property
    def address(self) -> str:
        """Where the daemon is, as far as it can be said without asking."""
        return str(self._arguments["base_url"])

    def close(self) -> None:
        """Close the connections."""
        if "_api" in self.__dict__:
            self._api.close()

    def describe(self) -> DaemonDescription:
        """The daemon's version, name and default log driver."""
        with self._asked():
            version, info = self._api.version(), self._api.info()
            return DaemonDescription(
                str(version["Version"]),
                str(version["ApiVersion"]),
                str(info["Name"]),
                str(info["LoggingDriver"]),
            )

    def containers(self) -> list[ContainerInfo]:
        """All containers, running or not, ordered by name."""
        with self._asked():
            found = [_listed(item) for item in self._api.containers(all=True) if item["Names"]]
        return sorted(found, key=lambda container: container.name)

    def inspect(self, container: str) -> ContainerInfo:
        """One container by exact name or id, in full. Raises NotFound."""
        if not _NAME.fullmatch(container):
            raise _no_such(container)
        with self._asked(container):
            found = _inspected(self._api.inspect_container(container))
        if container not in (found.name, found.id):
            raise _no_such(container)
        return found

    def now_ns(self) -> int:
        """The daemon's clock, which stamps the log lines."""
        with self._asked():
            return parse_ns(str(self._api.info()["SystemTime"]))

    def read_logs(self, container: ContainerInfo, window: Window) -> Iterator[LogBatch]:
        """The lines within the window. Raises LogsUnreadable if the log driver refuses.

        Yields an empty batch now and then while the daemon is silent.
        """
        if self.address.startswith("unix://"):
            path = self.address.removeprefix("unix://")
            with suppress(docker_logs.Unsuited):
                yield from docker_logs.read_socket(path, container, window, self._timeout)
                return
        with self._told(container.name):
            yield from read_sdk(
                lambda tail: self._open_log(container, window, tail),
                self._api.ping,
                window,
                self._timeout,
            )

    def first_log_time(self, container: ContainerInfo) -> int | None:
        """The time of the oldest line that the daemon still has; None for an empty log."""
        with closing(self._whole_log(container)) as batches:
            return next((batch.earliest for batch in batches if batch.lines), None)

    def survey(
        self, names: Collection[str], *, connections: bool = True, name_others: bool = False
    ) -> Survey:
        """What runs here and who talks to whom; only containers of these names are looked into.

        What there is to know of the others is left in: hiding it is a guard's work.
        """
        del name_others
        reader = SocketReader() if self.address.startswith("unix://") else None
        with self._asked():
            return Surveyor(self._api, reader, connections).survey(names)

    def gpu_use(self, pids: Collection[int], names: Collection[str]) -> GpuUse:
        """Whose processes these are, and which containers of these names were given GPUs."""
        local = self.address.startswith("unix://")
        with self._asked():
            return gpu_use(self._api, pids, names, local=local)

    def resolve_image(self, reference: str) -> str:
        """The digest (or image id) that a reference means today. Raises NotFound."""
        if not _REFERENCE.fullmatch(reference):
            raise _no_such(reference)
        with self._asked(reference):
            try:
                image: Mapping[str, Any] = self._api.inspect_image(reference)  # type: ignore[no-untyped-call]
            except docker.errors.NotFound:
                hint = f"docker pull {reference}, or see `docker image ls`"
                raise NotFound(f"The daemon has no image '{reference}'.", hint) from None
            return image_digest(reference, image)

    def _whole_log(self, container: ContainerInfo) -> Generator[LogBatch, None, None]:
        yield from self.read_logs(container, Window(None, _FAR_FUTURE_NS))

    def _open_log(
        self, container: ContainerInfo, window: Window, tail: int | None
    ) -> requests.Response:
        url = f"{self._api.base_url}{docker_logs.log_path(container, window, tail)}"
        return self._api.get(url, stream=True, timeout=(self._timeout, None))

    @contextmanager
    def _told(self, what: str = "") -> Iterator[None]:
        """What the SDK raises, in our words."""
        try:
            yield
        except CyberbrainError:
            raise
        except docker.errors.NotFound:
            raise _no_such(what) from None
        except docker.errors.APIError as error:
            raise DockerUnavailable(
                f"The Docker daemon refused: {error.explanation or error.status_code}.",
                "Check what the daemon, or the proxy before it, allows.",
            ) from None
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            raise unreachable(self.address, error) from None

    @contextmanager
    def _asked(self, what: str = "") -> Iterator[None]:
        """The same for questions with an answer of a certain shape."""
        try:
            with self._told(what):
                yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise DockerUnavailable(
                f"What answers at {self.address} is no Docker daemon ({type(error).__name__}).",
                "Check docker.host or DOCKER_HOST.",
            ) from None


def _no_such(what: str) -> NotFound:
    return NotFound(f"There is no '{what}' on this host.", "cyberbrain containers")


def _listed(item: Mapping[str, Any]) -> ContainerInfo:
    return ContainerInfo(
        id=item["Id"],
        name=own_name(item),
        image=item["Image"],
        state=item["State"],
        labels=dict(item.get("Labels") or {}),
        created_at=from_ns(int(item["Created"]) * 1_000_000_000),
    )


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
        network=network_of(found),
    )


def _moment(text: str) -> datetime | None:
    """Docker writes year 1 for a time that has not come yet."""
    return None if text.startswith("0001-") else from_ns(parse_ns(text))
