"""Containers on the real daemon try to get out."""

from __future__ import annotations

from dataclasses import replace

import docker as docker_sdk
import pytest

from cyberbrain_cli.core.errors import CyberbrainError, NotFound, PolicyRefused, RunFailed
from cyberbrain_cli.core.records import (
    InputFile,
    OutputRoom,
)
from cyberbrain_cli.core.redaction.placeholders import placeholder
from tests.engine.containers import Boxes, odd_image, said

MIB = 1024 * 1024
ROOM = OutputRoom("/outputs", 4 * MIB, 20)


def test_its_life_is_audited_and_nothing_is_left(boxes: Boxes) -> None:
    result = boxes.run("echo out; echo err >&2; exit 3")
    assert result.end.exit_code == 3
    assert not result.end.oom_killed
    told = {(line.stream, line.line) for line in result.log}
    assert told == {("stdout", "out"), ("stderr", "err")}
    assert boxes.outcomes == ["created", "started", "finished", "removed"]
    created = boxes.events[0]
    assert created.run_id == 7
    assert boxes.digest in created.reason
    assert "by somebody" in created.reason
    assert "network none" in created.reason


def test_it_is_confined(boxes: Boxes) -> None:
    """One container tries one thing after the other; each attempt says whether it worked."""
    script = """
        attempt() { name=$1; shift; if "$@" >/dev/null 2>&1; then echo "$name worked"; fi; }
        attempt write-root touch /x
        attempt write-etc sh -c 'echo root::0:0::/:/bin/sh > /etc/passwd'
        attempt network sh -c 'ip link | grep -v LOOPBACK | grep -q UP'
        attempt connect nc -w 1 1.1.1.1 53
        attempt device mknod /tmp/d c 1 3
        attempt mount mount -t tmpfs none /tmp
        attempt chown chown 0 /tmp
        attempt setuid su -c true
        attempt raw ping -c 1 127.0.0.1
        attempt trace sh -c 'cat /proc/1/mem'
        attempt sysctl sh -c 'echo 1 > /proc/sys/kernel/panic'
        attempt socket test -e /var/run/docker.sock
        attempt user-namespace unshare -Ur true
        attempt run-from-tmp sh -c 'cp /bin/busybox /tmp/b && /tmp/b true'
        grep -E 'Cap(Prm|Eff|Bnd|Amb|Inh)' /proc/self/status
        grep NoNewPrivs /proc/self/status
        id -u; id -g
        echo done
    """
    lines = said(boxes.run(script)).splitlines()
    assert lines[-1] == "done"
    assert [line for line in lines if line.endswith("worked")] == []
    capabilities = [line.split()[1] for line in lines if line.startswith("Cap")]
    assert capabilities == ["0" * 16] * 5
    assert "NoNewPrivs:\t1" in lines
    assert lines[-3:-1] == ["65534", "65534"]


def test_a_fork_bomb_stays_in_its_room(boxes: Boxes) -> None:
    script = "for i in $(seq 100); do sleep 30 & done 2>/dev/null; echo unhindered"
    result = boxes.run(script, pids=20)
    assert "unhindered" not in said(result)
    assert result.end.exit_code != 0


def test_too_much_memory_is_told(boxes: Boxes) -> None:
    result = boxes.run("tail /dev/zero", memory_bytes=16 * MIB)
    assert result.end.oom_killed
    assert result.end.exit_code == 137


def test_the_disk_cannot_be_filled(boxes: Boxes) -> None:
    script = """
        dd if=/dev/zero of=/outputs/big bs=1M count=64 2>/dev/null || echo full outputs
        dd if=/dev/zero of=/tmp/big bs=1M count=64 2>/dev/null || echo full tmp
        for i in $(seq 300); do touch /outputs/f$i || break; done 2>/dev/null; ls /outputs | wc -l
    """
    result = boxes.run(script, outputs=ROOM, scratch_bytes=4 * MIB)
    lines = said(result).splitlines()
    assert lines[:2] == ["full outputs", "full tmp"]
    assert int(lines[2]) < 110
    assert sum(len(file.content) for file in result.outputs) <= ROOM.size_bytes
    assert len(result.outputs) <= ROOM.files
    assert result.refused


