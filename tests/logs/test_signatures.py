"""The catalogue of known failures: ours is sound, and a user's own come first."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from cyberbrain_cli.core.findings import Severity
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.logs.judge import judge
from cyberbrain_cli.logs.signatures import Signature, catalogue, shipped
from cyberbrain_cli.testing import log_lines
from tests.logs.kit import APP, WINDOW, mine


def own(key: str = "ledger_frozen", pattern: str = "ledger is frozen") -> Signature:
    return Signature(
        key=key, severity=Severity.CRITICAL, patterns=(pattern,), title="The ledger is frozen",
        explanation="Closing began and was not ended.", suggestion="Reopen it.", unmistakable=True,
    )  # fmt: skip


def test_ours_have_different_keys_and_whole_sentences() -> None:
    keys = [item.key for item in shipped()]
    assert len(keys) == len(set(keys)) >= 30
    for item in shipped():
        assert item.explanation.endswith(".")
        assert item.suggestion.endswith(".")


def test_a_users_own_makes_a_finding_of_a_line_that_looks_harmless() -> None:
    mined = mine(*log_lines("INFO all is well\nINFO ledger is frozen since 3 days\n" * 3))
    without = judge(APP, mined, WINDOW, None, str)
    assert without.findings == ()
    (finding,) = judge(APP, mined, WINDOW, None, str, catalogue((own(),))).findings
    assert finding.title.startswith("The ledger is frozen")
    assert finding.explanation.startswith("Closing began")


def test_a_users_own_takes_the_place_of_ours_with_the_same_key() -> None:
    known = catalogue((own("disk_full", "volume is packed"),))
    assert [item.key for item in known.signatures].count("disk_full") == 1
    assert known.of("no space left on device") is None


def test_a_pattern_that_is_no_expression_is_refused() -> None:
    with pytest.raises(ValidationError, match="no regular expression"):
        own(pattern="fell (over")


def test_a_flood_of_what_its_logger_holds_to_be_nothing_is_told() -> None:
    lines = [
        f"<14>Nov 22 03:00:01 host app[1]: Failed password for root port {n}" for n in range(300)
    ]
    calm = "<14>Nov 22 03:00:01 host app[1]: accepted {n}\n"
    text = "".join(calm.replace("{n}", str(n)) for n in range(20_000))
    quiet = [*log_lines(text + lines[0], every=10**8)]
    calmly = judge(APP, mine(*quiet), Window(None, 1 << 62), None, str).findings
    assert {finding.severity for finding in calmly} <= {Severity.INFO}
    flood = [*log_lines(text, every=10**8)]
    last = flood[9_000][0]
    burst = [(last + n, "stdout", line.encode()) for n, line in enumerate(lines)]
    mined = mine(*flood[:9_000], *burst, *flood[9_001:])
    (finding,) = judge(APP, mined, Window(None, 1 << 62), None, str).findings
    assert (finding.severity, finding.count) == (Severity.WARNING, 300)
