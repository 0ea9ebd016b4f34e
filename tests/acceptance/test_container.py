"""The installed program runs containers of approved images and keeps what they make."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import docker as docker_sdk

from tests.acceptance.boxes import Launch, artifact, audited
from tests.acceptance.support import document, embedded, error_of
from tests.conftest import Cyberbrain
from tests.stack import docker as stack


def test_what_it_makes_is_kept_and_its_secret_nowhere(
    cyberbrain: Cyberbrain, directive: Launch, ours: Callable[[], list[str]]
) -> None:
    script = "echo the token is $TOKEN; echo $TOKEN > /outputs/token.txt; echo $TOKEN >&2; exit 4"
    launch = directive(script, env={"TOKEN": "${BOX_TOKEN}"}, outputs={}, success_codes=[4])
    unset = cyberbrain(*launch)
    assert unset.code == 2
    assert "BOX_TOKEN" in error_of(unset)["message"]
    secret = "tok3n-" + "0123456789abcdef"
    plan = cyberbrain(*launch, "--dry-run", BOX_TOKEN=secret)
    assert document(plan)["plan"]["jobs"][0]["params"]["env"] == {"TOKEN": "${BOX_TOKEN}"}
    told = cyberbrain("launch", "./boxes.yaml", "--dry-run", BOX_TOKEN=secret)
    assert f"  runs {stack.IMAGE}\n  environment TOKEN\n" in told.stdout
    done = cyberbrain(*launch, "--verbose", BOX_TOKEN=secret)
    assert done.code == 0, done.stderr
    assert artifact(cyberbrain, 1, "output-token.txt") == "[redacted:secret]\n"
    ended = json.loads(artifact(cyberbrain, 1, "container.json"))
    assert (ended["exit_code"], ended["oom_killed"]) == (4, False)
    shown = cyberbrain("runs", "show", "1")
    assert "the token is [redacted:secret]" in shown.stdout
    files = [path for path in cyberbrain.home.parent.rglob("*") if path.is_file()]
    assert [path for path in files if secret.encode() in path.read_bytes()] == []
    for text in (plan.stdout, told.stdout, done.stdout, done.stderr, shown.stdout, shown.stderr):
        assert secret not in text
    assert ours() == []
    records = embedded(cyberbrain)
    assert audited(records) == ["created", "started", "finished", "removed"]


def test_a_tag_that_has_moved_is_refused_with_both_digests(
    cyberbrain: Cyberbrain,
    directive: Launch,
    docker_client: docker_sdk.DockerClient,
    docker_image: str,
) -> None:
    before = docker_client.images.get(docker_image)
    made = docker_client.containers.create(before, "true")
    other = made.commit()
    made.remove()
    moves = "cyberbrain-test/moves:1"
    try:
        assert before.tag(moves)
        launch = directive("echo fine", image=moves)
        assert cyberbrain("allowlist", "add", "--image", moves).code == 0
        assert cyberbrain(*launch).code == 0
        assert other.tag(moves)
        done = cyberbrain(*launch)
        assert done.code == 5
        message = document(done)["run"]["error"]["message"]
        assert str(before.id) in message
        assert str(other.id) in message
        refused = embedded(cyberbrain).rows(
            "SELECT subject, reason FROM audit_events WHERE outcome = 'refused'"
        )
        assert [subject for subject, _ in refused] == [moves]
        assert str(other.id) in refused[0][1]
    finally:
        docker_client.images.remove(moves, force=True)


def test_one_that_fails_fails_the_run_and_keeps_its_log(
    cyberbrain: Cyberbrain, directive: Launch
) -> None:
    done = cyberbrain(*directive("echo the last words >&2; exit 3"))
    assert done.code == 1
    found = document(done)
    assert found["run"]["error"]["message"] == "The container ended with exit code 3."
    (finding,) = found["findings"]
    assert finding["evidence"][0]["line"] == "the last words"
    assert "the last words" in artifact(cyberbrain, 1, "log.txt")
    verified = cyberbrain("artifacts", "verify", "-o", "json")
    assert verified.code == 0, verified.stdout
    assert "sorry" not in done.stdout


def test_without_a_directive_and_done_again(cyberbrain: Cyberbrain, directive: Launch) -> None:
    directive("true")
    words = ("launch", "--task", "container", "-o", "json")
    bare = cyberbrain(*words)
    assert bare.code == 2
    assert "image" in error_of(bare)["message"]
    given = ("--param", f"image={stack.IMAGE}", "--param", 'command=["sh","-c","exit $CODE"]')
    assert cyberbrain(*words, *given, "--param", "env.CODE=5").code == 1
    unknown = cyberbrain("runs", "retry", "1", "-o", "json")
    assert unknown.code == 2
    assert "not recorded" in error_of(unknown)["message"]
    assert cyberbrain(*words, *given, "--param", "env.CODE=${EXIT}", EXIT="5").code == 1
    assert cyberbrain("runs", "retry", "2", "-o", "json", EXIT="0").code == 0


def test_the_outputs_of_one_are_the_inputs_of_the_next(
    cyberbrain: Cyberbrain, docker_image: str
) -> None:
    assert cyberbrain("allowlist", "add", "--image", docker_image).code == 0
    both = {"task": "container", "image": docker_image}
    make: dict[str, Any] = {**both, "id": "make", "outputs": {}}
    make["command"] = ["sh", "-c", "mkdir /outputs/a; echo 42 > /outputs/a/n.txt"]
    read: dict[str, Any] = {**both, "id": "box", "env": {"RC": "${RC}"}}
    read["command"] = ["sh", "-c", "cat /inputs/make/output-a__n.txt; exit $RC"]
    read["inputs"] = [{"job": "make", "kind": "output"}]
    path = cyberbrain.home / "two.yaml"
    path.write_text(json.dumps({"name": "two", "tasks": [make, read]}))
    early = cyberbrain("launch", "./two.yaml", "-o", "json", RC="0")
    assert early.code == 2
    assert "add it to its needs" in document(early)["error"]["message"]
    read["needs"] = ["make"]
    path.write_text(json.dumps({"name": "two", "tasks": [make, read]}))
    assert cyberbrain("launch", "./two.yaml", RC="1").code == 1
    assert "42" in artifact(cyberbrain, 1, "log.txt")
    assert cyberbrain("runs", "retry", "1", RC="0").code == 0, "with what was made in run 1"
    assert "42" in artifact(cyberbrain, 2, "log.txt")
