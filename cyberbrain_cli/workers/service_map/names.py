"""Containers of a survey as nodes of a map: every text redacted, every id unique."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cyberbrain_cli.core.directory import HOST as ON_HOST
from cyberbrain_cli.core.records import ServiceFacts, Survey
from cyberbrain_cli.core.service_map import HOST, Container, MountPoint, Node, Port

Redact = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Names:
    """The node ids of a survey's containers, by container id."""

    ids: dict[str, str]

    @classmethod
    def of(cls, survey: Survey, redact: Redact) -> Names:
        """Ids made of names, which stay the same when a container is made anew."""
        ids: dict[str, str] = {ON_HOST: HOST}
        taken: set[str] = set()
        for item in survey.containers:
            plain = f"container:{redact(item.name)}" if item.listed else item.id
            name, number = plain, 1
            while name in taken:  # redaction may make two names one
                number += 1
                name = f"{plain} ({number})"
            taken.add(name)
            ids[item.id] = name
        return cls(ids)

    def __getitem__(self, container_id: str) -> str:
        return self.ids[container_id]

    def __contains__(self, container_id: object) -> bool:
        return container_id in self.ids


def nodes_of(survey: Survey, names: Names, redact: Redact) -> list[Node]:
    """A node for each container."""
    return [
        Node(
            id=names[item.id],
            kind="container" if item.listed else "unlisted",
            name=redact(item.name),
            state=item.state,
            container=_container(item, redact) if item.listed else None,
        )
        for item in survey.containers
    ]


def _container(item: ServiceFacts, redact: Redact) -> Container:
    return Container(
        image=redact(item.image),
        image_id=item.image_id,
        image_now=item.image_now,
        digest=item.digest,
        state=item.state,
        health=item.health,
        exit_code=item.exit_code,
        restart_count=item.restart_count,
        started_at=item.started_at,
        ports=tuple(
            Port(port.host_address, port.host_port, port.container_port, port.protocol)
            for port in sorted(item.published, key=lambda port: (port.host_port, port.host_address))
        ),
        networks=tuple(sorted(redact(place.network) for place in item.attachments)),
        network_mode=item.network_mode,
        pid_mode=item.pid_mode,
        privileged=item.privileged,
        mounts=tuple(
            MountPoint(redact(mount.target), mount.source_class, mount.read_only)
            for mount in sorted(item.mounts, key=lambda mount: mount.target)
        ),
        compose_project=redact(item.compose_project) if item.compose_project else None,
        compose_service=redact(item.compose_service) if item.compose_service else None,
        memory_limit_bytes=item.limits.memory_bytes,
        cpu_limit=item.limits.cpus,
        pids_limit=item.limits.pids,
        connections_read=item.sockets is not None,
        restart_policy=item.restart_policy,
        exposed_ports=tuple(sorted(set(item.exposed))),
    )
