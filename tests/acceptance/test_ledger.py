"""The ledger against the model server's own counters, after a hundred launches with faults."""

from __future__ import annotations

import subprocess
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.support import TROUBLE, Records, document, finish, write_directive
from tests.conftest import Cyberbrain, Finished, RunContainer
from tests.stack import llm
from tests.stack.scripted_llm import Behaviour, Break, Fail, Forward, Hang, Raw, ScriptedLlm

LAUNCHES = 100
TASKS = """
tasks: [{task: log_triage, digest_tokens: 400, answer_tokens: %d, story: false}]
"""
KNOWN = """
SELECT coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0),
    coalesce(sum(CASE WHEN completion_tokens IS NOT NULL THEN 1 ELSE 0 END), 0), count(*)
FROM llm_calls
"""
ANSWERED = "SELECT outcome, count(*) FROM llm_calls WHERE completion_tokens > 0 GROUP BY outcome"
UNKNOWN = """
SELECT outcome, count(*) FROM llm_calls
WHERE prompt_tokens IS NULL AND completion_tokens IS NULL AND cost IS NULL GROUP BY outcome
"""


@dataclass(frozen=True)
class Plan:
    """What a launch's first requests get, and what its ledger is to say of them."""

    faults: tuple[Behaviour, ...] = ()
    outcomes: tuple[str, ...] = ()
    answer_tokens: int = 64
    timeout_seconds: float = 60
    cancelled: bool = False


PLANS = (
    Plan(),
    Plan((Fail(503),), ("http_error",)),
    Plan((Break(),), ("connection_error",)),
    Plan((Break(midway=False), Fail(500)), ("connection_error", "http_error")),
    Plan((Hang(),), ("timeout",), timeout_seconds=0.3),
    Plan((Hang(),), ("cancelled",), cancelled=True),
    Plan((Raw(b"not JSON"),), ("bad_response",)),
)


@dataclass(frozen=True)
class Lane:
    """The program with one database, launched again and again."""

    name: str
    program: Cyberbrain
    records: Records

    def launch_all(self, url: str) -> list[Plan]:
        """Half of the launches, each after its plan."""
        plans = [PLANS[number % len(PLANS)] for number in range(LAUNCHES // 2)]
        for plan in plans:
            done = self.launch(url, plan)
            assert done.code == (143 if plan.cancelled else 0), done.stderr
        return plans

    def launch(self, url: str, plan: Plan) -> Finished:
        """One launch against the real server, but for what is planned."""
        with ScriptedLlm(otherwise=Forward(url)).then(*plan.faults) as proxy:
            launch = self.start(proxy.url, plan)
            if plan.cancelled:
                proxy.wait_for_chats(1)
                launch.terminate()
            try:
                return finish(launch, 120)
            except AssertionError as error:
                error.add_note(repr(plan))
                raise

    def start(self, url: str, plan: Plan) -> subprocess.Popen[str]:
        """The program, asking the server at `url`."""
        name = write_directive(self.program, self.name, TASKS % plan.answer_tokens)
        environment = {
            "CYBERBRAIN_LLM__ENDPOINT": url,
            "CYBERBRAIN_LLM__TIMEOUT_SECONDS": str(plan.timeout_seconds),
        }
        return self.program.start("launch", name, "--since", "1h", "-o", "json", **environment)


@pytest.fixture
def lanes(
    cyberbrain: Cyberbrain, run_container: RunContainer, postgres_url: str, tmp_path: Path
) -> tuple[Lane, Lane]:
    """The program twice, with a database of each kind; both may read one container in trouble."""
    name = run_container(TROUBLE)
    found = []
    for kind, url in (("embedded", f"sqlite:///{tmp_path}/x.db"), ("server", postgres_url)):
        lane = Cyberbrain(
            cyberbrain.home, {**cyberbrain.environment, "CYBERBRAIN_DATABASE__URL": url}
        )
        assert lane("db", "upgrade").code == 0
        assert lane("allowlist", "add", name).code == 0
        found.append(Lane(kind, lane, Records(url)))
    return found[0], found[1]


@pytest.mark.timeout(900)
def test_after_a_hundred_launches_with_faults_the_sums_are_the_server_s(
    lanes: tuple[Lane, Lane],
) -> None:
    with llm.own() as url, ThreadPoolExecutor(len(lanes)) as pool:
        plans = [
            plan for made in pool.map(lambda lane: lane.launch_all(url), lanes) for plan in made
        ]
        counted = _counters(url)
    known = [lane.records.rows(KNOWN)[0] for lane in lanes]
    prompt, completion, answered, total = (sum(column) for column in zip(*known, strict=True))
    unknown, answers = Counter[str](), Counter[str]()
    for lane in lanes:
        answers.update(dict(lane.records.rows(ANSWERED)))
        unknown.update(dict(lane.records.rows(UNKNOWN)))
        assert lane.program("db", "verify").code == 0
    print(f"ledger: {prompt} prompt and {completion} completion tokens; {dict(answers)}")
    print(f"server: {counted[0]} prompt and {counted[1]} completion tokens; {dict(unknown)}")
    assert len(plans) == LAUNCHES
    assert (prompt, completion) == counted
    assert answered >= LAUNCHES // 2
    assert answered + unknown.total() == total
    planned = Counter(fault for plan in plans for fault in plan.outcomes)
    assert unknown == planned
    assert answers["cut"] > 0
    assert answers.total() == answered


def test_a_request_that_the_server_gave_up_has_no_tokens(lanes: tuple[Lane, Lane]) -> None:
    """It worked on the prompt, and its own counters may have some of it; the ledger has none."""
    with llm.own() as url:
        for lane in lanes:
            done = finish(lane.start(url, Plan(answer_tokens=4000, timeout_seconds=1)))
            assert done.code == 0, done.stderr
            assert document(done)["run"]["degraded"] is True
            assert dict(lane.records.rows(UNKNOWN)) == {"timeout": 1}
            assert lane.records.rows(KNOWN)[0][:3] == (0, 0, 0)


def _counters(url: str) -> tuple[int, int]:
    """Prompt tokens, those from its cache among them, and completion tokens, by llama.cpp."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{url}/metrics") as page:
        lines = page.read().decode().splitlines()
    found = dict(line.split() for line in lines if not line.startswith("#"))
    names = ("prompt_tokens_total", "prompt_tokens_cached_total", "tokens_predicted_total")
    fresh, cached, predicted = (int(float(found[f"llamacpp:{name}"])) for name in names)
    return fresh + cached, predicted
