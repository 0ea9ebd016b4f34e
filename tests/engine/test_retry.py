"""What a retry does again, and what it refuses to."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cyberbrain_cli.adapters import yaml_files
from cyberbrain_cli.core.errors import CyberbrainError, UsageError
from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.launch import IfRunning, LaunchRequest
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.records import AllowlistEntry, ContainerInfo, Cursor, PlannedWindow
from cyberbrain_cli.core.retry import PastJob, PastLaunch
from cyberbrain_cli.engine.planner import Plan, World
from cyberbrain_cli.engine.registry import discover
from cyberbrain_cli.engine.retry import load_snapshot, make_retry_plan, options_of, retry_request
from tests.render.samples import START

WORKERS = discover()
WINDOW = PlannedWindow("db", "id-db", 5, 10)
TEXT = json.dumps(
    {
        "name": "nightly",
        "tasks": [
            {"task": "log_triage", "id": "first"},
            {"task": "log_triage", "id": "second", "needs": ["first"]},
            {"task": "log_triage", "id": "third", "needs": ["first", "second"]},
        ],
    }
)
CURSOR = Cursor("id-db", "db", 5, 4)


def job(key: str, status: Status, *windows: PlannedWindow, **params: Any) -> PastJob:
    return PastJob(key, status, params, windows)


PAST = PastLaunch(
    id=3,
    status=Status.FAILED,
    directive="nightly",
    text=TEXT,
    lock_name="nightly",
    labels={"team": "ops"},
    options={"no_llm": True, "fail_on": "critical"},
    jobs=(
        job("first", Status.SUCCEEDED, WINDOW),
        job("second", Status.FAILED, WINDOW, max_lines=77),
        job("third", Status.CANCELLED, WINDOW),
    ),
)


def plan(past: PastLaunch = PAST, allowed: bool = True, container: str = "id-db") -> Plan:
    world = World(
        inventory=(ContainerInfo(container, "db", "image", "running"),),
        allowlist=(AllowlistEntry("db", allowed, "", START),),
        cursors={"second": {"id-db": CURSOR}},
        now_ns=10**18,
    )
    loaded = load_snapshot(past, yaml_files.parse, WORKERS)
    return make_retry_plan(past, loaded, WORKERS, world)


def test_only_open_jobs_are_done_with_their_own_windows_and_options() -> None:
    second, third = plan().jobs
    assert (second.spec.key, third.spec.key) == ("second", "third")
    assert (second.spec.needs, third.spec.needs) == ([], ["second"])
    assert second.params.model_dump()["max_lines"] == 77
    (target,) = second.targets
    assert (target.window.after, target.window.until, target.cursor) == (5, 10, CURSOR)


def test_a_container_that_is_another_one_by_now_is_not_read() -> None:
    (target,) = plan(container="id-other").jobs[0].targets
    assert target.problem == "The container 'db' of then is not on this host any more."


def test_what_is_not_allowed_any_more_is_refused() -> None:
    found = plan(allowed=False)
    assert [work.targets for work in found.jobs] == [(), ()]
    assert list(found.refusals) == ["db"]


def test_a_retry_takes_over_what_the_launch_was_asked() -> None:
    request = retry_request(PAST, IfRunning.WAIT, 60)
    assert request == LaunchRequest(
        directive="nightly",
        labels={"team": "ops"},
        no_llm=True,
        fail_on=Severity.CRITICAL,
        if_running=IfRunning.WAIT,
        timeout_seconds=60,
    )
    assert options_of(request) == PAST.options
    assert options_of(LaunchRequest()) == {}


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (replace(PAST, status=Status.RUNNING), "Run 3 has not ended: it is running."),
        (replace(PAST, jobs=PAST.jobs[:1]), "nothing to retry: all of its jobs succeeded"),
        (
            replace(PAST, jobs=(PastJob("second", Status.FAILED, {}, None),)),
            "recorded by an older version",
        ),
    ],
)
def test_what_cannot_be_retried_is_said(past: PastLaunch, said: str) -> None:
    with pytest.raises(CyberbrainError, match=said):
        retry_request(past, IfRunning.FAIL, None)


def test_an_option_that_this_version_does_not_know_is_a_sentence() -> None:
    strange = replace(PAST, jobs=(job("second", Status.FAILED, WINDOW, moonphase="full"),))
    with pytest.raises(UsageError, match="another meaning for its option 'moonphase'"):
        load_snapshot(strange, yaml_files.parse, WORKERS)
