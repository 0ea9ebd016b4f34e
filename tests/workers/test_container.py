"""The container task: what it asks for, what it makes of the answer, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from cyberbrain_cli.core.errors import RunFailed, UsageError
from cyberbrain_cli.core.findings import Evidence
from cyberbrain_cli.core.records import (
    ContainerEnd,
    ContainerRequest,
    ContainerResult,
    InputFile,
    OutputFile,
    RefusedOutput,
)
from cyberbrain_cli.testing import START, START_NS, FakeHost, FakeRunner, run_worker
from cyberbrain_cli.workers.container import WORKER
from cyberbrain_cli.workers.container.params import ContainerParams

GIB = 1024**3
ENDED = ContainerResult(
    container="c", image="w:1", digest="sha256:1", end=ContainerEnd(0, False, START, START)
)


def params(**options: Any) -> ContainerParams:
    return ContainerParams.model_validate({"image": "w:1"} | options)


def asked(**options: Any) -> ContainerRequest:
    runner = FakeRunner()
    run_worker(WORKER, FakeHost(), {"image": "w:1"} | options, runner=runner)
    return runner.requests[0]


def test_hardened_unless_said_otherwise() -> None:
    request = asked()
    assert request == ContainerRequest("w:1")
    assert (request.network, request.user, request.is_root) == (None, "65534:65534", False)
    assert (request.writable_root, request.pull, request.gpus) == (False, False, ())


def test_an_image_that_is_not_listed_is_left_out_if_the_directive_says_so() -> None:
    runner = FakeRunner(unlisted={"w:1"})
    done = run_worker(WORKER, FakeHost(), {"image": "w:1", "if_unapproved": "skip"}, runner=runner)
    assert runner.requests == []
    assert "image 'w:1' is not approved" in done.documents["analysis.json"]["notes"][0]
    assert done.outcome.degraded == ()
    run_worker(WORKER, FakeHost(), {"image": "w:1"}, runner=runner)
    assert len(runner.requests) == 1, "unless told otherwise the guard decides, and refuses"


def test_every_option_arrives() -> None:
    request = asked(
        command="true",
        entrypoint=["sh", "-c"],
        env={"A": "1", "B": "${HOME}", "N": 7},
        outputs={"path": "/data/out", "max_size": "1MiB", "max_files": 3},
        resources={"memory": "64m", "cpus": 0.5, "pids": 9, "tmp": "1MiB"},
        network="shop",
        user="1000",
        writable_root=True,
        pull=True,
        log_size="8KiB",
    )
    assert (request.command, request.entrypoint) == (("true",), ("sh", "-c"))
    assert request.environment == {"A": "1", "B": "${HOME}", "N": "7"}
    assert request.outputs is not None
    assert (request.outputs.path, request.outputs.size_bytes) == ("/data/out", 1024**2)
    assert (request.memory_bytes, request.cpus, request.pids) == (64 * 1024**2, 0.5, 9)
    assert (request.network, request.user) == ("shop", "1000:1000")
    assert request.log_bytes == 8192


@pytest.mark.parametrize(
    "wrong",
    [
        {"user": "postgres"},
        {"user": "-1"},
        {"network": "host"},
        {"network": "container:other"},
        {"env": {"A=B": "x"}},
        {"env": {"NVIDIA_VISIBLE_DEVICES": "all"}},
        {"env": {"A": "x\0y"}},
        {"env": {"A": ["hunter2"]}},
        {"outputs": {"path": "/"}},
        {"outputs": {"path": "/proc/x"}},
        {"outputs": {"path": "/a/../etc"}},
        {"outputs": {"path": "/var/run/../lib"}},
        {"image": "a b"},
        {"image": "--privileged"},
        {"privileged": True},
        {"volumes": ["/:/host"]},
        {"resources": {"memory": "1k"}},
        {"success_codes": []},
    ],
)
def test_what_makes_no_sense_is_refused_without_a_value(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        params(**wrong)
    assert "hunter2" not in "; ".join(detail["msg"] for detail in refused.value.errors())


def test_values_of_the_environment_are_nowhere_but_where_they_are_needed() -> None:
    given = params(env={"A": "literal-secret", "B": "${TOKEN}", "C": "x-${TOKEN}"})
    recorded = given.model_dump(mode="json")
    assert recorded["env"] == {"A": "[redacted:env]", "B": "${TOKEN}", "C": "[redacted:env]"}
    assert "literal-secret" not in repr(given)
    secrets = set(given.secrets({"TOKEN": "first line\nsecond line", "OTHER": "x"}))
    assert {"literal-secret", "first line\nsecond line", "second line"} <= secrets
    with pytest.raises(UsageError, match="TOKEN"):
        list(given.secrets({}))


def test_inputs_lie_in_a_folder_of_their_job() -> None:
    runner = FakeRunner()
    results = {"triage": [InputFile("analysis.json", b"{}")]}
    options = {"image": "w:1", "inputs": [{"job": "triage"}]}
    run_worker(WORKER, FakeHost(), options, runner=runner, results=results)
    assert runner.requests[0].inputs == (InputFile("triage/analysis.json", b"{}"),)
    assert set(params(inputs=[{"job": "triage"}]).reads_from()) == {"triage"}
    with pytest.raises(RunFailed, match="left no artifact"):
        run_worker(WORKER, FakeHost(), options, runner=runner)


def test_a_failed_container_is_a_failed_job_with_its_last_words_as_evidence() -> None:
    lines = tuple(Evidence(START_NS + n, "stderr", f"line {n}") for n in range(9))
    result = replace(ENDED, end=replace(ENDED.end, exit_code=3), log=lines)
    done = run_worker(WORKER, FakeHost(), {"image": "w:1"}, runner=FakeRunner(result))
    assert done.outcome.failure is not None
    assert "exit code 3" in done.outcome.failure.message
    (finding,) = done.outcome.findings
    assert finding.severity == "critical"
    assert [item.line for item in finding.evidence] == [f"line {n}" for n in range(4, 9)]
    assert done.documents["container.json"]["exit_code"] == 3
    assert "line 0" in done.texts["log.txt"]
    allowed = {"image": "w:1", "success_codes": [0, 3]}
    fine = run_worker(WORKER, FakeHost(), allowed, runner=FakeRunner(result))
    assert (fine.outcome.failure, fine.outcome.findings) == (None, ())


def test_want_of_memory_is_told() -> None:
    killed = replace(ENDED, end=replace(ENDED.end, exit_code=137, oom_killed=True))
    done = run_worker(WORKER, FakeHost(), {"image": "w:1"}, runner=FakeRunner(killed))
    assert done.outcome.failure is not None
    assert "memory" in done.outcome.findings[0].title
    assert done.documents["container.json"]["oom_killed"] is True


def test_outputs_get_names_of_our_choice_and_are_redacted() -> None:
    files = (
        OutputFile("a/b c.txt", b"secret\n"),
        OutputFile("a_b c.txt", b"other\n"),
        OutputFile("A_b c.txt", b"third\n"),
        OutputFile("..", b"dots"),
        OutputFile("secret.bin", b"\0\1"),
        OutputFile("x" * 300, b"long"),
    )
    refused = (RefusedOutput("link", "a symbolic link, not a file"),)
    done = run_worker(
        WORKER,
        FakeHost(),
        {"image": "w:1"},
        runner=FakeRunner(replace(ENDED, outputs=files, refused=refused)),
        redact=lambda text: text.replace("secret", "[redacted:secret]"),
    )
    kept = {a.path: a for a in done.outcome.artifacts if a.kind == "output"}
    assert len(kept) == 6
    assert len({name.lower() for name in kept}) == 6
    assert all(name.startswith("output-") and len(name) <= 100 for name in kept)
    assert done.texts["output-a__b_c.txt"] == "[redacted:secret]\n"
    assert not any("secret" in name.replace("_redacted_secret_", "") for name in kept)
    assert kept["output-_redacted_secret_.bin"].media_type == "application/octet-stream"
    assert done.outcome.failure is None
    (finding,) = done.outcome.findings
    assert (finding.severity, "link" in finding.explanation) == ("warning", True)


def test_a_life_too_short_for_the_daemons_clock_lasts_no_negative_time() -> None:
    end = replace(ENDED.end, started_at=START, finished_at=START - timedelta(milliseconds=1))
    runner = FakeRunner(replace(ENDED, end=end))
    done = run_worker(WORKER, FakeHost(), {"image": "w:1"}, runner=runner)
    assert done.documents["container.json"]["duration_seconds"] == 0
    assert "after 0.0 s" in done.documents["analysis.json"]["panels"][0]["lines"][0]


def test_a_log_of_which_the_beginning_may_be_missing_is_told() -> None:
    runner = FakeRunner(replace(ENDED, log_begins_late=True))
    done = run_worker(WORKER, FakeHost(), {"image": "w:1"}, runner=runner)
    assert done.documents["container.json"]["log_begins_late"] is True
    assert "keeps of a log (19 MB), or more" in str(done.documents["analysis.json"]["notes"])
