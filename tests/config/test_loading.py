"""File < environment < flag; every fault named with its place; secrets never shown."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cyberbrain_cli.adapters import yaml_files
from cyberbrain_cli.config.loading import Loaded, find_file, load
from cyberbrain_cli.core.errors import InvalidFile, UsageError

EXAMPLE = Path(__file__).parents[2] / "config.example.yaml"


@pytest.fixture(autouse=True)
def _nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CONFIG", "DATABASE__URL", "LLM__MODEL", "MAX_PARALLEL", "DIRECTIVES__FOLDERS"):
        monkeypatch.delenv(f"CYBERBRAIN_{name}", raising=False)
    for name in re.findall(r"\$\{([A-Z_]+)\}", EXAMPLE.read_text(encoding="utf-8")):
        monkeypatch.setenv(name, f"secret-{name}")
    monkeypatch.chdir(tmp_path)


def loaded(text: str, flags: dict[str, Any] | None = None) -> Loaded:
    return load(yaml_files.parse(text.encode(), "c.yaml"), Path("c.yaml"), flags or {})


def test_nothing_at_all_is_a_valid_configuration() -> None:
    result = load(None, None, {})
    assert result.settings.database.url.startswith("sqlite:///")
    assert {setting.origin for setting in result.show()} == {"default"}


@pytest.mark.parametrize(
    ("price", "says"),
    [
        ("{prompt_per_million: 1}", "needs completion_per_million, be it 0"),
        ("{completion_per_million: 1}", "needs completion_per_million, be it 0"),
        ("{per_gpu_second: 1, cached_prompt_per_million: 1}", "goes with prompt_per_million"),
        ("{currency: EUR}", "there is no price in it"),
        ("{per_gpu_second: -0.1}", "greater than or equal to 0"),
        ("{per_gpu_second: 1e30}", "less than or equal to 1000"),
        ("{prompt_per_million: .nan, completion_per_million: 0}", "finite"),
    ],
)
def test_a_price_that_would_be_free_or_none_by_mistake_is_refused(price: str, says: str) -> None:
    with pytest.raises(InvalidFile) as raised:
        loaded(f"prices: {{small: {price}}}")
    assert any(says in str(problem) for problem in raised.value.problems), raised.value.problems


def test_a_price_is_as_exact_as_it_is_written() -> None:
    text = "prices: {small: {prompt_per_million: 0.1, completion_per_million: '0.30'}}"
    price = loaded(text).settings.prices["small"].as_price()
    assert (price.prompt_per_million, price.completion_per_million) == (
        Decimal("0.1"),
        Decimal("0.30"),
    )


def test_flags_win_over_environment_and_environment_over_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = "max_parallel: 2\nllm: {model: from-file, timeout_seconds: 7}\n"
    assert loaded(text).settings.max_parallel == 2
    monkeypatch.setenv("CYBERBRAIN_MAX_PARALLEL", "3")
    monkeypatch.setenv("CYBERBRAIN_LLM__MODEL", "from-environment")
    assert loaded(text).settings.max_parallel == 3
    result = loaded(text, {"max_parallel": 4})
    assert result.settings.max_parallel == 4
    assert result.settings.llm.model == "from-environment"
    assert result.settings.llm.timeout_seconds == 7
    origins = {setting.key: setting.origin for setting in result.show()}
    assert origins["max_parallel"] == "flag"
    assert origins["llm.model"] == "environment"
    assert origins["llm.timeout_seconds"] == "file c.yaml"
    assert origins["docker.host"] == "default"


def test_lists_come_from_the_environment_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERBRAIN_DIRECTIVES__FOLDERS", '["a", "b"]')
    assert load(None, None, {}).settings.directives.folders == [Path("a"), Path("b")]


def test_all_faults_of_a_file_are_told_at_once_each_with_its_place() -> None:
    with pytest.raises(InvalidFile) as invalid:
        loaded("databse:\n  url: x\nmax_parallel: many\nllm:\n  modle: y\n")
    assert [(p.line, p.column) for p in invalid.value.problems] == [(1, 1), (3, 1), (5, 3)]
    text = invalid.value.message
    assert "unknown key 'databse'; did you mean 'database'?" in text
    assert "unknown key 'modle' in llm; did you mean 'model'?" in text
    assert "c.yaml:3:1: max_parallel: should be a valid integer" in text


def test_a_misspelt_variable_is_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERBRAIN_DATABSE__URL", "sqlite:///x")
    with pytest.raises(UsageError) as refused:
        load(None, None, {})
    assert "CYBERBRAIN_DATABSE__URL" in refused.value.message
    assert "CYBERBRAIN_DATABASE" in refused.value.hint


def test_a_wrong_value_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CYBERBRAIN_MAX_PARALLEL", "lots")
    with pytest.raises(UsageError, match="max_parallel \\(environment\\)"):
        load(None, None, {})


def test_secrets_come_from_the_environment_and_are_never_shown() -> None:
    result = load(yaml_files.read(EXAMPLE), EXAMPLE, {})
    assert result.settings.llm.api_key is not None
    assert result.settings.llm.api_key.get_secret_value() == "secret-LLM_API_KEY"
    assert "secret-DB_PASSWORD" in result.settings.database.url
    assert "secret-" not in str(result.show())
    assert "secret-" not in repr(result.settings)
    assert result.settings.notify.targets["ops"].url.get_secret_value() == "secret-OPS_URL"


def test_a_reference_to_an_unset_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LLM_API_KEY")
    with pytest.raises(InvalidFile, match="LLM_API_KEY is not set"):
        loaded("llm: {api_key: '${LLM_API_KEY}'}")


def test_every_setting_is_in_the_example() -> None:
    example = load(yaml_files.read(EXAMPLE), EXAMPLE, {})
    from_file = {key for key, origin in example.origins.items() if origin.startswith("file")}
    defaults = {setting.key for setting in load(None, None, {}).show()}
    assert defaults - from_file <= {"prices", "llm.endpoints", "notify.targets", "notify.pings"}


def test_files_are_looked_for_in_order(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    assert find_file(None) is None
    (tmp_path / "user" / "cyberbrain").mkdir(parents=True)
    (tmp_path / "user" / "cyberbrain" / "cyberbrain.yaml").touch()
    assert find_file(None) == tmp_path / "user" / "cyberbrain" / "cyberbrain.yaml"
    Path("cyberbrain.yaml").touch()
    assert find_file(None) == Path("cyberbrain.yaml")
    monkeypatch.setenv("CYBERBRAIN_CONFIG", "named.yaml")
    assert find_file(None) == Path("named.yaml")
    assert find_file(Path("flag.yaml")) == Path("flag.yaml")
