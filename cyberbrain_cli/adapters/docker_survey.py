"""A survey of a host: the daemon's list, the inspection of some containers, their sockets."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import docker.errors

from cyberbrain_cli.adapters.container_sockets import SocketReader, Unreadable
from cyberbrain_cli.adapters.docker_facts import inspected_facts, listed_facts
from cyberbrain_cli.adapters.docker_names import own_name
from cyberbrain_cli.adapters.references import Finder
from cyberbrain_cli.core.records import ServiceFacts, Survey

_REMOTE = "the daemon is not on this machine"


@dataclass(frozen=True, slots=True)
class Surveyor:
    """Makes a survey. `reader` is None where the daemon's processes cannot be on this machine."""

    api: Any
    reader: SocketReader | None
    connections: bool

    def survey(self, names: Collection[str]) -> Survey:
        """The containers of these exact names in full, of the others what a list tells.

        Only those of the names are inspected or looked into. Raises what the SDK raises.
        """
        rough = [listed_facts(item, own_name(item)) for item in self.api.containers(all=True)]
        answers = {item.id: self._inspect(item.id) for item in rough if item.name in names}
        salt = secrets.token_bytes(16)
        facts = []
        for item in sorted(rough, key=lambda item: item.name):
            answer = answers.get(item.id)
            full = inspected_facts(answer, salt) if answer else item
            facts.append(full if full.name in names else item)
        full_ones = {item.id for item in facts if item.listed}
        images = self._images() if full_ones else {}
        machine = self.reader.host_addresses() if self.reader else ()
        finder = Finder({*_hosts(facts), *machine})
        return Survey(
            tuple(
                self._completed(item, answers[item.id] or {}, facts, finder, images)
                if item.id in full_ones
                else item
                for item in facts
            ),
            machine,
        )

    def _inspect(self, container_id: str) -> Mapping[str, Any] | None:
        """None for a container that is gone since the list was made."""
        with suppress(docker.errors.NotFound):
            answer: Mapping[str, Any] = self.api.inspect_container(container_id)
            return answer
        return None

    def _completed(
        self,
        item: ServiceFacts,
        answer: Mapping[str, Any],
        everyone: Sequence[ServiceFacts],
        finder: Finder,
        images: Mapping[str, Mapping[str, Any]],
    ) -> ServiceFacts:
        config = answer.get("Config") or {}
        command = [*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ())]
        own = [item.name, *(name for place in item.attachments for name in _of(place))]
        item = replace(
            item,
            references=finder.find(config.get("Env") or (), [str(part) for part in command], own),
            image_now=_today(item.image, images),
            digest=_repository_digest(item, images),
        )
        return self._with_sockets(item, int(answer["State"].get("Pid") or 0), everyone)

    def _with_sockets(
        self, item: ServiceFacts, pid: int, everyone: Sequence[ServiceFacts]
    ) -> ServiceFacts:
        if not self.connections or not item.running:
            return item
        if self.reader is None:
            return replace(item, sockets_problem=_REMOTE)
        shared = item.network_mode in ("host", "container") or any(
            other.shares_network_with == item.id for other in everyone
        )
        try:
            return replace(item, sockets=self.reader.read(item.id, pid, shared=shared))
        except Unreadable as why:
            return replace(item, sockets_problem=str(why))

    def _images(self) -> Mapping[str, Mapping[str, Any]]:
        """Images by id, and by every name they have."""
        found: dict[str, Mapping[str, Any]] = {}
        for image in self.api.images():
            for name in (image["Id"], *(image.get("RepoTags") or ())):
                found[str(name)] = image
            for name in image.get("RepoDigests") or ():
                found[str(name)] = image
        return found


def _of(place: Any) -> tuple[str, ...]:
    return (*place.names, *place.addresses)


def _hosts(facts: Sequence[ServiceFacts]) -> set[str]:
    """Everything by which a setting may mean a container, or a port of the host."""
    hosts = {"host.docker.internal", "localhost"}
    for item in facts:
        hosts.add(item.name)
        for place in item.attachments:
            hosts.update(place.names, place.addresses, place.gateways)
    return hosts


def _today(reference: str, images: Mapping[str, Mapping[str, Any]]) -> str | None:
    """The id of the image that the reference means now."""
    last = reference.rpartition("/")[2]
    spelled = reference if "@" in last or ":" in last else f"{reference}:latest"
    image = images.get(spelled) or images.get(reference)
    if image is None and "/" not in reference.partition(":")[0]:
        image = images.get(f"docker.io/library/{spelled}")
    return str(image["Id"]) if image else None


def _repository_digest(item: ServiceFacts, images: Mapping[str, Mapping[str, Any]]) -> str | None:
    """What the image's repository calls what the container runs; None for one built here."""
    digests = (images.get(item.image_id) or {}).get("RepoDigests") or ()
    return next((str(name).partition("@")[2] for name in digests if "@" in str(name)), None)
