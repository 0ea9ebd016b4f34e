"""What docs/cost-report.md says of tokens and money, each sentence tried on the program."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
import yaml

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import Records, document, write_directive
from tests.conftest import Cyberbrain
from tests.stack.scripted_llm import Fail, Hang, Say, ScriptedLlm

USAGE = {
    "prompt_tokens": 1000,
    "prompt_tokens_details": {"cached_tokens": 400},
    "completion_tokens": 100,
    "completion_tokens_details": {"reasoning_tokens": 30},
}
PRICE = {
    "currency": "USD", "prompt_per_million": "1.00", "cached_prompt_per_million": "0.10",
    "completion_per_million": "2.00",
}  # fmt: skip
FULL = Decimal("0.00084")
"""600 fresh tokens at 1.00, 400 cached at 0.10, 100 answered at 2.00 a million."""


class Ledger:
    """A program with prices of one's choice, launched and asked for its costs."""

    def __init__(self, cyberbrain: Cyberbrain, model: ScriptedLlm) -> None:
        self.program, self.model = cyberbrain, model
        self.model.otherwise = Say(usage=USAGE)
        tasks = "tasks: [{task: log_triage, story: false}]"
        self.directive = write_directive(cyberbrain, "nightly", tasks)

    def price(self, price: dict[str, str] | None) -> None:
        """From now on the model costs this."""
        settings = {"prices": {"scripted": price} if price else {}}
        (self.program.home / "prices.yaml").write_text(yaml.safe_dump(settings))
        self.program.environment["CYBERBRAIN_CONFIG"] = str(self.program.home / "prices.yaml")

    def launch(self, **environment: str) -> dict[str, Any]:
        """One launch, which asks once unless it has to ask again."""
        line = ("launch", self.directive, "--since", "1h", "-o", "json")
        self.program.environment |= environment
        done = self.program(*line)
        assert done.code == 0, done.stderr
        return document(done)

    def report(self, *options: str) -> dict[str, Any]:
        """The cost report by model, as a document."""
        return document(self.program("cost-report", *options, "-o", "json"))


@pytest.fixture
def ledger(
    cyberbrain: Cyberbrain, records: Records, allowed: Allowed, model: ScriptedLlm
) -> Ledger:
    assert records
    allowed()
    return Ledger(cyberbrain, model)


def test_cached_and_reasoning_tokens_are_inside_and_cached_ones_have_their_price(
    ledger: Ledger,
) -> None:
    ledger.price(PRICE)
    ledger.launch()
    (row,) = ledger.report()["rows"]
    assert row["tokens"] == {
        "prompt": 1000, "completion": 100, "total": 1100, "estimated": False, "unknown_calls": 0,
    }  # fmt: skip
    assert (row["cached_tokens"], row["reasoning_tokens"]) == (400, 30)
    assert Decimal(row["cost"]["amount"]) == FULL


def test_retries_and_timeouts_are_calls_whose_tokens_are_unknown_and_not_zero(
    ledger: Ledger, records: Records
) -> None:
    ledger.price(PRICE)
    ledger.model.then(Fail(503), Say(usage=USAGE), Say(usage=None), Hang())
    for seconds in ("60", "60", "0.5"):
        ledger.launch(CYBERBRAIN_LLM__TIMEOUT_SECONDS=seconds)
    (row,) = ledger.report()["rows"]
    assert (row["calls"], row["failed_calls"], row["tokens"]["unknown_calls"]) == (4, 2, 3)
    assert row["cost"] == {"amount": str(FULL), "currency": "USD", "unpriced_calls": 3}
    kept = records.rows("SELECT outcome, prompt_tokens, cost FROM llm_calls ORDER BY id")
    assert [row[:2] for row in kept] == [
        ("http_error", None), ("ok", 1000), ("ok", None), ("timeout", None),
    ]  # fmt: skip
    assert [row[2] is None for row in kept] == [True, False, True, True]


def test_a_price_holds_for_calls_from_then_on_and_currencies_stay_apart(ledger: Ledger) -> None:
    ledger.launch()
    assert ledger.report()["rows"][0]["cost"] == {
        "amount": None, "currency": None, "unpriced_calls": 1,
    }  # fmt: skip
    ledger.price(PRICE)
    ledger.launch()
    ledger.price({**PRICE, "prompt_per_million": "50.00"})
    (row,) = ledger.report()["rows"]
    assert row["cost"] == {"amount": str(FULL), "currency": "USD", "unpriced_calls": 1}
    ledger.price({"currency": "EUR", "per_gpu_second": "900"})
    ledger.launch()
    report = ledger.report()
    assert {row["cost"]["currency"] for row in report["rows"]} == {"USD", "EUR", None}
    euro = next(row for row in report["rows"] if row["cost"]["currency"] == "EUR")
    seconds = Decimal(str(round(euro["duration_seconds"], 6)))
    assert Decimal(euro["cost"]["amount"]) == pytest.approx(900 * seconds, abs=Decimal("0.01"))
    assert euro["duration_seconds"] > 0
    assert report["total"]["cost"]["amount"] is None
    assert report["total"]["calls"] == 3
    people = ledger.program("cost-report").stdout
    assert "unpriced" in people
    assert "0.00084 USD" in people
    assert "0.00 " not in people


def test_csv_and_json_say_the_same_by_several_keys(ledger: Ledger) -> None:
    ledger.price(PRICE)
    ledger.launch()
    ledger.launch()
    keys = ("--by", "day", "--by", "model", "--by", "directive")
    header, line = ledger.program("cost-report", *keys, "-o", "csv").stdout.splitlines()
    (row,) = ledger.report(*keys)["rows"]
    table = dict(zip(header.split(","), line.split(","), strict=True))
    assert {name: table[name] for name in ("day", "model", "directive")} == row["keys"]
    assert table["total_tokens"] == str(row["tokens"]["total"]) == "2200"
    assert table["cached_tokens"] == "800"
    assert table["cost"] == row["cost"]["amount"] == str(2 * FULL)
    assert json.loads(table["duration_seconds"]) == pytest.approx(row["duration_seconds"])


def test_this_time_stands_beside_the_one_before(ledger: Ledger) -> None:
    ledger.launch()
    report = ledger.report("--since", "1h", "--compare", "previous")
    assert report["rows"][0]["previous"] is None
    people = ledger.program("cost-report", "--since", "1h", "--compare", "previous").stdout
    assert "new" in people
    assert ledger.program("cost-report", "--compare", "previous").code == 2
