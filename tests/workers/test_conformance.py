"""What every task worker owes its users and the next author, demanded of each by walking."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
import yaml

from cyberbrain_cli import workers
from cyberbrain_cli.core.directive import Directive
from cyberbrain_cli.core.worker import LogTaskParams, Worker

ROOT = Path(__file__).parents[2]
NAMES = [module.name for module in pkgutil.iter_modules(workers.__path__)]
_YAML = re.compile(r"^```yaml directive\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def worker_of(name: str) -> Worker:
    worker = importlib.import_module(f"{workers.__name__}.{name}").WORKER
    assert isinstance(worker, Worker)
    return worker


def page_of(name: str) -> str:
    return (ROOT / "docs" / "workers" / f"{name}.md").read_text()


def test_there_are_workers() -> None:
    assert "log_triage" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_its_module_is_named_like_its_key_and_it_says_what_it_does(name: str) -> None:
    worker = worker_of(name)
    assert worker.key == name
    assert 10 <= len(worker.summary) <= 100
    assert worker.summary.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_described_and_unknown_ones_are_refused(name: str) -> None:
    params = worker_of(name).params
    assert params.model_config.get("extra") == "forbid"
    for key, field in params.model_fields.items():
        assert field.description, key
    params.model_json_schema()


@pytest.mark.parametrize("name", NAMES)
def test_a_worker_that_reads_logs_takes_their_options(name: str) -> None:
    worker = worker_of(name)
    assert not worker.reads_logs or issubclass(worker.params, LogTaskParams)
    assert not worker.uses_llm or worker.tokens_at_most is not None


@pytest.mark.parametrize("name", NAMES)
def test_it_has_a_test(name: str) -> None:
    assert (ROOT / "tests" / "workers" / f"test_{name}.py").is_file()


@pytest.mark.parametrize("name", NAMES)
def test_its_page_names_every_option_and_its_directives_are_valid(name: str) -> None:
    worker, page = worker_of(name), page_of(name)
    for key in worker.params.model_fields:
        assert f"`{key}`" in page, key
    blocks = _YAML.findall(page)
    assert blocks
    for block in blocks:
        directive = Directive.model_validate(yaml.safe_load(block))
        own = [task for task in directive.tasks if task.task == name]
        assert own
        for task in own:
            worker.params.model_validate(task.options)
