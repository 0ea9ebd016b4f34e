"""The GPU report of the installed program: a stub of NVIDIA's library, real containers."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import docker
import pytest

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import data_folder, document, until
from tests.adapters import nvml_stub
from tests.conftest import Cyberbrain, RunContainer

LAUNCH = ("launch", "--task", "gpu_report", "--param", "sample_seconds=1", "-o", "json")
STATE = """driver count 1
0 name A card
0 uuid GPU-1
0 memory_total 1073741824
0 memory_used 900000000
0 utilization 0
0 memory_utilization 0
0 temperature 40
0 compute {allowed}:600000000 {other}:200000000 {host}:100000000 3999999:1
0 graphics none
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return nvml_stub.build(tmp_path_factory.mktemp("nvml")).parent


@pytest.fixture
def with_gpus(cyberbrain: Cyberbrain, library: Path) -> Cyberbrain:
    """The program where the stub is found instead of a driver."""
    cyberbrain.environment["LD_LIBRARY_PATH"] = str(library)
    return cyberbrain


def pid_of(docker_host: str, name: str) -> int:
    client = docker.APIClient(docker_host)
    until(lambda: bool(client.inspect_container(name)["State"]["Running"]), name)
    return int(client.inspect_container(name)["State"]["Pid"])


def test_processes_are_told_by_their_containers(
    with_gpus: Cyberbrain,
    allowed: Allowed,
    run_container: RunContainer,
    docker_host: str,
) -> None:
    known = allowed("sleep 300", wait=False)
    other = run_container("sleep 300", wait=False)
    own = subprocess.Popen(["sleep", "300"])
    state = with_gpus.home / "state.txt"
    state.write_text(
        STATE.format(
            allowed=pid_of(docker_host, known), other=pid_of(docker_host, other), host=own.pid
        )
    )
    with_gpus.environment["NVML_STUB"] = str(state)
    try:
        done = with_gpus(*LAUNCH, "--verbose")
    finally:
        own.kill()
        own.wait()
    assert done.code == 0, done.stderr
    reports = list(data_folder(with_gpus).rglob("gpu_report.json"))
    text = reports[0].read_text()
    assert other not in text + done.stdout + done.stderr
    folder = data_folder(with_gpus)
    written = [path for path in folder.rglob("*") if path.is_file() and "artifacts" in str(path)]
    assert len(written) > 2
    assert not [path for path in written if other in path.read_text(errors="replace")]
    shown = next(panel for panel in document(done)["panels"] if "GPU" in panel["title"])
    assert [line.strip() for line in shown["lines"][-4:]] == [
        f"├ {known}: 0.6 GiB",
        "├ a container that is not allowed: 0.2 GiB",
        "├ a process of the host: 95 MiB",
        "└ a process that cannot be told from here: 1 B",
    ]
    (finding,) = document(done)["findings"]
    assert finding["title"] == f"GPU 0 is idle while {known} holds 56 % of its memory"
    assert finding["container"] == known


def test_a_gpu_lost_while_it_is_looked_at(with_gpus: Cyberbrain) -> None:
    with_gpus.environment["NVML_STUB"] = nvml_stub.state("lost")
    done = with_gpus(*LAUNCH, "--fail-on", "critical")
    assert done.code == 3, done.stderr
    assert document(done)["run"]["status"] == "succeeded"
    assert [item["severity"] for item in document(done)["findings"]] == ["critical"]


def test_a_machine_without_a_driver(cyberbrain: Cyberbrain) -> None:
    done = cyberbrain(*LAUNCH)
    assert (done.code, document(done)["findings"]) == (0, [])
    assert document(done)["run"]["degraded"] is False
    person = cyberbrain("launch", "--task", "gpu_report", "--param", "sample_seconds=1")
    assert "There is no GPU on this host." in person.stdout


def test_the_doctor_asks_the_driver_itself(with_gpus: Cyberbrain, cyberbrain: Cyberbrain) -> None:
    def gpu(program: Cyberbrain) -> dict[str, str]:
        checks = json.loads(program("doctor", "-o", "json").stdout)["checks"]
        return next(check for check in checks if check["name"] == "gpu")

    with_gpus.environment["NVML_STUB"] = nvml_stub.state("idle")
    assert (gpu(with_gpus)["status"], gpu(with_gpus)["message"]) == ("ok", "NVIDIA H100 80GB HBM3.")
    del with_gpus.environment["NVML_STUB"]
    assert gpu(cyberbrain)["message"] == "No GPU on this host."


def test_ctrl_c_while_gpus_are_looked_at(with_gpus: Cyberbrain) -> None:
    def status() -> str:
        runs = json.loads(with_gpus("runs", "-o", "json").stdout)["runs"]
        return str(runs[0]["status"]) if runs else ""

    with_gpus.environment["NVML_STUB"] = nvml_stub.state("idle")
    process = with_gpus.start("launch", "--task", "gpu_report", "--param", "sample_seconds=600")
    until(lambda: status() == "running", "the run")
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    process.communicate()
    assert status() == "cancelled"
    assert not list(data_folder(with_gpus).rglob("gpu_report.json"))


def test_a_driver_that_does_not_fit_its_library_is_not_no_gpu(with_gpus: Cyberbrain) -> None:
    with_gpus.environment["NVML_STUB"] = nvml_stub.state("mismatch")
    done = with_gpus("launch", "--task", "gpu_report", "--param", "sample_seconds=1")
    assert done.code == 0
    assert "There is no GPU" not in done.stdout
    assert "of different versions" in done.stdout


def test_in_a_pid_namespace_the_report_says_so_and_names_what_was_given(
    with_gpus: Cyberbrain, allowed: Allowed
) -> None:
    known = allowed("sleep 300", wait=False, environment=["NVIDIA_VISIBLE_DEVICES=GPU-1f0c2e9a"])
    with_gpus.environment["NVML_STUB"] = nvml_stub.state("busy")
    alike = [] if os.getuid() == 0 else ["--user", "--map-root-user"]
    done = subprocess.run(
        ["unshare", *alike, "--pid", "--fork", "--mount-proc", *with_gpus.command(*LAUNCH)],
        env=with_gpus.environment,
        cwd=with_gpus.home,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert "pid namespace" in found["notes"][0]
    assert found["panels"][0]["lines"][-2:] == [
        "  ├ a process that cannot be told from here: 75.0 GiB, 2 processes",
        f"  └ {known}: asks for it by NVIDIA_VISIBLE_DEVICES, no process seen",
    ]
