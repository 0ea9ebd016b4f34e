"""Artifacts on the disk: whole or not at all, private, and never outside their root."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cyberbrain_cli.adapters.file_artifacts import FileArtifacts
from cyberbrain_cli.core.errors import NotFound, PolicyRefused, Unavailable

PATH = "run_1/log_triage/analysis.json"
LEADING_OUT = [
    "../secret",
    "run_1/../../secret",
    "/etc/passwd",
    "..",
    ".",
    "",
    "run_1/x\0y",
    "run_1/\ud800",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "secret").write_text("not for you")
    return tmp_path / "artifacts"


@pytest.fixture
def store(root: Path) -> FileArtifacts:
    return FileArtifacts(root)


def put(store: FileArtifacts, content: bytes = b"{}", path: str = PATH) -> None:
    store.write(path, content, kind="analysis", media_type="application/json")


def drafts(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.name.startswith(".")]


def test_what_was_written_is_read_and_described(store: FileArtifacts, root: Path) -> None:
    written = store.write(PATH, b"hello", kind="analysis", media_type="application/json")
    assert (written.path, written.size_bytes) == (PATH, 5)
    assert written.sha256 == hashlib.sha256(b"hello").hexdigest()
    assert store.read(PATH) == b"hello"
    assert store.resolve(PATH) == (root / PATH).resolve()
    assert drafts(root) == []


def test_only_the_owner_can_read(store: FileArtifacts, root: Path) -> None:
    before = os.umask(0)
    try:
        put(store)
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o777 for path in [root, *root.rglob("*")]}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}


def test_writing_again_replaces_whole(store: FileArtifacts) -> None:
    put(store, b"first, and longer")
    put(store, b"second")
    assert store.read(PATH) == b"second"


@pytest.mark.parametrize("path", LEADING_OUT)
def test_paths_that_could_lead_out_are_refused(store: FileArtifacts, root: Path, path: str) -> None:
    put(store)
    with pytest.raises(PolicyRefused):
        put(store, path=path)
    with pytest.raises(PolicyRefused):
        store.read(path)
    with pytest.raises(PolicyRefused):
        store.verify(path, "", 0)
    with pytest.raises(PolicyRefused):
        store.discard(path)
    assert store.read(PATH) == b"{}"
    assert (root.parent / "secret").read_text() == "not for you"


@pytest.mark.parametrize("link", [PATH, "run_1/log_triage", "run_1"])
def test_links_that_lead_out_are_not_read(store: FileArtifacts, root: Path, link: str) -> None:
    outside = root.parent / "outside"
    target = outside / PATH.removeprefix(link).lstrip("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("secret")
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(outside)
    with pytest.raises(PolicyRefused):
        store.read(PATH)
    assert store.verify(PATH, hashlib.sha256(b"secret").hexdigest(), 6) == "altered"


@pytest.mark.parametrize("link", ["run_1", "run_1/log_triage"])
def test_nothing_is_made_behind_a_link(store: FileArtifacts, root: Path, link: str) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (root / link).parent.mkdir(parents=True, exist_ok=True)
    (root / link).symlink_to(outside)
    with pytest.raises(PolicyRefused):
        put(store)
    assert list(outside.iterdir()) == []


def test_a_link_in_the_place_of_a_file_is_replaced_not_followed(
    store: FileArtifacts, root: Path
) -> None:
    (root / PATH).parent.mkdir(parents=True)
    (root / PATH).symlink_to(root.parent / "secret")
    put(store, b"mine")
    assert store.read(PATH) == b"mine"
    assert (root.parent / "secret").read_text() == "not for you"


def test_a_link_that_stays_inside_is_read(store: FileArtifacts, root: Path) -> None:
    put(store, b"inside")
    (root / "latest").symlink_to(root / "run_1")
    assert store.read("latest/log_triage/analysis.json") == b"inside"


def test_links_in_a_circle_are_refused_or_missing(store: FileArtifacts, root: Path) -> None:
    (root / "run_1").mkdir(parents=True)
    (root / "run_1" / "a").symlink_to("b")
    (root / "run_1" / "b").symlink_to("a")
    with pytest.raises((PolicyRefused, NotFound)):
        store.read("run_1/a")


def test_a_root_that_is_a_link_works(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "artifacts").symlink_to(tmp_path / "disk")
    store = FileArtifacts(tmp_path / "artifacts")
    put(store, b"x")
    assert store.read(PATH) == b"x"


@pytest.mark.parametrize("path", ["run_1/nothing", "run_1/log_triage", "nowhere/at/all"])
def test_what_is_not_there_is_not_found(store: FileArtifacts, path: str) -> None:
    put(store)
    with pytest.raises(NotFound, match="is not there any more"):
        store.read(path)


def test_a_pipe_is_no_artifact(store: FileArtifacts, root: Path) -> None:
    put(store)
    os.mkfifo(root / "run_1" / "pipe")
    with pytest.raises(NotFound):
        store.read("run_1/pipe")


def test_verify_tells_missing_and_altered(store: FileArtifacts, root: Path) -> None:
    written = store.write(PATH, b"hello", kind="a", media_type="b")
    assert store.verify(PATH, written.sha256, written.size_bytes) == "ok"
    (root / PATH).write_bytes(b"hellO")
    assert store.verify(PATH, written.sha256, written.size_bytes) == "altered"
    (root / PATH).unlink()
    assert store.verify(PATH, written.sha256, written.size_bytes) == "missing"


def test_discard_removes_a_job_and_then_its_run(store: FileArtifacts, root: Path) -> None:
    put(store)
    put(store, path="run_1/other/a.json")
    put(store, path="run_2/other/a.json")
    store.discard("run_1/log_triage")
    assert sorted(path.name for path in (root / "run_1").iterdir()) == ["other"]
    store.discard("run_1/other")
    assert sorted(path.name for path in root.iterdir()) == ["run_2"]
    store.discard("run_1/other")
    store.discard("run_7")


def test_discard_follows_no_link(store: FileArtifacts, root: Path) -> None:
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (root / "run_1").mkdir(parents=True)
    (root / "run_1" / "job").symlink_to(outside)
    (root / "run_1" / "real").mkdir()
    (root / "run_1" / "real" / "inner").symlink_to(outside)
    store.discard("run_1/job")
    store.discard("run_1/real")
    assert (outside / "kept").exists()
    assert not (root / "run_1").exists()


def test_a_disk_that_is_full_leaves_nothing_half_written(root: Path) -> None:
    """A limit on the size of files stands in for the disk: the kernel stops the write midway."""
    script = f"""
import resource, signal
from pathlib import Path
from cyberbrain_cli.adapters.file_artifacts import FileArtifacts
from cyberbrain_cli.core.errors import Unavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    FileArtifacts(Path({str(root)!r})).write({PATH!r}, b"x" * 200_000, kind="a", media_type="b")
except Unavailable as error:
    print(error.message, "|", error.hint)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == ""
    assert "cannot be written: File too large. | Check the disk" in done.stdout
    assert [path for path in root.rglob("*") if path.is_file()] == []


def test_a_root_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = FileArtifacts(tmp_path / "file")
    with pytest.raises(Unavailable, match="cannot be written"):
        put(store)
    with pytest.raises(Unavailable, match="cannot be written"):
        store.free_bytes()


def test_free_bytes_tries_to_write(store: FileArtifacts, root: Path) -> None:
    assert store.free_bytes() > 0
    assert root.is_dir()
    assert list(root.iterdir()) == []
