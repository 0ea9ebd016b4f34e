"""The shipped `nightly` directive on the demo's shop: four tasks, one run, one report."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker as docker_sdk
import pytest

from tests.acceptance.support import data_folder, document
from tests.conftest import Cyberbrain
from tests.stack import demo, state
from tests.stack.show import ALLOWED

SHIPPED = str(state.REPOSITORY / "directives" / "nightly.yaml")
FAST = ("--no-llm", "--param", "sample_seconds=1")


@pytest.fixture
def shop(cyberbrain: Cyberbrain, docker_host: str) -> Iterator[None]:
    """The demo's containers, three of them allowed."""
    assert docker_host
    with state.locked():
        before = state.load(demo.NAME)
        demo.up()
    for name in ALLOWED:
        assert cyberbrain("allowlist", "add", name).code == 0
    yield
    if before is None:
        with state.locked():
            demo.down()


@pytest.mark.usefixtures("shop")
def test_the_round_with_and_without_its_bundle(
    cyberbrain: Cyberbrain, docker_image: str, docker_client: docker_sdk.DockerClient
) -> None:
    first = cyberbrain("launch", SHIPPED, *FAST)
    assert first.code == 3, "the shop is in trouble"
    assert "bundle was left out: image 'busybox:1' is not approved" in first.stdout
    run = document(cyberbrain("runs", "show", "1", "-o", "json"))["run"]
    assert (run["status"], run["degraded"]) == ("succeeded", False)

    assert cyberbrain("allowlist", "add", "--image", docker_image).code == 0
    again = ("--since", "1h", "--param", f"image={docker_image}")
    second = cyberbrain("launch", SHIPPED, *FAST, *again, "-o", "markdown")
    assert second.code == 3, second.stderr
    run = document(cyberbrain("runs", "show", "2", "-o", "json"))["run"]
    keys = ("log_triage", "service_map", "gpu_report", "bundle")
    assert {job["key"]: job["status"] for job in run["jobs"]} == dict.fromkeys(keys, "succeeded")
    assert run["degraded_reasons"] == []
    assert not docker_client.containers.list(
        all=True, filters={"label": "cyberbrain.directive=nightly"}
    )
    assert names_in(data_folder(cyberbrain) / "artifacts/run_2/bundle/output-night.tar.gz") >= {
        f"{key}/report.md" for key in keys[:3]
    }
    assert cyberbrain("runs", "show", "2", "-o", "markdown").stdout == second.stdout
    reads_as_one(second.stdout, docker_image)


def names_in(bundle: Path) -> set[str]:
    with tarfile.open(bundle) as tar:
        return {member.name.removeprefix("./") for member in tar}


def reads_as_one(report: str, image: str) -> None:
    lines = report.splitlines()
    assert [line for line in lines if line.startswith("# ")] == ["# Run 2: nightly"]
    order = [
        "What explains what",
        "Critical: shop-db: Out of connections: sorry, too many clients already",
        "What runs here, and who talks to whom",
        "GPUs, and who uses them",
        f"bundle: {image}",
        "What was read",
        "What was done",
        "Artifacts",
    ]
    headings = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert [heading for heading in headings if heading in order] == order
