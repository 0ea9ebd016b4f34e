"""One image with the real nginx, Redis, PostgreSQL and Python of this machine, and no more.

Installing a distribution takes a minute; taking programs with the libraries they load takes a
second, and what runs in the end is the same.
"""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.stack import docker, packages, postgres
from tests.stack.state import Record

IMAGE = "cyberbrain-stack/shop:1"
_PYTHON = Path(sys.executable).resolve()
PROGRAMS = Path(__file__).parent
_LIBRARY = re.compile(r"(/\S+) \(0x")
_WITHOUT = {".a", "__pycache__", "dist-packages", "ensurepip", "idlelib", "lib2to3",
            "site-packages", "test", "tests", "tkinter", "turtledemo"}  # fmt: skip
_USERS = "root:x:0:0::/:/bin/sh\nshop:x:70:70::/tmp:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n"
_GROUPS = "root:x:0:\nshop:x:70:\nnogroup:x:65534:\n"


def load(daemon: Record) -> None:
    """Make the image, where the daemon has none. Raises StackError."""
    if not docker.run(daemon, "image", "ls", "-q", IMAGE).strip():
        docker.load(daemon, IMAGE, content())


def content() -> bytes:
    """The root file system."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        docker.add_busybox(tar)
        for path in sorted(_files()):
            tar.add(path.resolve(), str(path), recursive=False)
        for path in sorted(PROGRAMS.glob("*.*")):
            tar.add(path, f"shop/{path.name}")
        _text(tar, "etc/passwd", _USERS)
        _text(tar, "etc/group", _GROUPS)
        for name in ("run/postgresql", "data", "var/lib/nginx", "var/log/nginx"):
            folder = tarfile.TarInfo(name)
            folder.type, folder.mode, folder.uid, folder.gid = tarfile.DIRTYPE, 0o755, 70, 70
            tar.addfile(folder)
        _link(tar, "var/run", "../run")
        for program in _server_programs():
            _link(tar, f"bin/{program.name}", str(program))
        _link(tar, "bin/python3", str(_PYTHON))
    return out.getvalue()


def _files() -> set[Path]:
    """Programs, their libraries, and what else they read, each at its own place."""
    programs = [_program("nginx", "nginx"), _program("redis-server", "redis-server")]
    programs += [_program("redis-cli", "redis-tools")]
    programs += [*_server_programs(), _PYTHON]
    modules = _asked("--pkglibdir")
    programs += [modules / name for name in ("dict_snowball.so", "plpgsql.so")]
    standard = Path(sysconfig.get_path("stdlib"))
    return {
        *programs,
        *_libraries([*programs, *standard.glob("lib-dynload/_socket.*")]),
        *_below(_asked("--sharedir")),
        *_below(standard),
    }


def _program(name: str, package: str) -> Path:
    if shutil.which(name) is None:
        packages.need(package, what=name, otherwise=f"Install the package {package}.")
    return Path(str(shutil.which(name)))


def _server_programs() -> list[Path]:
    server = postgres.installation()
    return [server / name for name in ("initdb", "postgres", "psql", "pg_isready")]


def _asked(what: str) -> Path:
    """A folder, by the server's own word."""
    command = [str(postgres.installation() / "pg_config"), what]
    return Path(subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip())


def _libraries(programs: Iterable[Path]) -> set[Path]:
    command = ["ldd", *(str(program) for program in programs)]
    shown = subprocess.run(command, capture_output=True, text=True).stdout
    return {Path(match[1]) for match in _LIBRARY.finditer(shown)}


def _below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        inside = {path.suffix, *path.relative_to(folder).parts}
        if path.is_file() and not _WITHOUT & inside:
            yield path


def _link(tar: tarfile.TarFile, name: str, target: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = tarfile.SYMTYPE, target
    tar.addfile(entry)


def _text(tar: tarfile.TarFile, name: str, text: str) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(text)
    tar.addfile(entry, io.BytesIO(text.encode()))