def test_outputs_that_are_no_files_are_refused_and_reported(boxes: Boxes) -> None:
    script = """
        cd /outputs; echo fine > ok.txt; mkdir sub; echo too > sub/deep.txt
        ln -s /etc/passwd link; ln ok.txt hard; mkfifo pipe
        echo odd > 'a b\\c'; echo dots > '..x'; echo dash > -rf
        dd if=/dev/zero of=zz-sparse bs=1 count=1 seek=900M 2>/dev/null
    """
    result = boxes.run(script, outputs=replace(ROOM, size_bytes=MIB))
    kept = {file.path: file.content for file in result.outputs}
    assert kept["sub/deep.txt"] == b"too\n"
    assert {"a b\\c", "..x", "-rf"} <= kept.keys()
    refused = {item.path: item.reason for item in result.refused}
    assert "symbolic link" in refused["link"]
    assert "named pipe" in refused["pipe"]
    assert any("hard link" in reason for reason in refused.values())
    assert sum(map(len, kept.values())) < MIB


def test_inputs_can_be_read_and_not_changed(boxes: Boxes) -> None:
    files = (InputFile("triage/analysis.json", b"{}\n"), InputFile("triage/x", b"\0\xff"))
    script = "cat /inputs/triage/analysis.json; wc -c < /inputs/triage/x; rm /inputs/triage/x; "
    script += "echo y > /inputs/y; ls /inputs /inputs/triage"
    lines = said(boxes.run(script, inputs=files)).splitlines()
    assert "{}" in lines
    assert "2" in lines
    assert sum("Read-only file system" in line for line in lines) == 2
    assert "x" in lines


def test_a_secret_is_printed_and_not_told(boxes: Boxes) -> None:
    callers = {"CALLERS": "s3cr3t-of-the-caller"}
    given = {"TOKEN": "${CALLERS}", "PLAIN": "pre-${CALLERS}-post"}
    script = 'echo "it is $TOKEN"; echo "$PLAIN" > /outputs/t; '
    script += r"""printf "\\000$TOKEN" > /outputs/b; wc -c < /outputs/b"""
    result = boxes.run(script, callers=callers, environment=given, outputs=ROOM)
    assert said(result).splitlines() == [f"it is {placeholder('secret')}", "21"]
    assert [file.path for file in result.outputs] == ["t"]
    assert "value of the environment" in result.refused[0].reason
    told = " ".join(event.reason for event in boxes.events)
    assert "s3cr3t" not in told
    assert "environment PLAIN, TOKEN" in told


def test_what_an_image_declares_as_a_volume_is_no_room_on_the_disk(
    boxes: Boxes, docker_client: docker_sdk.DockerClient
) -> None:
    with odd_image(docker_client, boxes, "VOLUME /var/data\nUSER root") as entry:
        assert boxes.runtime.image(entry.reference).volumes == ("/var/data",)
        script = "dd if=/dev/zero of=/var/data/x bs=1M count=9 2>/dev/null || echo full; id -u"
        result = boxes.run(script, entries=[entry], image=entry.reference, scratch_bytes=MIB)
    assert said(result).splitlines() == ["full", "65534"]


def test_what_the_daemon_refuses_is_one_line(boxes: Boxes) -> None:
    with pytest.raises(CyberbrainError, match="network nosuch not found"):
        boxes.run("true", allows=["network"], network="nosuch")
    with pytest.raises(CyberbrainError) as refused:
        boxes.run("true", entrypoint=("/no/such/program",))
    assert "\n" not in refused.value.message
    assert "/no/such/program" in refused.value.message


