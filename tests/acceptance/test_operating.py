"""What docs/operating.md and deploy/ tell operators to type is tried here."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from cyberbrain_cli.metrics.families import FAMILIES
from tests.acceptance.conftest import Allowed
from tests.acceptance.support import TRIAGE
from tests.conftest import Cyberbrain, RunContainer
from tests.stack import packages
from tests.stack.state import REPOSITORY

PAGE = (REPOSITORY / "docs" / "operating.md").read_text()
DEPLOY = REPOSITORY / "deploy"
RECIPES = re.findall(r"^jq .*$", PAGE, re.MULTILINE)
_CALL = re.compile(r"\bcyberbrain ((?:launch|serve|artifacts|db)[^>&|]*)")
OUTPUTS = {
    "runs.json": ("runs",),
    "cost.json": ("cost-report", "--by", "model", "--by", "day"),
    "containers.json": ("containers",),
}


@pytest.fixture
def outputs(cyberbrain: Cyberbrain, allowed: Allowed, run_container: RunContainer) -> Path:
    """A folder with the outputs of a run that found something, beside one that was not read."""
    allowed()
    run_container("true")
    done = cyberbrain(*TRIAGE, "--no-llm")
    assert done.code == 0
    (cyberbrain.home / "run.json").write_text(done.stdout)
    for name, command in OUTPUTS.items():
        (cyberbrain.home / name).write_text(cyberbrain(*command, "-o", "json").stdout)
    return cyberbrain.home


def test_every_recipe_of_the_jq_cookbook_works(outputs: Path) -> None:
    if shutil.which("jq") is None:
        packages.need("jq", what="jq", otherwise="Install jq.")
    assert len(RECIPES) > 10
    silent = []
    for recipe in RECIPES:
        done = subprocess.run(recipe, shell=True, cwd=outputs, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, ""), recipe
        if done.stdout.strip() in ("", "null"):
            silent.append(recipe)
    assert [recipe for recipe in silent if "gap != null" not in recipe] == []


def command_lines() -> list[str]:
    """Every call of the program in deploy/, as far as it is written out."""
    found = []
    for path in DEPLOY.rglob("*"):
        if path.is_file() and path.parent.name in ("cron", "systemd", "ci"):
            for line in path.read_text().splitlines():
                if not line.lstrip().startswith("#"):
                    found += re.findall(
                        r"\bcyberbrain ((?:launch|serve|artifacts|db)[^>&|]*)", line
                    )
    return found


@pytest.mark.parametrize("line", command_lines())
def test_every_command_in_deploy_is_understood(cyberbrain: Cyberbrain, line: str) -> None:
    done = cyberbrain(*shlex.split(line), "--help")
    assert done.code == 0, done.stderr


def test_the_units_are_valid(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        packages.need("systemd", what="systemd-analyze", otherwise="Try this where systemd is.")
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/usr/local/bin/cyberbrain", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    units = [str(path) for path in sorted(tmp_path.iterdir())]
    done = subprocess.run(["systemd-analyze", "verify", *units], capture_output=True, text=True)
    ours = [line for line in done.stderr.splitlines() if "cyberbrain" in line]
    assert (done.returncode, ours) == (0, [])


def test_what_the_page_shows_of_deploy_is_what_is_there() -> None:
    files = [path.read_text() for path in DEPLOY.rglob("*") if path.is_file()]
    before_jq = PAGE.partition("## jq cookbook")[0]
    shown = re.findall(r"```(?:text|ini|yaml other)\n(.*?)```", before_jq, re.DOTALL)
    assert len(shown) == 4
    for block in shown:
        assert any(block in file for file in files), block


def test_the_page_names_every_alert() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    named = [rule["alert"] for group in rules["groups"] for rule in group["rules"]]
    assert re.findall(r"^\| `(Cyberbrain\w+)`", PAGE, re.MULTILINE) == named


def test_the_picture_has_every_panel_of_the_dashboard() -> None:
    picture = (REPOSITORY / "docs" / "dashboard.svg").read_text()
    dashboard = json.loads((DEPLOY / "grafana" / "cyberbrain.json").read_text())
    assert [
        panel["title"] for panel in dashboard["panels"] if f">{panel['title']}<" not in picture
    ] == []


def test_the_pipelines_are_yaml_that_gates_on_the_exit_code() -> None:
    gitlab = yaml.safe_load((DEPLOY / "ci" / "gitlab-ci.yml").read_text())
    assert gitlab["triage"]["allow_failure"]["exit_codes"] == [4]
    github = yaml.safe_load((DEPLOY / "ci" / "github-workflow.yml").read_text())
    steps = github["jobs"]["triage"]["steps"]
    for command in (gitlab["triage"]["script"][0], steps[0]["run"]):
        assert "--fail-on critical" in command


def test_the_pipeline_step_ends_with_the_programs_code(
    cyberbrain: Cyberbrain, allowed: Allowed, tmp_path: Path
) -> None:
    name = allowed("echo 'FATAL: could not write to file: No space left on device' >&2")
    github = yaml.safe_load((DEPLOY / "ci" / "github-workflow.yml").read_text())
    script = github["jobs"]["triage"]["steps"][0]["run"]
    program = shlex.quote(cyberbrain.command()[0])
    done = subprocess.run(
        ["bash", "-e", "-c", f"cyberbrain() {{ {program} \"$@\"; }}\n{script}"],
        env=cyberbrain.environment | {"GITHUB_STEP_SUMMARY": "summary.md"},
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert f"critical\t{name}" in done.stdout
    assert "::error::critical findings" in done.stdout
    assert "Findings: 1 critical." in (tmp_path / "summary.md").read_text()


def test_the_page_names_every_metric() -> None:
    for family in FAMILIES.values():
        suffix = "_total" if family.kind == "counter" else ""
        assert f"`cyberbrain_{family.name}{suffix}`" in PAGE
