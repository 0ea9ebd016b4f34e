"""From control groups, as kernels and daemons of many kinds write them, to the container."""

from __future__ import annotations

from pathlib import Path

import pytest

from cyberbrain_cli.adapters.process_owner import containers_of, pids_are_the_hosts

ID = "3f1c" * 16
OUTER = "a0b1" * 16


def process(proc: Path, text: str) -> int:
    (proc / "77").mkdir()
    (proc / "77" / "cgroup").write_text(text)
    return 77


@pytest.mark.parametrize(
    "text",
    [
        f"12:pids:/docker/{ID}\n11:memory:/docker/{ID}\n1:name=systemd:/docker/{ID}\n",
        f"11:devices:/system.slice/docker-{ID}.scope\n0::/system.slice/docker-{ID}.scope\n",
        f"0::/docker/{ID}\n",
        f"0::/system.slice/docker-{ID}.scope\n",
        f"0::/system.slice/docker-{ID}.scope/init.scope\n",
        "0::/user.slice/user-1000.slice/user@1000.service/user.slice/"
        f"docker-{ID}.scope\n",
        f"0::/user.slice/user-1000.slice/user@1000.service/app.slice/docker.service/{ID}\n",
        f"0::/machine.slice/libpod-{ID}.scope/container\n",
        f"0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-{ID}.scope\n",
        f"0::/../../system.slice/docker-{ID}.scope\n",
        f"0::/../{ID}\n",
        "0::/kubepods/burstable/pod2f1b8a4e-7c1d-4e55-9d0a-1b2c3d4e5f60/" + f"{ID}\n",
        f"11:devices:/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:{ID}\n",
        f"4:memory:/docker/{ID}/a::b\n",
        f"0::/docker/{ID}/\x1b[2Jevil{'f' * 65}\n",
    ],
)  # fmt: skip
def test_a_process_of_a_container(tmp_path: Path, text: str) -> None:
    assert containers_of(process(tmp_path, text), tmp_path) == (ID,)


def test_a_container_within_a_container_comes_after_it(tmp_path: Path) -> None:
    text = f"0::/docker/{OUTER}/docker/{ID}\n"
    assert containers_of(process(tmp_path, text), tmp_path) == (OUTER, ID)


@pytest.mark.parametrize(
    "text",
    ["0::/init.scope\n", "0::/\n", "1:name=systemd:/user.slice\n0::/user.slice\n", ""],
)
def test_a_process_of_the_host(tmp_path: Path, text: str) -> None:
    assert containers_of(process(tmp_path, text), tmp_path) == ()


def test_a_process_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProcessLookupError):
        containers_of(78, tmp_path)


def test_a_process_that_may_not_be_read_is_not_taken_for_one_of_the_host(tmp_path: Path) -> None:
    (tmp_path / "77" / "cgroup").mkdir(parents=True)
    with pytest.raises(ProcessLookupError):
        containers_of(77, tmp_path)


def test_in_a_control_group_namespace_our_own_container_is_not_the_host(tmp_path: Path) -> None:
    (tmp_path / "self" / "ns").mkdir(parents=True)
    (tmp_path / "self" / "ns" / "cgroup").symlink_to("cgroup:[4026532900]")
    pid = process(tmp_path, "0::/\n")
    with pytest.raises(ProcessLookupError):
        containers_of(pid, tmp_path)
    (tmp_path / "77" / "cgroup").write_text("0::/../../init.scope\n")
    assert containers_of(pid, tmp_path) == ()


def test_a_pid_namespace_of_our_own_hides_the_others(tmp_path: Path) -> None:
    (tmp_path / "self" / "ns").mkdir(parents=True)
    link = tmp_path / "self" / "ns" / "pid"
    link.symlink_to("pid:[4026532741]")
    assert not pids_are_the_hosts(tmp_path)
    link.unlink()
    link.symlink_to("pid:[4026531836]")
    assert pids_are_the_hosts(tmp_path)
