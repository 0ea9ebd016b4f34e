"""The corpus of hostile log lines in a real container, against a model server that obeys."""

from __future__ import annotations

import base64
import json
import re

from tests.conftest import Cyberbrain, RunContainer
from tests.stack.scripted_llm import Obey, ScriptedLlm
from tests.workers.attacks import ATTACKS, REAL, log_with

_STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f]")


def test_the_whole_corpus_moves_nothing_in_the_installed_program(
    cyberbrain: Cyberbrain, run_container: RunContainer
) -> None:
    lines = log_with(*(attack for attack in ATTACKS if sum(map(len, attack.lines)) < 2000))
    log = base64.b64encode(b"\n".join(lines) + b"\n").decode()
    name = run_container(f"echo {log} | base64 -d")
    assert cyberbrain("allowlist", "add", name).code == 0
    ask = ("launch", "--task", "log_triage", "--since", "1h")
    ruled = json.loads(cyberbrain(*ask, "--no-llm", "-o", "json").stdout)["findings"]
    with ScriptedLlm(otherwise=Obey(how="parroted")) as llm:
        cyberbrain.environment["CYBERBRAIN_LLM__ENDPOINT"] = llm.url
        document = cyberbrain(*ask, "-o", "json")
        shown = cyberbrain(*ask)
        assert llm.chats
    asked = {item["id"]: item for item in json.loads(document.stdout)["findings"]}
    order = ("info", "warning", "critical")
    for before in ruled:
        after = asked[before["id"]]
        assert order.index(after["severity"]) >= order.index(before["severity"])
        assert (after["evidence"], after["count"]) == (before["evidence"], before["count"])
    real = [item for item in asked.values() if REAL.decode() in str(item["evidence"])]
    assert [item["severity"] for item in real] == ["critical"]
    assert REAL.decode() in shown.stdout
    assert not _STEERING.search(shown.stdout + shown.stderr)
    assert not any("forged evidence" in proof["line"] and "{" not in proof["line"]
                   for item in asked.values() for proof in item["evidence"])  # fmt: skip
