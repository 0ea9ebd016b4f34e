"""Where settings come from: file < environment < flag, and which of them gave each value."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError
from pydantic_settings import EnvSettingsSource
from pydantic_settings.exceptions import SettingsError

from cyberbrain_cli.config.settings import APPLICATION, ENV_PREFIX, Settings
from cyberbrain_cli.core.errors import CyberbrainError, InvalidFile, Problem, UsageError
from cyberbrain_cli.core.source import YamlDocument, problems_of

FILE_NAME = "cyberbrain.yaml"
ENV_FILE = "CYBERBRAIN_CONFIG"
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SEE_SCHEMA = "See `cyberbrain config schema --of config`."


@dataclass(frozen=True, slots=True)
class SettingOrigin:
    """A setting as `config show` prints it: secrets hidden, and where the value came from."""

    key: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """Validated settings with the origin of each value that is not a default."""

    settings: Settings
    path: Path | None
    origins: Mapping[str, str]

    def show(self) -> list[SettingOrigin]:
        """Every setting, ordered as the example file has them."""
        values = self.settings.model_dump(mode="json")
        return [
            SettingOrigin(key, _hidden(key, value), self.origins.get(key, "default"))
            for key, value in _flatten(values)
        ]


def find_file(explicit: Path | None) -> Path | None:
    """The configuration file to read, or None: no file is a valid configuration.

    A file that was named, by flag or environment, must exist.
    """
    if explicit is not None:
        return explicit
    if os.environ.get(ENV_FILE):
        return Path(os.environ[ENV_FILE])
    places = (
        Path(FILE_NAME),
        platformdirs.user_config_path(APPLICATION) / FILE_NAME,
        platformdirs.site_config_path(APPLICATION) / FILE_NAME,
    )
    return next((place for place in places if place.is_file()), None)


def load(document: YamlDocument | None, path: Path | None, flags: Mapping[str, Any]) -> Loaded:
    """Merge file, environment and flags, and validate the result.

    `flags` is nested like the file. Raises InvalidFile with every problem in the file at once,
    UsageError for a problem in the environment or the flags.
    """
    layers = {
        f"file {path}": dict(document.data) if document else {},
        "environment": _from_environment(),
        "flag": dict(flags),
    }
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers.items():
        _merge(merged, layer)
        origins.update({key: origin for key, _ in _flatten(layer)})
    missing = _resolve_references(merged)
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        raise _explain(error, document, origins) from None
    if missing:
        raise _unset_references(missing, document)
    return Loaded(settings, path, origins)


def _from_environment() -> dict[str, Any]:
    for name in os.environ:
        if name.upper().startswith(ENV_PREFIX) and name != ENV_FILE:
            _refuse_lookalike(name)
    try:
        return EnvSettingsSource(Settings)()
    except SettingsError as error:
        raise UsageError(f"The environment is not valid: {error}.", _SEE_SCHEMA) from None


def _refuse_lookalike(name: str) -> None:
    """A misspelt variable must not be ignored in silence; one that is not for us may be."""
    section, _, rest = name[len(ENV_PREFIX) :].lower().partition("__")
    if section in Settings.model_fields:
        return
    close = difflib.get_close_matches(section, Settings.model_fields, n=1, cutoff=0.75)
    if rest or close:
        hint = f"Did you mean {ENV_PREFIX}{close[0].upper()}?" if close else _SEE_SCHEMA
        raise UsageError(f"The environment variable {name} is not a setting.", hint)


def _merge(into: dict[str, Any], layer: Mapping[str, Any]) -> None:
    for key, value in layer.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        elif isinstance(value, Mapping):
            into[key] = {}
            _merge(into[key], value)
        else:
            into[key] = value


def _flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping) and value:
            yield from _flatten(value, f"{name}.")
        else:
            yield name, value


def _resolve_references(values: dict[str, Any]) -> list[str]:
    """Put ${NAME} in, where a secret may stand: keys and the database URL."""
    missing: list[str] = []

    def put(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in os.environ:
            missing.append(name)
        return os.environ.get(name, "")

    def walk(at: dict[str, Any]) -> None:
        for key, value in at.items():
            if isinstance(value, dict):
                walk(value)
            elif key in ("api_key", "url") and isinstance(value, str):
                at[key] = _REFERENCE.sub(put, value)

    walk(values)
    return missing


def _explain(
    error: ValidationError, document: YamlDocument | None, origins: Mapping[str, str]
) -> CyberbrainError:
    outside = [
        detail
        for detail in error.errors()
        if not origins.get(".".join(map(str, detail["loc"])), "file").startswith("file")
    ]
    if document is None or outside:
        detail = (outside or error.errors())[0]
        key = ".".join(map(str, detail["loc"]))
        origin = origins.get(key, "settings")
        return UsageError(
            f"The setting {key} ({origin}) is not valid: {detail['msg'].lower()}.",
            _SEE_SCHEMA,
        )
    problems = problems_of(error, document, Settings)
    return InvalidFile("configuration", document.name, problems)


def _unset_references(names: list[str], document: YamlDocument | None) -> CyberbrainError:
    problems = [Problem(f"the environment variable {name} is not set") for name in names]
    where = document.name if document else "environment"
    return InvalidFile("configuration", where, problems, "Set it, or remove ${…} from the file.")


def _hidden(key: str, value: Any) -> Any:
    if value is None:
        return None
    if key.endswith("api_key"):
        return "********"
    if key == "database.url":
        return hide_password(str(value))
    return value


def hide_password(url: str) -> str:
    """A URL as it may be shown: without its password."""
    return re.sub(r"(://[^:/@\s]*):[^@/\s]*@", r"\1:********@", url)
