"""Running containers on a Docker daemon, through the SDK."""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import quote

import docker
import docker.errors
import requests

from cyberbrain_cli.adapters import docker_boxing as boxing
from cyberbrain_cli.adapters import keeper
from cyberbrain_cli.adapters.docker_address import client_arguments, unreachable
from cyberbrain_cli.adapters.docker_confinement import inspected
from cyberbrain_cli.adapters.docker_inputs import tar_of
from cyberbrain_cli.adapters.docker_names import image_digest
from cyberbrain_cli.core.errors import CyberbrainError, NotFound, RunFailed
from cyberbrain_cli.core.records import (
    INPUTS,
    ContainerEnd,
    ContainerSettings,
    ContainerSpec,
    ImageFacts,
    InputFile,
    Leftover,
)
from cyberbrain_cli.core.timestamps import from_ns, parse_ns

OWNER, RUN = "cyberbrain.owner", "cyberbrain.run_id"
_LIMITS = {"memory": "MemoryLimit", "cpus": "CpuCfsQuota", "pids": "PidsLimit"}
_WAIT_SECONDS = 30
_CHUNK = 64 * 1024
_NO_GPU_SUPPORT = ("could not select device driver", "discover GPU vendor")


class DockerRuntime:
    """A Docker daemon that runs containers; implements `core.ports.ContainerRuntime`."""

    def __init__(self, url: str | None, timeout_seconds: float) -> None:
        self._url = url
        self._timeout = timeout_seconds

    @cached_property
    def _api(self) -> docker.APIClient:
        arguments = client_arguments(self._url)
        return docker.APIClient(**arguments, timeout=math.ceil(self._timeout), version="auto")

    @cached_property
    def _info(self) -> dict[str, Any]:
        return dict(self._api.info())

    def close(self) -> None:
        """Close the connections."""
        if "_api" in self.__dict__:
            self._api.close()

    def image(self, reference: str) -> ImageFacts:
        """What a reference means today. Raises NotFound."""
        with self._told(f"image '{reference}'"):
            found: dict[str, Any] = self._api.inspect_image(reference)  # type: ignore[no-untyped-call]
            digest = image_digest(reference, found)
            declared = (found.get("Config") or {}).get("Volumes") or {}
            return ImageFacts(str(found["Id"]), digest, tuple(sorted(declared)))

    def pull(self, reference: str) -> None:
        """Fetch an image from its registry, `repository@digest`."""
        repository, _, digest = reference.partition("@")
        with self._told(f"image '{reference}'"):
            for event in self._api.pull(repository, tag=digest, stream=True, decode=True):
                if "error" in event:
                    raise RunFailed(f"Image '{reference}' cannot be pulled: {event['error']}")

    def unsupported(self) -> tuple[str, ...]:
        """The limits that this daemon cannot set: memory, cpus, pids."""
        with self._told():
            return tuple(name for name, key in _LIMITS.items() if not self._info.get(key))

    def create(self, spec: ContainerSpec) -> str:
        """Make the container and all that belongs to it, inputs in place; its id."""
        with self._told():
            if spec.rooms:
                self._keep_volumes(spec)
            return self._create(boxing.job_arguments(spec), boxing.confined(spec))

    def settings(self, container: str) -> ContainerSettings:
        """What confines a container that was created, as the daemon has it."""
        with self._told():
            return inspected(self._api.inspect_container(container), self.unsupported())

    def start(self, container: str) -> None:
        """Start it."""
        with self._told():
            self._api.start(container)

    def wait(self, container: str) -> ContainerEnd:
        """Wait for its end, however long that takes; a daemon that falls silent is asked."""
        with self._told():
            while True:
                try:
                    self._api.wait(container, timeout=_WAIT_SECONDS)
                except requests.ConnectionError as error:
                    if "timed out" not in str(error).lower():
                        raise
                except requests.Timeout:
                    pass
                found = self._api.inspect_container(container)
                if not found["State"]["Running"]:
                    return _end(found["State"])

    def stop(self, container: str, grace_seconds: int) -> None:
        """Ask it to end, and make it when the grace is over."""
        with self._told():
            self._api.stop(container, timeout=grace_seconds)

    def outputs(self, spec: ContainerSpec) -> Generator[bytes, None, None]:
        """The folder of outputs as a tar stream, which the container has written."""
        room = spec.request.outputs
        if room is None:
            return
        path = quote(f"{room.path}/.", safe="")
        url = f"{self._api.base_url}/containers/{boxing.keeper_name(spec)}/archive?path={path}"
        with self._told(), self._api.get(url, stream=True, timeout=self._timeout) as response:
            if not response.ok:
                raise RunFailed(f"The outputs cannot be read: HTTP {response.status_code}.")
            yield from response.iter_content(_CHUNK)

    def remove(self, execution: str) -> None:
        """Remove all that belongs to an execution, running or not."""
        chosen = {"label": f"{boxing.EXECUTION}={execution}"}
        with self._told():
            for found in self._api.containers(all=True, filters=chosen):
                if boxing.owned(found, execution):
                    with _gone():
                        self._api.remove_container(found["Id"], force=True, v=True)
            for volume in self._api.volumes(filters=chosen)["Volumes"] or ():
                if boxing.owned(volume, execution):
                    with _gone():
                        self._api.remove_volume(volume["Name"], force=True)

    def leftovers(self, owner: str) -> tuple[Leftover, ...]:
        """The executions with this owner of which there is anything, ended or not."""
        chosen = {"label": f"{OWNER}={owner}"}
        with self._told():
            found = [
                *self._api.containers(all=True, filters=chosen),
                *(self._api.volumes(filters=chosen)["Volumes"] or ()),
            ]
        marked = {
            execution: str(item["Labels"].get(RUN))
            for item in found
            if (execution := item["Labels"].get(boxing.EXECUTION)) and boxing.owned(item, execution)
        }
        return tuple(
            Leftover(execution, int(run_id))
            for execution, run_id in sorted(marked.items())
            if run_id.isdecimal()
        )

    def _create(self, arguments: dict[str, Any], host: dict[str, Any]) -> str:
        config = self._api.create_host_config(**boxing.settable(host, self.unsupported()))
        return str(self._api.create_container(**arguments, host_config=config)["Id"])

    def _keep_volumes(self, spec: ContainerSpec) -> None:
        """Make the volumes, the helper that keeps them alive, and put the inputs into theirs."""
        code = keeper.program(str(self._info.get("Architecture")))
        if code is None:
            raise RunFailed(
                f"Inputs and outputs cannot be had on {self._info.get('Architecture')}.",
                "Run containers without them, or on a host with x86_64 or aarch64.",
            )
        for room in spec.rooms:
            self._api.create_volume(
                spec.volume(room),
                driver="local",
                driver_opts=boxing.volume_options(room),
                labels=boxing.labels(spec),
            )
        helper = self._create(boxing.keeper_arguments(spec), boxing.keeper_confined(spec))
        name = boxing.KEEPER.lstrip("/")
        self._api.put_archive(helper, "/", tar_of([InputFile(name, code)], 0o755))
        self._api.start(helper)
        if spec.request.inputs:
            self._api.put_archive(helper, INPUTS, tar_of(spec.request.inputs, 0o444))

    @contextmanager
    def _told(self, what: str = "") -> Iterator[None]:
        """What the SDK raises, in our words."""
        try:
            yield
        except CyberbrainError:
            raise
        except docker.errors.NotFound as error:
            if what:
                raise NotFound(f"The daemon has no {what}.", "docker image ls") from None
            raise _refused(error) from None
        except docker.errors.APIError as error:
            raise _refused(error) from None
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            raise unreachable(str(client_arguments(self._url)["base_url"]), error) from None


def _refused(error: docker.errors.APIError) -> RunFailed:
    said = " ".join(str(error.explanation or error.status_code).split())
    if any(sign in said for sign in _NO_GPU_SUPPORT):
        return RunFailed(
            "The Docker daemon cannot give a container NVIDIA's GPUs.",
            "Install the NVIDIA Container Toolkit and restart the daemon, or leave `gpus` out.",
        )
    return RunFailed(f"The Docker daemon refused: {said[:300]}", "See the daemon's log.")


@contextmanager
def _gone() -> Iterator[None]:
    """What is gone already, or is going, need not be removed."""
    try:
        yield
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        if "already in progress" not in str(error.explanation):
            raise


def _end(state: dict[str, Any]) -> ContainerEnd:
    times = [
        None if state[key].startswith("0001-") else from_ns(parse_ns(state[key]))
        for key in ("StartedAt", "FinishedAt")
    ]
    return ContainerEnd(int(state["ExitCode"]), bool(state["OOMKilled"]), *times)
