"""Log triage says whose trouble explains whose, and changes no finding for it."""

from __future__ import annotations

from pydantic import TypeAdapter

from cyberbrain_cli.core.incidents import Chain
from cyberbrain_cli.core.records import ContainerNetwork
from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.core.timestamps import NANOSECONDS
from cyberbrain_cli.testing import START_NS, FakeHost, log_lines, run_worker
from cyberbrain_cli.workers.log_triage import WORKER

SECOND = NANOSECONDS


def shop() -> FakeHost:
    made = FakeHost()
    where = ContainerNetwork(addresses=("172.18.0.3",), ports=(5432,), networks=("shop",))
    made.add("db", log_lines("FATAL: sorry, too many clients already\n" * 9), network=where)
    retries = "ERROR connect ECONNREFUSED 172.18.0.3:5432 password=hunter2hunter2\n" * 231
    made.add("app", log_lines(retries, start=START_NS + 2 * SECOND, every=SECOND // 100))
    made.add("mail", log_lines("ERROR invalid template\n", start=START_NS + 3 * SECOND))
    return made


def test_the_chain_is_in_analysis_and_report_and_points_to_findings() -> None:
    run = run_worker(WORKER, shop(), redact=Redactor().redact)
    document = run.documents["analysis.json"]
    (chain,) = TypeAdapter(tuple[Chain, ...]).validate_python(document["chains"])
    assert (chain,) == run.reports["report.md"].chains
    assert chain.text == (
        "db: Out of connections, 9 times from 02:58:51"
        " → app: Connection refused, 231 times from 02:58:53"
    )
    by_id = {item.id: item for item in run.outcome.findings}
    assert [by_id[link.finding].container for link in chain.links] == ["db", "app"]
    assert "hunter" not in str(document)


def test_a_chain_changes_no_finding() -> None:
    together = {item.id: item for item in run_worker(WORKER, shop()).outcome.findings}
    for name in ("db", "app", "mail"):
        alone = FakeHost()
        alone.add(name, shop().logs[name], network=shop().inspect(name).network)
        (finding,) = run_worker(WORKER, alone).outcome.findings
        assert together[finding.id] == finding


def test_who_is_quiet_or_cannot_be_read_is_in_no_chain() -> None:
    host = shop()
    host.unreadable.add("db")
    assert run_worker(WORKER, host).documents["analysis.json"]["chains"] == []
    host = shop()
    host.logs["db"] = log_lines("INFO fine\n" * 9)
    assert run_worker(WORKER, host).documents["analysis.json"]["chains"] == []
