"""Directives: every fault at once with its place, and options put over from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
from pydantic import Field

from cyberbrain_cli.adapters import yaml_files
from cyberbrain_cli.core.errors import InvalidFile, UsageError
from cyberbrain_cli.core.worker import LogTaskParams, Outcome, TaskParams, Worker
from cyberbrain_cli.engine.loader import (
    LoadedDirective,
    ad_hoc,
    load_directive,
    schema,
    with_options,
)


class ReadParams(LogTaskParams):
    digest_tokens: int = Field(2000, gt=0)


def do_nothing(params: Any, context: Any) -> Outcome:
    return Outcome()


WORKERS: Mapping[str, Worker] = {
    "read": Worker("read", "reads", ReadParams, do_nothing, reads_logs=True),
    "other": Worker("other", "does other things", TaskParams, do_nothing),
}

GOOD = """
name: nightly
version: 3
fail_on: critical
tasks:
  - task: read
    digest_tokens: 900
    containers: {names: [shop-*]}
  - {task: other, id: after, needs: [read], on_failure: continue}
"""


def load(text: str) -> LoadedDirective:
    return load_directive(yaml_files.parse(text.encode(), "d.yaml"), WORKERS)


def test_a_directive_is_read_with_the_options_of_each_task() -> None:
    loaded = load(GOOD)
    assert loaded.directive.version == 3
    params = loaded.params["read"]
    assert isinstance(params, ReadParams)
    assert params.digest_tokens == 900
    assert params.containers.names == ["shop-*"]
    assert set(loaded.params) == {"read", "after"}


def test_every_fault_is_told_at_once() -> None:
    text = """
name: Nightly Run
tasks:
  - task: raed
  - task: read
    digest_token: 5
    containers: {name: [x]}
  - task: other
    on_failure: explode
taks: []
"""
    with pytest.raises(InvalidFile) as invalid:
        load(text)
    told = [(problem.line, problem.message) for problem in invalid.value.problems]
    assert [line for line, _ in told] == [2, 4, 6, 7, 9, 10]
    said = "\n".join(message for _, message in told)
    assert "unknown task 'raed': did you mean read?" in said
    assert "unknown key 'digest_token'; did you mean 'digest_tokens'?" in said
    assert "unknown key 'name' in containers; did you mean 'names'?" in said
    assert "unknown key 'taks'; did you mean 'tasks'?" in said
    assert "'stop' or 'continue'" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n- b", "keys and values"),
        ("name: a\nname: b\ntasks: [{task: read}]", "'name' is given twice"),
        ("name: a\ntasks: [{task: read}, {task: read}]", "two tasks have the key 'read'"),
        ("name: a\ntasks: [{task: read, needs: [b]}]", "needs 'b', which is not in this"),
        (
            "name: a\ntasks: [{task: read, needs: [other]}, {task: other, needs: [read]}]",
            "need each other in a circle",
        ),
        ("name: a\ntasks: [", "not YAML"),
        ("name: a\n\ttasks: x", "not YAML"),
        ("a: &a [*a]", "an alias that contains itself"),
        ("name: !!python/object/apply:os.system [ls]\ntasks: [{task: read}]", "not plain YAML"),
        ("", "'name' is missing"),
    ],
)
def test_files_that_are_no_directive_are_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(InvalidFile, match=r"d.yaml:\d+:\d+: ") as invalid:
        load(text)
    assert message in invalid.value.message


def test_a_file_of_aliases_upon_aliases_is_refused_before_it_unfolds() -> None:
    rows = ["a: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(InvalidFile, match="unfold to too much"):
        load("\n".join(rows))


def test_a_parameter_goes_to_every_job_that_knows_it() -> None:
    changed = with_options(
        load(GOOD), {"digest_tokens": "100", "containers.compose_project": "shop"}, WORKERS
    )
    params = changed.params["read"]
    assert isinstance(params, ReadParams)
    assert params.digest_tokens == 100
    assert params.containers.compose_project == "shop"


def test_a_parameter_that_no_job_knows_or_that_does_not_fit_is_refused() -> None:
    with pytest.raises(UsageError, match="'nonsense'"):
        with_options(load(GOOD), {"nonsense": "1"}, WORKERS)
    with pytest.raises(UsageError, match="'digest_tokens' is not valid"):
        with_options(load(GOOD), {"digest_tokens": "-1"}, WORKERS)


def test_tasks_without_a_directive_become_one() -> None:
    loaded = ad_hoc(["read", "other"], {"digest_tokens": "7"}, WORKERS)
    assert [task.key for task in loaded.directive.tasks] == ["read", "other"]
    with pytest.raises(UsageError, match="did you mean read"):
        ad_hoc(["reed"], {}, WORKERS)


def test_the_schema_for_editors_accepts_what_the_loader_accepts_and_refuses_typos() -> None:
    validator = jsonschema.Draft202012Validator(schema(WORKERS))
    good = yaml_files.parse(GOOD.encode(), "d.yaml").data
    validator.validate(good)
    bad = {**good, "tasks": [{"task": "read", "digest_token": 5}]}
    assert not validator.is_valid(bad)