def test_an_image_that_is_not_here_is_not_fetched_without_permission(boxes: Boxes) -> None:
    gone = replace(boxes.entry(), reference="127.0.0.1:1/gone:1", digest="sha256:" + "a" * 64)
    with pytest.raises(NotFound, match="no image"):
        boxes.run("true", entries=[gone], image=gone.reference)
    with pytest.raises(PolicyRefused, match="pull"):
        boxes.run("true", entries=[gone], image=gone.reference, pull=True)
    allowed = replace(gone, allows=("pull",))
    with pytest.raises(CyberbrainError, match=r"127\.0\.0\.1:1"):
        boxes.run("true", entries=[allowed], image=gone.reference, pull=True)


def test_a_long_log_keeps_its_beginning_and_its_end(boxes: Boxes) -> None:
    result = boxes.run("seq 1 20000", log_bytes=20_000)
    lines = [int(line.line) for line in result.log]
    assert (lines[0], lines[-1]) == (1, 20_000)
    assert result.log_lines_left_out == 20_000 - len(lines)
    assert 100 < len(lines) < 400


def test_no_part_of_a_secret_is_kept_in_a_file_that_is_no_text(boxes: Boxes) -> None:
    callers = {"ONE": "s3cr3t-of-the-caller", "TWO": "first-line-of-it\nsecond-line-of-it"}
    given = {"A": "pre-${ONE}-post", "B": "${TWO}"}
    wide = "".join(f"{letter}\\000" for letter in callers["ONE"])
    script = f"""
        cd /outputs; printf '\\000{callers["ONE"]}' > part; printf '\\000second-line-of-it' > line
        printf '\\377\\376{wide}' > utf16; printf '\\000nothing' > fine
    """
    result = boxes.run(script, callers=callers, environment=given, outputs=ROOM)
    assert [file.path for file in result.outputs] == ["fine"]
    assert {item.path for item in result.refused} == {"part", "line", "utf16"}


def test_a_log_that_outgrew_the_daemon_says_that_its_beginning_may_be_missing(
    boxes: Boxes,
) -> None:
    text = "x" * 1000
    small = boxes.run(f"yes {text} | head -n 9000", memory_bytes=64 * MIB)
    assert not small.log_begins_late
    assert len(small.log) + small.log_lines_left_out == 9000
    large = boxes.run(f"yes {text} | head -n 30000", memory_bytes=64 * MIB)
    assert large.log_begins_late
    assert len(large.log) + large.log_lines_left_out < 30_000


def test_no_gpu_is_had_by_a_variable_of_the_image(
    boxes: Boxes, docker_client: docker_sdk.DockerClient
) -> None:
    with odd_image(docker_client, boxes, "ENV NVIDIA_VISIBLE_DEVICES=all") as entry:
        script = "echo $NVIDIA_VISIBLE_DEVICES $AMD_VISIBLE_DEVICES"
        result = boxes.run(script, entries=[entry], image=entry.reference, outputs=ROOM)
    assert said(result) == "void none"


def test_a_daemon_that_cannot_give_gpus_is_told_in_a_sentence(boxes: Boxes) -> None:
    with pytest.raises(RunFailed, match="cannot give a container NVIDIA's GPUs") as refused:
        boxes.run("true", allows=["gpu"], gpus=("GPU-1",))
    assert "NVIDIA Container Toolkit" in refused.value.hint
    assert boxes.outcomes == ["created", "failed", "removed"]


def test_a_volume_within_the_outputs_is_told_not_lost(
    boxes: Boxes, docker_client: docker_sdk.DockerClient
) -> None:
    with odd_image(docker_client, boxes, "VOLUME /outputs/sub") as entry:
        script = "echo lost > /outputs/sub/y; echo kept > /outputs/x"
        result = boxes.run(script, entries=[entry], image=entry.reference, outputs=ROOM)
    assert [file.path for file in result.outputs] == ["x"]
    assert [item.path for item in result.refused] == ["sub"]
