"""From a directive's YAML, or from `--task`, to a directive whose every option is validated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from cyberbrain_cli.core.directive import Directive, TaskSpec
from cyberbrain_cli.core.errors import InvalidFile, Problem, UsageError
from cyberbrain_cli.core.source import YamlDocument, problems_of
from cyberbrain_cli.core.worker import TaskParams, Worker
from cyberbrain_cli.engine.registry import unknown_task

AD_HOC = "adhoc"
_PATH = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class LoadedDirective:
    """A directive with the validated options of each of its jobs, and its text as it was."""

    directive: Directive
    params: Mapping[str, TaskParams]
    text: str

    @property
    def sha256(self) -> str:
        """The digest of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def load_directive(document: YamlDocument, workers: Mapping[str, Worker]) -> LoadedDirective:
    """Validate a directive. Raises InvalidFile with every problem at once, each with its place."""
    problems: list[Problem] = []
    directive: Directive | None = None
    try:
        directive = Directive.model_validate(document.data)
    except ValidationError as error:
        problems += problems_of(error, document, Directive)
    params = _params_of(document, workers, problems)
    if directive is not None and not problems:
        problems += _cycles(directive.tasks, document)
        problems += _unneeded(directive.tasks, params, document)
    if directive is None or problems:
        raise InvalidFile("directive", document.name, problems)
    return LoadedDirective(directive, params, document.text)


def ad_hoc(
    tasks: Sequence[str], options: Mapping[str, str], workers: Mapping[str, Worker]
) -> LoadedDirective:
    """The directive that `--task` stands for, every job with the options that it knows."""
    for task in tasks:
        if task not in workers:
            raise UsageError(f"{unknown_task(task, workers).capitalize()}.")
    entries: list[dict[str, Any]] = [{"task": task, "on_failure": "continue"} for task in tasks]
    data = {"name": AD_HOC, "tasks": entries}
    directive = Directive.model_validate(data)
    bare = {task: workers[task].params.model_construct() for task in tasks}
    loaded = with_options(LoadedDirective(directive, bare, ""), options, workers)
    params = {task: _checked(given, given.model_dump()) for task, given in loaded.params.items()}
    for entry in entries:
        given = params[entry["task"]]
        entry |= given.model_dump(mode="json", exclude_unset=True, exclude_defaults=True)
    return LoadedDirective(directive, params, json.dumps(data))


def with_options(
    loaded: LoadedDirective, options: Mapping[str, str], workers: Mapping[str, Worker]
) -> LoadedDirective:
    """The directive with `--param k=v` put over its jobs' options, wherever a job has one.

    A name may go down with dots (`containers.compose_project`), and take JSON as its value.
    Raises UsageError for an option that no job has, or a value that does not fit.
    """
    if not options:
        return loaded
    params = dict(loaded.params)
    unused = set(options)
    for task in loaded.directive.tasks:
        model = workers[task.task].params
        mine = {
            key: text for key, text in options.items() if key.split(".")[0] in model.model_fields
        }
        unused -= mine.keys()
        if mine:
            params[task.key] = _override(params[task.key], mine)
    if unused:
        raise UsageError(
            f"No job of this launch has the option '{min(unused)}'.",
            "See `cyberbrain directives schema` for the options of each task.",
        )
    return LoadedDirective(loaded.directive, params, loaded.text)


def _override(params: TaskParams, options: Mapping[str, str]) -> TaskParams:
    data = params.model_dump()
    for key, text in options.items():
        *path, last = key.split(".")
        at = data
        for part in path:
            at = at.setdefault(part, {})
            if not isinstance(at, dict):
                raise UsageError(f"The option '{key}' does not exist.")
        at[last] = _value(text)
    return _checked(params, data)


def _checked(params: TaskParams, data: Mapping[str, Any]) -> TaskParams:
    try:
        return type(params).model_validate(data)
    except ValidationError as error:
        detail = error.errors()[0]
        name = ".".join(map(str, detail["loc"]))
        raise UsageError(f"The option '{name}' is not valid: {detail['msg'].lower()}.") from None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _params_of(
    document: YamlDocument, workers: Mapping[str, Worker], problems: list[Problem]
) -> dict[str, TaskParams]:
    """Validate each task's own options, as far as the tasks can be made out at all."""
    tasks = document.data.get("tasks")
    params: dict[str, TaskParams] = {}
    for index, entry in enumerate(tasks if isinstance(tasks, list) else []):
        if not isinstance(entry, dict) or not isinstance(entry.get("task"), str):
            continue
        worker = workers.get(entry["task"])
        at: _PATH = ("tasks", index)
        if worker is None:
            line, column = document.locate((*at, "task"))
            message = unknown_task(entry["task"], workers)
            problems.append(Problem(message, f"tasks.{index}.task", line, column))
            continue
        own = {key: value for key, value in entry.items() if key not in TaskSpec.model_fields}
        try:
            params[str(entry.get("id") or worker.key)] = worker.params.model_validate(own)
        except ValidationError as error:
            problems += problems_of(error, document, _whole_task(worker), at)
    return params


def _whole_task(worker: Worker) -> type[BaseModel]:
    """A task's common keys and its own in one model, so that suggestions know all of them."""
    common = {name: (field.annotation, field) for name, field in TaskSpec.model_fields.items()}
    return create_model(f"{worker.key}_task", __base__=worker.params, **common)  # type: ignore[call-overload, no-any-return]


def _cycles(tasks: Sequence[TaskSpec], document: YamlDocument) -> list[Problem]:
    try:
        TopologicalSorter({task.key: task.needs for task in tasks}).prepare()
    except CycleError as error:
        line, column = document.locate(("tasks",))
        circle = " → ".join(error.args[1])
        return [Problem(f"the tasks need each other in a circle: {circle}", "tasks", line, column)]
    return []


def _unneeded(
    tasks: Sequence[TaskSpec], params: Mapping[str, TaskParams], document: YamlDocument
) -> Iterator[Problem]:
    """Jobs whose artifacts another one reads without needing them: they may not have ended."""
    for index, task in enumerate(tasks):
        for other in sorted(set(params[task.key].reads_from()) - set(task.needs)):
            line, column = document.locate(("tasks", index))
            message = f"task '{task.key}' reads from '{other}': add it to its needs"
            yield Problem(message, f"tasks.{index}", line, column)


def schema(workers: Mapping[str, Worker]) -> dict[str, Any]:
    """The JSON Schema of a directive file, each task with its own options, for editors."""
    whole = Directive.model_json_schema()
    definitions = whole.setdefault("$defs", {})
    variants = []
    for key, worker in sorted(workers.items()):
        task = _whole_task(worker).model_json_schema(ref_template="#/$defs/{model}")
        definitions.update(task.pop("$defs", {}))
        task["properties"]["task"] = {"const": key, "description": worker.summary}
        definitions[f"{key}_task"] = task
        variants.append({"$ref": f"#/$defs/{key}_task"})
    definitions.pop("TaskSpec", None)
    whole["properties"]["tasks"]["items"] = {"oneOf": variants}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}
