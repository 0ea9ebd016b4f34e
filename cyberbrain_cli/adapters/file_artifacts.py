"""Artifacts as files: below one root, whole or not at all, readable by their owner alone.

Folders are walked one by one with open handles, never by a path a second time: whoever swaps a
folder for a link meanwhile leads nobody out of the root.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BufferedReader
from pathlib import Path, PurePosixPath

from cyberbrain_cli.core.errors import CyberbrainError, NotFound, PolicyRefused, Unavailable
from cyberbrain_cli.core.records import NewArtifact

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DRAFT = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileArtifacts:
    """The artifact root; implements `core.ports.ArtifactStore`.

    Paths are relative, with slashes. Nothing outside the root is read or written, whatever
    links say: a link is followed for reading when it stays inside, and never for writing.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.expanduser().absolute()

    @property
    def root(self) -> Path:
        """The folder below which every artifact lives."""
        return self._root

    def write(self, path: str, content: bytes, *, kind: str, media_type: str) -> NewArtifact:
        """Write a file whole or not at all, on the disk before this returns.

        Raises PolicyRefused for a path outside the root, Unavailable when the disk refuses.
        """
        *folders, name = _parts(path)
        with self._told(path, "written"):
            self._make_root()
            with self._folder(folders, make=True) as folder:
                _write_whole(folder, name, content)
        digest = hashlib.sha256(content).hexdigest()
        return NewArtifact(kind, media_type, path, len(content), digest)

    def read(self, path: str) -> bytes:
        """The content of an artifact. Raises NotFound, or PolicyRefused outside the root."""
        with self._told(path, "read"), self._open(path) as file:
            return file.read()

    def resolve(self, path: str) -> Path:
        """The file itself, links followed. Raises NotFound, or PolicyRefused outside the root."""
        parts = _parts(path)
        try:
            target = self._root.joinpath(*parts).resolve()
            inside = target.is_relative_to(self._root.resolve())
        except (OSError, RuntimeError):  # links in a circle
            raise _outside(path) from None
        if not inside:
            raise _outside(path)
        if not target.is_file():
            raise self._gone(path)
        return target

    def verify(self, path: str, sha256: str, size_bytes: int) -> str:
        """`ok`, `missing` or `altered`; a link to elsewhere in its place is `altered`.

        Raises PolicyRefused for a path that could never have been written.
        """
        _parts(path)
        try:
            with self._told(path, "read"), self._open(path) as file:
                size = os.fstat(file.fileno()).st_size
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except NotFound:
            return "missing"
        except PolicyRefused:
            return "altered"
        return "ok" if (digest, size) == (sha256, size_bytes) else "altered"

    def discard(self, run_folder: str) -> None:
        """Remove what a run left under this folder, and its folder if it is empty by then.

        Raises NotFound where there is no root, or nothing in it: its disk may not be mounted.
        """
        *folders, name = _parts(run_folder)
        with self._told(run_folder, "removed"):
            if not self._root.exists():
                raise NotFound(f"There is no folder {self._root}.", "Check artifacts.root.")
            if not any(self._root.iterdir()):
                raise NotFound(f"The folder {self._root} is empty.", "Check artifacts.root.")
        with self._told(run_folder, "removed"), suppress(FileNotFoundError):
            with self._folder(folders) as folder:
                _remove(folder, name)
                os.fsync(folder)
            if folders:
                with self._folder(folders[:-1]) as folder, suppress(OSError):
                    os.rmdir(folders[-1], dir_fd=folder)

    def free_bytes(self) -> int:
        """Room on the disk. Makes the root if it is not there; raises Unavailable."""
        with self._told("", "written"):
            self._make_root()
            with self._folder(()) as folder:
                _write_whole(folder, ".probe", b"?")
                os.unlink(".probe", dir_fd=folder)
                return shutil.disk_usage(folder).free

    def _make_root(self) -> None:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _folder(self, parts: Sequence[str], *, make: bool = False) -> Iterator[int]:
        """A handle of a folder below the root. Raises PolicyRefused where there is a link."""
        folder = os.open(self._root, _FOLDER)
        try:
            for part in parts:
                if make:
                    _make_folder(folder, part)
                _insist_no_link(folder, part, "/".join(parts))
                inner = os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)

    @contextmanager
    def _open(self, path: str) -> Iterator[BufferedReader]:
        """The file, by way of handles. It was found by its path just now, without any link."""
        *folders, name = self.resolve(path).relative_to(self._root.resolve()).parts
        try:
            with self._folder(folders) as folder:
                handle = os.open(name, _READ, dir_fd=folder)
        except FileNotFoundError:
            raise self._gone(path) from None
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise self._gone(path)
            yield file

    def _gone(self, path: str) -> NotFound:
        return NotFound(f"The artifact {path} is not there any more.", f"Looked in {self._root}.")

    @contextmanager
    def _told(self, path: str, what: str) -> Iterator[None]:
        try:
            yield
        except CyberbrainError:
            raise
        except OSError as error:
            raise Unavailable(
                f"{self._root / path} cannot be {what}: {error.strerror}.",
                "Check the disk and artifacts.root; `cyberbrain doctor` tells more.",
            ) from None


def _parts(path: str) -> tuple[str, ...]:
    """The names in a relative path. Raises PolicyRefused for one that could lead elsewhere."""
    pure = PurePosixPath(path)
    try:
        path.encode()
    except UnicodeEncodeError:
        raise _outside(path) from None
    if not pure.parts or pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise _outside(path)
    return pure.parts


def _make_folder(folder: int, name: str) -> None:
    with suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=folder)
        os.fsync(folder)


def _insist_no_link(folder: int, name: str, path: str) -> None:
    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise _outside(path)


def _write_whole(folder: int, name: str, content: bytes) -> None:
    draft = f".writing-{secrets.token_hex(8)}"
    handle = os.open(draft, _DRAFT, 0o600, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(handle)
        os.replace(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with suppress(OSError):
            os.unlink(draft, dir_fd=folder)
        raise
    os.fsync(folder)


def _remove(folder: int, name: str) -> None:
    """A folder with all that is in it; of a link only the link."""
    if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        shutil.rmtree(name, dir_fd=folder)
    else:
        os.unlink(name, dir_fd=folder)


def _outside(path: str) -> PolicyRefused:
    return PolicyRefused(
        f"'{path}' leads outside the artifact root.", "Artifacts live below artifacts.root only."
    )
