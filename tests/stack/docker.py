"""A Docker daemon: the one that answers, else one of our own that touches nothing else."""

from __future__ import annotations

import contextlib
import http.client
import io
import os
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

from tests.stack import packages, state
from tests.stack.state import Record, StackError

NAME = "docker"
IMAGE = "cyberbrain-stack/busybox:1"
LABEL = f"cyberbrain.stack={state.MARK}"
_HINT = "Start Docker, or set DOCKER_HOST to a daemon that answers."


def up() -> Record:
    """The daemon's URL, with the tiny image loaded."""
    record = state.load(NAME)
    if record and answers(record["url"]):
        return record
    if record:
        down()
    found = next((url for url in _candidates() if answers(url)), None)
    record = {"url": found, "ours": False} if found else _start()
    state.save(NAME, record)
    _load_image(record)
    return state.save(NAME, record)


def down() -> None:
    """Remove what is ours: the whole daemon, or our containers and image in another's."""
    record = state.load(NAME)
    if record is None:
        return
    if answers(record["url"]):
        _remove_all(record)
    if record["ours"]:
        state.stop(record, seconds=60)
        _unmount(state.FOLDER / NAME)
    state.forget(NAME)


def status() -> str:
    """One line."""
    record = state.load(NAME)
    if record is None or not answers(record["url"]):
        return "down"
    return f"up at {record['url']}" + ("" if record["ours"] else " (not ours)")


def run(record: Record, *arguments: str, check: bool = False) -> str:
    """Run the Docker CLI against the daemon; what it printed."""
    environment = {**os.environ, "DOCKER_HOST": record["url"]}
    done = subprocess.run(
        ["docker", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        raise StackError(f"docker {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout


def answers(url: str) -> bool:
    """Whether a daemon answers there."""
    parts = urlsplit(url)
    if parts.scheme not in ("unix", "tcp", "http"):
        return subprocess.run(["docker", "-H", url, "version"], capture_output=True).returncode == 0
    connection = http.client.HTTPConnection(parts.hostname or "localhost", parts.port or 2375, 5)
    try:
        if parts.scheme == "unix":
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.settimeout(5)
            connection.sock.connect(parts.path)
        connection.request("GET", "/_ping")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _candidates() -> list[str]:
    """Where the Docker CLI would look."""
    if os.environ.get("DOCKER_HOST"):
        return [os.environ["DOCKER_HOST"]]
    found = []
    with contextlib.suppress(OSError):
        shown = subprocess.run(
            ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"],
            capture_output=True,
            text=True,
        )
        found = [shown.stdout.strip()] if shown.stdout.strip() else []
    return [*found, "unix:///var/run/docker.sock"]


def _start() -> Record:
    if shutil.which("dockerd") is None or shutil.which("docker") is None:
        packages.need("docker.io", what="A Docker engine", otherwise=_HINT)
    if os.getuid() != 0:
        raise StackError(f"No Docker daemon answers, and only root can start one. {_HINT}")
    home = state.folder(NAME)
    (home / "pid").unlink(missing_ok=True)  # a killed daemon's stale file keeps the next one out
    url = f"unix://{home}/docker.sock"
    command = [
        "dockerd", f"--host={url}", f"--data-root={home}/data", f"--exec-root={home}/exec",
        f"--pidfile={home}/pid", "--bridge=none", "--iptables=false", "--ip6tables=false",
    ]  # fmt: skip
    record = {"url": url, "ours": True, **state.start(command, home / "log")}
    state.save(NAME, record)
    with contextlib.suppress(TimeoutError):
        state.wait(lambda: answers(url) or not state.alive(record), "the Docker daemon")
    if not answers(url):
        raise StackError(f"dockerd does not start: {state.tail(home / 'log', 2)}")
    return record


def load(record: Record, image: str, content: bytes) -> None:
    """Make an image of a root file system."""
    changes = ["--change", 'CMD ["sh"]', "--change", f"LABEL {LABEL}"]
    done = subprocess.run(
        ["docker", "-H", record["url"], "import", *changes, "-", image],
        input=content,
        capture_output=True,
    )
    if done.returncode:
        raise StackError(f"docker import failed: {done.stderr.decode(errors='replace').strip()}")


def _load_image(record: Record) -> None:
    if not run(record, "image", "ls", "-q", IMAGE).strip():
        load(record, IMAGE, busybox_tar())


def busybox_tar() -> bytes:
    """A root file system with nothing in it but busybox under all of its names."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        add_busybox(tar)
    return out.getvalue()


def add_busybox(tar: tarfile.TarFile) -> None:
    """A shell and its tools, which need nothing else, and a place for temporary files."""
    program = shutil.which("busybox")
    if program is None or "not a dynamic executable" not in _linkage(program):
        packages.need(
            "busybox-static",
            what="A static busybox",
            otherwise="Install the package busybox-static.",
        )
        program = shutil.which("busybox")
    if program is None:
        raise StackError("busybox-static was installed, but there is no busybox.")
    names = subprocess.run([program, "--list"], capture_output=True, text=True).stdout.split()
    tar.add(program, "bin/busybox")
    for name in names:
        if name != "busybox":
            link = tarfile.TarInfo(f"bin/{name}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    tmp = tarfile.TarInfo("tmp")
    tmp.type, tmp.mode = tarfile.DIRTYPE, 0o1777
    tar.addfile(tmp)


def _linkage(program: str) -> str:
    shown = subprocess.run(["ldd", program], capture_output=True, text=True)
    return shown.stdout + shown.stderr


def _remove_all(record: Record) -> None:
    """Containers, networks (whose bridges would outlive the daemon), volumes and images."""
    chosen = () if record["ours"] else ("--filter", f"label={LABEL}")
    kinds = {
        ("ps", "-aq"): ("rm", "-f", "-v"),
        ("network", "ls", "-q", "--filter", "type=custom"): ("network", "rm"),
        ("volume", "ls", "-q"): ("volume", "rm", "-f"),
        ("image", "ls", "-q"): ("image", "rm", "-f"),
    }
    for listing, removal in kinds.items():
        if found := run(record, *listing, *chosen).split():
            run(record, *removal, *dict.fromkeys(found))


def _unmount(home: Path) -> None:
    """What a daemon that was killed has left mounted below our folder."""
    with contextlib.suppress(OSError):
        mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for place in sorted((m for m in mounted if m.startswith(f"{home}/")), reverse=True):
            subprocess.run(["umount", "-l", place], capture_output=True)
