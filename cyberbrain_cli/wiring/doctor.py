"""`cyberbrain doctor`: everything that a launch needs, a line each, with the way to mend it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cyberbrain_cli.adapters.docker_host import UNREADABLE_DRIVERS
from cyberbrain_cli.adapters.gpus import SystemGpus
from cyberbrain_cli.core.errors import CyberbrainError, NotFound
from cyberbrain_cli.core.launch import Check
from cyberbrain_cli.core.ports import ChatRequest, ModelInfo
from cyberbrain_cli.wiring.models import ConfiguredModels

if TYPE_CHECKING:
    from cyberbrain_cli.wiring import Services

OK, WARNING, FAILED = "ok", "warning", "failed"
LOW_BYTES = 512 * 1024 * 1024
_SCHEMA = {
    "type": "object",
    "properties": {"ready": {"type": "boolean"}},
    "required": ["ready"],
    "additionalProperties": False,
}


def examine(services: Services) -> list[Check]:
    """All checks, each for itself: one that fails does not keep the next from being made.

    A check that fails is something a launch needs; a warning is something it can do without.
    """
    checks: list[Callable[[Services], list[Check]]] = [
        _configuration,
        _database,
        _docker,
        _log_drivers,
        _model,
        _artifacts,
        _gpu,
    ]
    return [line for check in checks for line in check(services)]


def _configuration(services: Services) -> list[Check]:
    path = services.config_path
    return [Check("configuration", OK, f"{path} is valid." if path else "No file; all defaults.")]


def _database(services: Services) -> list[Check]:
    try:
        status = services.database_status()
        if status.embedded and not status.ok:
            _ = services.journal
            status = services.database_status()
    except CyberbrainError as error:
        return [_failed("database", error)]
    if not status.ok:
        message = f"{status.database} has schema {status.revision}, {status.head} is needed."
        return [Check("database", FAILED, message, "Run `cyberbrain db upgrade`.")]
    return [Check("database", OK, f"{status.database}, schema {status.revision}.")]


def _docker(services: Services) -> list[Check]:
    try:
        daemon = services.host.describe()
    except CyberbrainError as error:
        return [_failed("docker", error)]
    return [
        Check(
            "docker",
            OK,
            f"Engine {daemon.version} (API {daemon.api_version}) on {daemon.name} "
            f"at {services.host.address}.",
        )
    ]


def _log_drivers(services: Services) -> list[Check]:
    """Only allowed containers are looked at, as everywhere."""
    try:
        allowed = [entry.name for entry in services.reports.allowlist() if entry.enabled]
        drivers = {name: _driver(services, name) for name in allowed}
    except CyberbrainError:
        return []
    refusing = [name for name, driver in drivers.items() if driver in UNREADABLE_DRIVERS]
    if not refusing:
        count = len([driver for driver in drivers.values() if driver])
        return [Check("log drivers", OK, f"{count} allowed containers, none refuses to be read.")]
    return [
        Check(
            "log drivers",
            WARNING,
            f"Cannot be read: {', '.join(f'{name} ({drivers[name]})' for name in refusing)}.",
            "Use json-file, local or journald for these containers.",
        )
    ]


def _driver(services: Services, name: str) -> str | None:
    try:
        return services.host.inspect(name).log_driver
    except NotFound:
        return None


def _model(services: Services) -> list[Check]:
    models = ConfiguredModels(services.settings.llm, services.settings.prices)
    try:
        info = models.discover(None, None)
    except CyberbrainError as error:
        return [Check("model", WARNING, error.message, error.hint)]
    found = f"{info.model} at {info.endpoint}, context {info.context_tokens} tokens."
    return [Check("model", OK, found), *_abilities(models, info)]


def _abilities(models: ConfiguredModels, info: ModelInfo) -> list[Check]:
    """Ask for one small JSON answer, with a question of our own."""
    endpoint = models.open(info)
    question = ChatRequest("doctor", None, "You answer in JSON.", "Are you ready?", _SCHEMA, 32)
    try:
        attempt = endpoint.send(question, with_schema=True)
    finally:
        endpoint.close()
    counting = models.counts_exactly(info)
    tokens = "counted by the server's /tokenize." if counting else "estimated on the safe side."
    if attempt.outcome in ("ok", "cut"):
        schema = Check("model answers", OK, "JSON schema answers work.")
    elif attempt.schema_rejected:
        schema = Check("model answers", OK, "No JSON schema answers; plain JSON is asked for.")
    else:
        why = attempt.http_status or attempt.error_class or attempt.outcome
        schema = Check("model answers", WARNING, f"A test question failed: {why}.", "See its log.")
    return [schema, Check("model tokens", OK, f"Tokens are {tokens}")]


def _artifacts(services: Services) -> list[Check]:
    try:
        free = services.artifacts.free_bytes()
    except CyberbrainError as error:
        return [_failed("artifacts", error)]
    room = f"{services.artifacts.root} is writable, {free / 1e9:.1f} GB free."
    if free < LOW_BYTES:
        return [Check("artifacts", WARNING, room, "Make room, or move artifacts.root.")]
    return [Check("artifacts", OK, room)]


def _gpu(services: Services) -> list[Check]:
    """What the drivers themselves say: a driver that no longer fits its library shows nothing."""
    del services
    with SystemGpus().watch() as seen:
        names = [gpu.name or gpu.vendor for gpu in seen.facts() if not gpu.lost]
        notes = list(seen.notes)
    found = f"{', '.join(names)}." if names else "" if notes else "No GPU on this host."
    if notes:
        hint = "Containers and gpu_report go without these; see the driver's own tool."
        return [Check("gpu", WARNING, " ".join([found, *notes]).strip(), hint)]
    return [Check("gpu", OK, found)]


def _failed(name: str, error: CyberbrainError) -> Check:
    return Check(name, FAILED, error.message, error.hint)
