"""Whether something that others need is down. Pure."""

from __future__ import annotations

from cyberbrain_cli.core.service_map import Edge, Node

_DOWN = frozenset({"created", "dead", "exited", "paused", "removing", "restarting"})


def is_down(target: Node, edge: Edge) -> bool:
    """Whether the target of a dependency does not run, although it should."""
    if edge.kind not in ("depends_on", "reference") or target.state not in _DOWN:
        return False
    return edge.kind == "reference" or not _is_done(target)


def _is_done(target: Node) -> bool:
    """Whether it was there to end, and ended well: a migration, say.

    A server ends well too when it is stopped; it is known by its ports (published, or
    exposed by its image), its health check, or that it is to be kept running.
    """
    item = target.container
    if item is None or target.state != "exited" or item.exit_code != 0:
        return False
    kept = item.restart_policy in ("always", "unless-stopped")
    return not (item.ports or item.exposed_ports or item.health or kept)
