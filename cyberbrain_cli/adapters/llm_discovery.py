"""Finding the model: which server answers, what it serves, and how much it can read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cyberbrain_cli.adapters.llm_address import Address, is_private, parse_address, resolve
from cyberbrain_cli.adapters.llm_wire import Wire, WireAnswer, WireError, WireUnreachable
from cyberbrain_cli.core.errors import LlmUnavailable
from cyberbrain_cli.core.ports import ModelInfo

USUAL_PORTS: Mapping[int, str] = {8080: "llama.cpp", 8000: "vLLM", 11434: "Ollama"}
DEFAULT_CONTEXT = 4096
_PROBE_SECONDS = 5.0
_LONGEST_NAME = 1024


@dataclass(frozen=True, slots=True)
class Discovery:
    """A model that answers: who it is, and how to reach it. `server` is the program's name."""

    info: ModelInfo
    server: str
    address: Address
    allow_remote: bool
    timeout_seconds: float

    def wire(self) -> Wire:
        """A new way to it, which its user closes."""
        return Wire(
            self.address, allow_remote=self.allow_remote, timeout_seconds=self.timeout_seconds
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the configuration says of an endpoint. `endpoint` is a base URL or `auto`."""

    endpoint: str = "auto"
    model: str | None = None
    api_key: str | None = field(default=None, repr=False)
    timeout_seconds: float = 120
    allow_remote: bool = False
    context_tokens: int | None = None
    max_parallel: int = 1


def discover(wanted: Wanted, usual_ports: Mapping[int, str] = USUAL_PORTS) -> Discovery:
    """Ask the endpoint for its model; `auto` takes the first usual port that answers.

    Raises LlmUnavailable with what to do, PolicyRefused before anything is sent to an address
    that is not allowed, UsageError when the endpoint is no URL.
    """
    if wanted.endpoint.strip().lower() != "auto":
        return _ask(parse_address(wanted.endpoint, wanted.api_key), wanted)
    for port in usual_ports:
        try:
            return _ask(parse_address(f"http://127.0.0.1:{port}", wanted.api_key), wanted)
        except LlmUnavailable:
            continue
    looked = ", ".join(f"{port} ({name})" for port, name in usual_ports.items())
    raise LlmUnavailable(
        f"No model answers on this host's usual ports: {looked}.",
        "Start a model server, or set llm.endpoint to the URL of one.",
    )


def _ask(address: Address, wanted: Wanted) -> Discovery:
    private = all(map(is_private, resolve(address, allow_remote=wanted.allow_remote)))
    seconds = min(wanted.timeout_seconds, _PROBE_SECONDS)
    wire = Wire(address, allow_remote=wanted.allow_remote, timeout_seconds=seconds)
    listed = _models(wire)
    model = _choose(address, listed, wanted.model)
    server = _server(listed)
    said = _context(wire, server, listed, model)
    sizes = [size for size in (wanted.context_tokens, said) if size is not None]
    info = ModelInfo(
        endpoint=address.label,
        model=model,
        context_tokens=min(sizes, default=DEFAULT_CONTEXT),
        is_private=private,
        max_parallel=wanted.max_parallel,
        timeout_seconds=wanted.timeout_seconds,
    )
    return Discovery(info, server, address, wanted.allow_remote, wanted.timeout_seconds)


def _models(wire: Wire) -> list[dict[str, Any]]:
    """What the server lists; empty when it has no such list. Raises LlmUnavailable."""
    label = wire.address.label
    try:
        answer = wire.request("GET", f"{wire.address.base_path}/models")
    except WireUnreachable as error:
        raise LlmUnavailable(
            f"No model server can be reached at {label} ({error.cause}).",
            "Start it, or set llm.endpoint to where it is.",
        ) from error
    except WireError as error:
        raise LlmUnavailable(
            f"The server at {label} does not answer as a model server ({error.cause}).",
            "Check that llm.endpoint is an OpenAI-compatible server and not overloaded.",
        ) from error
    _insist_on_access(label, answer)
    document = _json(answer)
    listed = document.get("data") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        if answer.status in {404, 405}:
            return []
        raise LlmUnavailable(
            f"What answers at {label} is no OpenAI-compatible server (HTTP {answer.status}).",
            "Set llm.endpoint to the base URL of one.",
        )
    return [entry for entry in listed if isinstance(entry, dict) and _is_name(entry.get("id"))]


def _insist_on_access(label: str, answer: WireAnswer) -> None:
    if answer.status in {401, 403}:
        raise LlmUnavailable(
            f"The model server at {label} wants a key (HTTP {answer.status}).",
            "Set llm.api_key, as ${NAME} to take it from the environment.",
        )
    if answer.status == 503:
        raise LlmUnavailable(
            f"The model server at {label} is still loading its model.", "Try again in a while."
        )


def _choose(address: Address, listed: list[dict[str, Any]], wanted: str | None) -> str:
    names = [str(entry["id"]) for entry in listed]
    # A llama.cpp with one model answers to any name.
    if wanted and (not names or wanted in names or _server(listed) == "llama.cpp"):
        return wanted
    if wanted:
        raise LlmUnavailable(
            f"The server at {address.label} does not serve the model '{wanted[:80]}'.",
            f"It serves: {', '.join(names[:8])}. Set llm.model to one of them.",
        )
    if not names:
        raise LlmUnavailable(
            f"The server at {address.label} names no model.", "Load one, or set llm.model."
        )
    # llama.cpp names a model by its file's path, which is nobody's business.
    return names[0].rpartition("/")[2] if names[0].endswith(".gguf") else names[0]


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME and value.isprintable()


def _server(listed: list[dict[str, Any]]) -> str:
    owner = str(listed[0].get("owned_by", "")) if listed else ""
    return {"llamacpp": "llama.cpp", "vllm": "vLLM", "library": "Ollama"}.get(
        owner, "OpenAI-compatible"
    )


def _context(wire: Wire, server: str, listed: list[dict[str, Any]], model: str) -> int | None:
    """The tokens that one request may take, as far as the server says."""
    entry = next((entry for entry in listed if entry["id"] == model), listed[0] if listed else {})
    if (size := _size(entry.get("max_model_len"))) is not None:
        return size
    if server == "llama.cpp":
        settings = _get(wire, "/props").get("default_generation_settings")
        if (size := _size(_of(settings, "n_ctx"))) is not None:
            return size
        return _size(_of(entry.get("meta"), "n_ctx"))
    if server == "Ollama":
        loaded = _get(wire, "/api/ps").get("models")
        loaded = loaded if isinstance(loaded, list) else []
        ours = [one for one in loaded if _of(one, "name") == model]
        return _size(_of(ours[0], "context_length")) if ours else None
    return None


def _get(wire: Wire, path: str) -> dict[str, Any]:
    try:
        document = _json(wire.request("GET", f"{wire.address.root}{path}"))
    except WireError:
        return {}
    return document if isinstance(document, dict) else {}


def _json(answer: WireAnswer) -> object:
    try:
        return json.loads(answer.body) if answer.status == 200 else None
    except (ValueError, RecursionError):
        return None


def _of(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None


def _size(value: object) -> int | None:
    sane = isinstance(value, int) and not isinstance(value, bool) and 256 <= value <= 100_000_000
    return value if sane else None  # type: ignore[return-value]
