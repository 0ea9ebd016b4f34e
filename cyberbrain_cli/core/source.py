"""A YAML file with the place of every key, and its faults in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from cyberbrain_cli.core.errors import Problem

Location = tuple[str | int, ...]
Places = Mapping[Location, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """What a file says: its name, text and data, and where each key stands (1-based)."""

    name: str
    text: str
    data: dict[str, Any]
    places: Places

    def locate(self, location: Location) -> tuple[int, int]:
        """Line and column of a key, or of the nearest key above it that the file has."""
        for length in range(len(location), -1, -1):
            if location[:length] in self.places:
                return self.places[location[:length]]
        return (0, 0)


def problems_of(
    error: ValidationError,
    document: YamlDocument,
    model: type[BaseModel],
    at: Location = (),
) -> list[Problem]:
    """Every fault that Pydantic found, each with its place and in words for a person.

    `at` is where in the document the validated part begins; `model` is what it was validated
    against, to suggest the key that was meant.
    """
    return [_problem(detail, document, model, at) for detail in error.errors()]


def _problem(
    detail: ErrorDetails, document: YamlDocument, model: type[BaseModel], at: Location
) -> Problem:
    location = (*at, *detail["loc"])
    line, column = document.locate(location)
    key = ".".join(str(part) for part in location)
    return Problem(_sentence(detail, model, key), key, line, column)


def _sentence(detail: ErrorDetails, model: type[BaseModel], key: str) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(detail["loc"], model)
    say = _SENTENCES.get(kind)
    if say is not None:
        return say(key, context)
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{key}: {message[:1].lower()}{message[1:]}" if key else message


_SENTENCES: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "missing": lambda key, _: f"'{key}' is missing",
    "literal_error": lambda key, context: f"{key}: should be {context['expected']}",
    "enum": lambda key, context: f"{key}: should be {context['expected']}",
    "string_pattern_mismatch": lambda key, _: (
        f"{key}: may hold small letters, digits, '-' and '_' only, up to 63 of them"
    ),
}


def _unknown_key(location: Location, model: type[BaseModel]) -> str:
    *path, name = location
    known = _keys_at(model, tuple(path))
    close = difflib.get_close_matches(str(name), known, n=1)
    where = f" in {'.'.join(map(str, path))}" if path else ""
    suggestion = f"; did you mean '{close[0]}'?" if close else ""
    return f"unknown key '{name}'{where}{suggestion}"


def _keys_at(model: type[BaseModel], path: Location) -> list[str]:
    at: type[BaseModel] | None = model
    for part in path:
        if at is None:
            return []
        if isinstance(part, str) and part in at.model_fields:
            at = _model_in(at.model_fields[part].annotation)
    return list(at.model_fields) if at is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as Budget, list[TaskSpec] or dict[str, Price] | None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
