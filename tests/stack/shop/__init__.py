"""Five real services in containers with real connections between them, and two beside them.

a caller ── web (nginx) ── app ─┬─ db (PostgreSQL) ── reporter, in its network namespace
                                ├─ cache (Redis) ──── worker, also on the database's Unix socket
                                └─ somebody outside, played by a stranger on the same network
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import partial

from tests.stack import docker, state
from tests.stack.shop import image
from tests.stack.state import Record, StackError

FIVE = ("web", "app", "db", "cache", "worker")
LISTED = (*FIVE, "reporter")
SECRET = "hunter2-tops3cret"
"""Stands in settings of all kinds; nothing of it may ever be told."""
_DATABASE = (
    "[ -e /data/pg ] || initdb -D /data/pg -A trust -U shop -N >/tmp/initdb; "
    "echo host all all all trust >> /data/pg/pg_hba.conf; "
    "exec postgres -D /data/pg -c listen_addresses=* -c fsync=off -k /var/run/postgresql"
)
_REPORTER = (
    "until pg_isready -q -h localhost; do sleep 0.05; done; "
    "(echo \"SELECT 'ready';\"; exec sleep 2147483) | exec psql -qAtX -U shop postgres"
)


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop on a daemon; the names of its containers, networks and volume begin with `name`."""

    daemon: Record
    name: str

    def container(self, service: str) -> str:
        """The name of a service's container."""
        return f"{self.name}-{service}"

    def docker(self, *arguments: str) -> str:
        """What the Docker CLI prints."""
        return docker.run(self.daemon, *arguments, check=True).strip()

    def inspect(self, service: str, template: str) -> str:
        """A part of what the daemon knows of a service's container."""
        return self.docker("inspect", "-f", template, self.container(service))

    def start(self) -> None:
        """Start everything; return when all connections are open."""
        image.load(self.daemon)
        for network in ("front", "back"):
            self.docker("network", "create", f"--label={docker.LABEL}", f"{self.name}-{network}")
        self._database_and_cache()
        self.run("app", "front", ["python3", "/shop/service.py", "app"],
                 f"--env=DATABASE_URL=postgresql://shop:{SECRET}@db:5432/postgres",
                 "--env=REDIS_HOST=cache", "--env=REDIS_PORT=6379",
                 f"--env=PAYMENTS_HOST={self.outside()}", f"--env=PAYMENTS_KEY={SECRET}",
                 "--memory=256m", depends="db:service_healthy:false,cache:service_started:false",
                 start=False)  # fmt: skip
        self.docker("network", "connect", "--alias=app", f"{self.name}-back", self.container("app"))
        self.docker("start", self.container("app"))
        self._stranger()
        self.web()
        self.run("worker", "back", ["python3", "/shop/service.py", "worker", "cache:6379",
                 f"host=/sockets user=shop password={SECRET} dbname=postgres"],
                 f"--env=HOOK_URL=http://host.docker.internal:{self.web_port()}/{SECRET}",
                 f"--volume={self.name}-sockets:/sockets:ro",
                 depends="cache:service_started:false")  # fmt: skip
        self._wait()

    def web(self, publish: str = "127.0.0.1::80", used_image: str = image.IMAGE) -> None:
        """Start nginx, at a port of this host."""
        command = ["nginx", "-c", "/shop/nginx.conf"]
        self.run("web", "front", command, f"--publish={publish}", "--memory=64m",
                 depends="app:service_started:false", used_image=used_image)  # fmt: skip

    def web_port(self) -> int:
        """The port of this host that leads to nginx."""
        return int(self.docker("port", self.container("web"), "80/tcp").rpartition(":")[2])

    def outside(self) -> str:
        """The last address of the network in front, which Docker gives to nobody."""
        template = "{{(index .IPAM.Config 0).Subnet}}"
        subnet = self.docker("network", "inspect", "-f", template, f"{self.name}-front")
        return str(ipaddress.ip_network(subnet).broadcast_address - 1)

    def run(
        self,
        service: str,
        network: str,
        command: list[str],
        *options: str,
        depends: str = "",
        used_image: str = image.IMAGE,
        start: bool = True,
    ) -> None:
        """Run a container as Compose would have it."""
        compose = "com.docker.compose"
        labels = [docker.LABEL, f"{compose}.project={self.name}", f"{compose}.service={service}"]
        labels += [f"{compose}.depends_on={depends}"] if depends else []
        where = [f"--network={network}"]
        if not network.startswith("container:"):
            where = [f"--network={self.name}-{network}", f"--network-alias={service}"]
        self.docker(
            *(("run", "-d") if start else ("create",)), f"--name={self.container(service)}",
            *(f"--label={label}" for label in labels), *where, *options, used_image, *command,
        )  # fmt: skip

    def remove(self) -> None:
        """Remove everything of it."""
        chosen = f"label=com.docker.compose.project={self.name}"
        if ids := docker.run(self.daemon, "ps", "-aq", "--filter", chosen).split():
            docker.run(self.daemon, "rm", "-f", "-v", *ids)
        docker.run(self.daemon, "network", "rm", f"{self.name}-front", f"{self.name}-back")
        docker.run(self.daemon, "volume", "rm", f"{self.name}-sockets")

    def _database_and_cache(self) -> None:
        self.docker("volume", "create", f"--label={docker.LABEL}", f"{self.name}-sockets")
        self.run("db", "back", ["sh", "-c", _DATABASE], "--user=shop", "--memory=512m",
                 "--cpus=1.5", "--pids-limit=200", "--expose=5432",
                 f"--volume={self.name}-sockets:/run/postgresql",
                 "--health-cmd=pg_isready -q -d postgres", "--health-interval=1s")  # fmt: skip
        self.run("cache", "back", ["redis-server", "--save", "", "--protected-mode", "no"],
                 "--memory=128m", "--health-cmd=redis-cli ping",
                 "--health-interval=1s")  # fmt: skip
        self.run("reporter", f"container:{self.container('db')}", ["sh", "-c", _REPORTER],
                 "--env=PGHOST=localhost", "--env=PGPORT=5432", "--memory=64m")  # fmt: skip

    def _stranger(self) -> None:
        own = self.outside()
        script = f"ip addr add {own} dev eth0 && exec python3 /shop/service.py stranger {own} 8000"
        self.run("stranger", "front", ["sh", "-c", script], "--cap-add=NET_ADMIN")

    def _wait(self) -> None:
        for service in ("app", "stranger", "worker", "reporter"):
            state.wait(partial(self._ready, service), f"{service} to be connected")
        for service in ("db", "cache"):
            state.wait(partial(self._healthy, service), f"{service} to be healthy")

    def _healthy(self, service: str) -> bool:
        return self.inspect(service, "{{.State.Health.Status}}") == "healthy"

    def _ready(self, service: str) -> bool:
        if self.inspect(service, "{{.State.Status}}") == "exited":
            raise StackError(f"{service} ended: {self.docker('logs', self.container(service))}")
        return "ready" in self.docker("logs", self.container(service))
