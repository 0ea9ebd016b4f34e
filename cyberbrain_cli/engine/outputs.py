"""What a container left to be collected: a tar stream from somebody who may mean harm."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from cyberbrain_cli.core.records import OutputFile, OutputRoom, RefusedOutput

LONGEST_PATH = 512
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
}
_MOST_REFUSED = 100


@dataclass(slots=True)
class Collected:
    """The files that may be kept, and what was refused."""

    files: list[OutputFile] = field(default_factory=list)
    refused: list[RefusedOutput] = field(default_factory=list)

    def refuse(self, path: str, reason: str) -> None:
        """Remember that something is not kept; of very many, the first."""
        if len(self.refused) < _MOST_REFUSED:
            self.refused.append(RefusedOutput(path[:LONGEST_PATH], reason))


def collect(
    stream: Iterator[bytes], room: OutputRoom, secrets: Collection[bytes] = ()
) -> Collected:
    """Read the stream as far as it stays within bounds. Nothing of it is ever written to a path.

    Only regular files are kept, and folders gone into. A file that is not text and holds one of
    the `secrets` is refused, since it cannot be redacted.
    """
    found = Collected()
    bounded = _Bounded(stream, 2 * room.size_bytes + 4096 * (2 * room.files + 64))
    try:
        with tarfile.open(fileobj=io.BufferedReader(bounded), mode="r|") as tar:
            for member in tar:
                if len(found.files) >= room.files:
                    found.refuse(_named(member), f"more than {room.files} files")
                    break
                _take(tar, member, room, secrets, found)
                bounded.insist(member.size)
    except _TooMuch:
        found.refuse("", f"the rest: more than {room.size_bytes} bytes in all")
    except (tarfile.TarError, ValueError, EOFError) as error:
        found.refuse("", f"the rest: what the daemon sent is no archive ({type(error).__name__})")
    return found


def _take(
    tar: tarfile.TarFile,
    member: tarfile.TarInfo,
    room: OutputRoom,
    secrets: Collection[bytes],
    found: Collected,
) -> None:
    path = _named(member)
    if member.isdir():
        return
    reason = _problem(member, path)
    if reason is None and sum(len(file.content) for file in found.files) + member.size > (
        room.size_bytes
    ):
        reason = f"more than {room.size_bytes} bytes in all"
    if reason is not None:
        found.refuse(path, reason)
        return
    file = tar.extractfile(member)
    content = file.read() if file is not None else b""
    kept = OutputFile(path, content)
    if not kept.is_text and any(secret in content for secret in secrets):
        found.refuse(path, "it is not text and holds a value of the environment")
        return
    found.files.append(kept)


def _problem(member: tarfile.TarInfo, path: str) -> str | None:
    if member.type in _KINDS:
        return f"{_KINDS[member.type]}, not a file"
    if not member.isreg() or member.issparse():
        return "not a regular file"
    if not path or ".." in path.split("/") or path.startswith("/") or "\0" in path:
        return "a name that leads elsewhere"
    return "a name too long" if len(path) > LONGEST_PATH else None


def _named(member: tarfile.TarInfo) -> str:
    """The path below the folder that is collected."""
    whole = member.name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return whole.removeprefix("./")


class _TooMuch(Exception):
    """More came than may come."""


class _Bounded(io.RawIOBase):
    """The stream as a file that may be read so far and no further."""

    def __init__(self, stream: Iterator[bytes], most: int) -> None:
        self._stream = stream
        self._most = self._left = most
        self._chunk = memoryview(b"")

    def insist(self, size: int) -> None:
        """Raise when so much more may not be. What skips it does not see a stream end early."""
        if size > self._most:
            raise _TooMuch

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Some more of it. Raises when it was more than may be."""
        while not self._chunk:
            chunk = next(self._stream, None)
            if chunk is None:
                return 0
            self._left -= len(chunk)
            if self._left < 0:
                raise _TooMuch
            self._chunk = memoryview(chunk)
        size = min(len(buffer), len(self._chunk))
        buffer[:size] = self._chunk[:size]
        self._chunk = self._chunk[size:]
        return size
