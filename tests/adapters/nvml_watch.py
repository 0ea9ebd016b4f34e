"""Fixtures of the tests that look at GPUs through the stub of NVIDIA's library.

The library is one for each process, so all states are read in one that has loaded the stub.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cyberbrain_cli.adapters.nvml import NvmlWatch, watch_nvidia
from tests.adapters import nvml_stub

Watch = Callable[[str], NvmlWatch]


@pytest.fixture(scope="session")
def stub(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The stub, loaded before anybody asks for the real library by its name."""
    ctypes.CDLL(str(nvml_stub.build(tmp_path_factory.mktemp("nvml"))))


@pytest.fixture
def watch(stub: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Watch]:
    """Begin to look at GPUs in a state: one by its name, or one that is written out."""
    del stub
    opened = []

    def begin(state: str) -> NvmlWatch:
        path = Path(nvml_stub.state(state))
        if "\n" in state:
            path = tmp_path / "state.txt"
            path.write_text(state)
        monkeypatch.setenv("NVML_STUB", str(path))
        manager = watch_nvidia()
        found = manager.__enter__()
        opened.append(manager)
        return found

    yield begin
    for manager in opened:
        manager.__exit__(None, None, None)
