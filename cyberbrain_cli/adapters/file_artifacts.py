"""Artifacts as files: below one root, whole or not at all, readable by their owner alone."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from cyberbrain_cli.core.errors import CyberbrainError, NotFound, PolicyRefused, Unavailable
from cyberbrain_cli.core.records import NewArtifact

_CHUNK = 1024 * 1024


class FileArtifacts:
    """The artifact root; implements `core.ports.ArtifactStore`.

    Paths are relative, with slashes. Nothing outside the root is read or written, whatever
    links say.
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
        target = self._inside(path)
        with self._told(target):
            self._make_folder(target.parent)
            self._confined(target)
            _write_whole(target, content)
        digest = hashlib.sha256(content).hexdigest()
        return NewArtifact(kind, media_type, path, len(content), digest)

    def read(self, path: str) -> bytes:
        """The content of an artifact. Raises NotFound, or PolicyRefused outside the root."""
        target = self.resolve(path)
        with self._told(target):
            return target.read_bytes()

    def resolve(self, path: str) -> Path:
        """The file itself, links followed. Raises NotFound, or PolicyRefused outside the root."""
        target = self._confined(self._inside(path))
        if not target.is_file():
            raise NotFound(
                f"The artifact {path} is not there any more.", f"Looked in {self._root}."
            )
        return target

    def verify(self, path: str, sha256: str, size_bytes: int) -> str:
        """`ok`, `missing` or `altered`. Raises PolicyRefused outside the root."""
        try:
            target = self.resolve(path)
        except NotFound:
            return "missing"
        with self._told(target), target.open("rb") as file:
            same = os.fstat(file.fileno()).st_size == size_bytes and _digest(file) == sha256
        return "ok" if same else "altered"

    def discard(self, run_folder: str) -> None:
        """Remove what an unfinished run left under this folder, and its folder if it is empty."""
        target = self._inside(run_folder)
        with self._told(target):
            if target.is_dir() and not target.is_symlink():
                self._confined(target)
                shutil.rmtree(target)
        with suppress(OSError):
            target.parent.rmdir()

    def free_bytes(self) -> int:
        """Room on the disk. Makes the root if it is not there; raises Unavailable."""
        with self._told(self._root):
            self._make_folder(self._root)
            with tempfile.TemporaryFile(dir=self._root):
                return shutil.disk_usage(self._root).free

    def _inside(self, path: str) -> Path:
        parts = PurePosixPath(path)
        if not path or parts.is_absolute() or ".." in parts.parts or "\0" in path:
            raise _outside(path)
        return self._root / parts

    def _confined(self, target: Path) -> Path:
        """The target with all links followed. Raises PolicyRefused when they lead out."""
        resolved = target.resolve()
        if not resolved.is_relative_to(self._root.resolve()):
            raise _outside(str(target.relative_to(self._root)))
        return resolved

    def _make_folder(self, folder: Path) -> None:
        if folder != self._root:
            self._make_folder(folder.parent)
            folder.mkdir(mode=0o700, exist_ok=True)
        else:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    @contextmanager
    def _told(self, target: Path) -> Iterator[None]:
        try:
            yield
        except CyberbrainError:
            raise
        except OSError as error:
            raise Unavailable(
                f"The artifact {target} failed: {error.strerror}.",
                "Check the disk and artifacts.root; `cyberbrain doctor` tells more.",
            ) from None


def _write_whole(target: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _digest(file: object) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def _outside(path: str) -> PolicyRefused:
    return PolicyRefused(
        f"'{path}' leads outside the artifact root.", "Artifacts live below artifacts.root only."
    )
