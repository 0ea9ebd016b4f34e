"""The tar stream of a container's outputs comes from somebody who may mean harm."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator

import pytest

from cyberbrain_cli.core.records import OutputRoom
from cyberbrain_cli.engine.deadline import within
from cyberbrain_cli.engine.outputs import Collected, collect

ROOM = OutputRoom("/outputs", size_bytes=10_000, files=5)
Change = Callable[[tarfile.TarInfo], None]


def packed(*entries: tuple[str, bytes, Change | None]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content, change in entries:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if change:
                change(info)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def collected(
    content: bytes, room: OutputRoom = ROOM, secrets: tuple[bytes, ...] = ()
) -> Collected:
    chunks = (content[start : start + 700] for start in range(0, len(content), 700))
    return collect(iter(chunks), ROOM, secrets)


def kind(of: bytes) -> Change:
    def change(info: tarfile.TarInfo) -> None:
        info.type, info.linkname = of, "/etc/shadow"

    return change


def test_files_are_kept_with_their_path_below_the_folder() -> None:
    found = collected(packed(("./a.txt", b"one", None), ("./deep/er/b", b"two", None)))
    assert [(file.path, file.content) for file in found.files] == [
        ("a.txt", b"one"),
        ("deep/er/b", b"two"),
    ]
    assert found.refused == []


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (tarfile.SYMTYPE, "symbolic link"),
        (tarfile.LNKTYPE, "hard link"),
        (tarfile.CHRTYPE, "device"),
        (tarfile.BLKTYPE, "device"),
        (tarfile.FIFOTYPE, "named pipe"),
    ],
)
def test_what_is_no_file_is_refused_and_the_rest_kept(of: bytes, said: str) -> None:
    found = collected(packed(("x", b"", kind(of)), ("y", b"fine", None)))
    assert [file.path for file in found.files] == ["y"]
    ((refused),) = found.refused
    assert (refused.path, said in refused.reason) == ("x", True)


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "./../x", ".."])
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    def named(info: tarfile.TarInfo) -> None:
        info.name = name

    found = collected(packed(("n", b"evil", named)))
    assert found.files == []
    assert "leads elsewhere" in found.refused[0].reason


def test_no_more_files_and_bytes_than_there_is_room_for() -> None:
    many = collected(packed(*((f"f{number}", b"x", None) for number in range(9))))
    assert len(many.files) == 5
    assert "more than 5 files" in many.refused[0].reason
    large = collected(packed(("big", b"x" * 9_000, None), ("more", b"y" * 2_000, None)))
    assert [file.path for file in large.files] == ["big"]
    assert "10000 bytes" in large.refused[0].reason


def test_a_file_said_to_be_endless_ends_the_reading() -> None:
    head = tarfile.TarInfo("endless")
    head.size = 1 << 40
    read = 0

    def stream() -> Iterator[bytes]:
        nonlocal read
        yield head.tobuf()
        while True:
            read += 1
            yield bytes(4096)

    found = collect(stream(), ROOM)
    assert found.files == []
    assert found.refused
    assert read < 200


def test_a_file_said_to_be_endless_in_a_stream_that_ends_is_not_skipped_for_ever() -> None:
    head = tarfile.TarInfo("endless")
    head.size = 1 << 60
    found: list[Collected] = []
    content = head.tobuf(tarfile.GNU_FORMAT)
    assert within(5, lambda: found.append(collect(iter([content]), ROOM))) is None
    assert [item.path for item in found[0].refused] == ["endless", ""]


def test_a_name_is_judged_as_it_is_unpacked() -> None:
    """An extended header replaces the name in the plain one."""

    def named(info: tarfile.TarInfo) -> None:
        info.pax_headers = {"path": "../x"}

    twice = ("same", b"one", None), ("same", b"two", None)
    found = collected(packed(("n", b"evil", named), *twice))
    assert [file.content for file in found.files] == [b"one", b"two"]
    assert [item.path for item in found.refused] == ["../x"]


@pytest.mark.parametrize("content", [b"no archive at all" * 100, b"\0" * 100, b""])
def test_what_is_no_archive_is_nothing(content: bytes) -> None:
    assert collected(content).files == []


def test_a_binary_with_a_value_of_the_environment_is_refused() -> None:
    entries = (("b", b"\0\1hunter2-secret\2", None), ("t", b"hunter2-secret", None))
    found = collected(packed(*entries), secrets=(b"hunter2-secret",))
    assert [file.path for file in found.files] == ["t"], "text is redacted where it is written"
    assert "value of the environment" in found.refused[0].reason
