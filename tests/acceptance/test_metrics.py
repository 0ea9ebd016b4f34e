"""serve-metrics as its scrapers see it: the real Prometheus, curl's way, node_exporter's way."""

from __future__ import annotations

import base64
import json
import shutil
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import yaml

from tests.acceptance.conftest import Allowed
from tests.acceptance.support import TRIAGE, Records, finish, until, write_directive
from tests.conftest import Cyberbrain
from tests.stack import prometheus
from tests.stack.scripted_llm import Fail, Hang, Say, ScriptedLlm
from tests.stack.state import REPOSITORY

DEPLOY = REPOSITORY / "deploy"


@contextmanager
def served(cyberbrain: Cyberbrain, *options: str) -> Iterator[str]:
    """The URL of a running `serve-metrics`, which is ended as an init system would."""
    process = cyberbrain.start("serve-metrics", "--port", "0", "-o", "json", *options)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.send_signal(signal.SIGTERM)
        done = finish(process, 1)
        assert (done.code, done.stderr) == (0, "")


def get(url: str, **headers: str) -> tuple[int, str, str]:
    """Status, media type and text."""
    request = urllib.request.Request(url, headers=headers)
    context = ssl._create_unverified_context() if url.startswith("https") else None
    try:
        with urllib.request.urlopen(request, timeout=10, context=context) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read().decode()


@pytest.fixture
def after_runs(
    cyberbrain: Cyberbrain, records: Records, allowed: Allowed, model: ScriptedLlm
) -> Cyberbrain:
    """Records of two good runs, the second with a retry, and one that failed."""
    del records
    allowed()
    cyberbrain.environment["CYBERBRAIN_BUDGET__DAY__TOKENS"] = "100000"
    for behaviours in ((Say(),), (Fail(503), Say())):
        for behaviour in behaviours:
            model.then(behaviour)
        nightly = write_directive(cyberbrain, "nightly")
        assert cyberbrain("launch", nightly, "--since", "1h").code == 0
    required = write_directive(cyberbrain, "hourly", "llm: {use: required}\n")
    model.otherwise = Fail(500)
    assert cyberbrain("launch", required, "--since", "1h").code == 4
    return cyberbrain


@pytest.fixture
def after_run(cyberbrain: Cyberbrain) -> Cyberbrain:
    """Records of one run."""
    assert cyberbrain(*TRIAGE, "--no-llm").code == 0
    return cyberbrain


def test_prometheus_answers_right_after_known_runs(after_runs: Cyberbrain, tmp_path: Path) -> None:
    ledger = json.loads(after_runs("cost-report", "-o", "json").stdout)["total"]
    with served(after_runs) as url, prometheus.running(tmp_path, urlsplit(url).netloc) as server:
        until(lambda: server.value("cyberbrain_runs_created_total") is not None, "a scrape")
        expected = {
            "cyberbrain_runs_created_total": 3,
            'cyberbrain_runs_finished_total{directive="nightly", status="succeeded"}': 2,
            'cyberbrain_runs_finished_total{directive="hourly", status="failed"}': 1,
            "cyberbrain_active_runs": 0,
            'cyberbrain_jobs_created_total{task="log_triage"}': 3,
            'sum(cyberbrain_jobs_finished_total{task="log_triage"})': 3,
            'cyberbrain_jobs_duration_seconds_count{task="log_triage"}': 3,
            "sum(cyberbrain_llm_calls_total)": ledger["calls"],
            'sum(cyberbrain_llm_tokens_total{kind="prompt"})': ledger["tokens"]["prompt"],
            'sum(cyberbrain_llm_tokens_total{kind="completion"})': ledger["tokens"]["completion"],
            "sum(cyberbrain_llm_request_duration_seconds_count)": ledger["calls"],
            'sum(cyberbrain_findings{directive="nightly", state="ongoing"}) > bool 0': None,
            'cyberbrain_budget_used_ratio{period="day", unit="tokens"}': ledger["tokens"]["total"]
            / 100_000,
            "count(cyberbrain_build_info)": 1,
            "cyberbrain_policy_refusals_total": 0,
        }
        told = {query: server.value(query) for query in expected}
        assert {query: told[query] for query, value in expected.items() if value is not None} == {
            query: value for query, value in expected.items() if value is not None
        }
        age = server.value(
            'time() - cyberbrain_run_last_success_timestamp_seconds{directive="nightly"}'
        )
        assert age is not None
        assert 0 <= age < 300
        assert (server.value("cyberbrain_log_lines_read_total") or 0) >= 3
        dashboard = json.loads((DEPLOY / "grafana" / "cyberbrain.json").read_text())
        rules = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
        queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
        assert len(queries) > 10
        queries += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
        for query in queries:
            server.query(query)
        names = set(server_names(server))
        for query in queries:
            used = {word for word in words(query) if word.startswith("cyberbrain_")}
            assert used <= names | {"cyberbrain_llm_cost_total"}, query


def server_names(server: prometheus.Prometheus) -> list[str]:
    """The names of all metrics that were scraped."""
    found = server.query('group by (__name__) ({job="cyberbrain"})')
    return [str(sample["metric"]["__name__"]) for sample in found]  # type: ignore[index]


def words(query: str) -> list[str]:
    plain = "".join(letter if letter.isalnum() or letter == "_" else " " for letter in query)
    return plain.split()


def test_promtool_has_nothing_to_say(after_run: Cyberbrain) -> None:
    _, promtool = prometheus.programs()
    with served(after_run) as url:
        status, media_type, text = get(url)
    assert (status, media_type.split(";")[0]) == (200, "text/plain")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_alert_rules_hold_what_they_say() -> None:
    _, promtool = prometheus.programs()
    folder = DEPLOY / "prometheus"
    for command in (["test", "rules", "alerts_test.yml"], ["check", "config", "prometheus.yml"]):
        done = subprocess.run([promtool, *command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    rules = yaml.safe_load((folder / "alerts.yml").read_text())
    tests = yaml.safe_load((folder / "alerts_test.yml").read_text())
    named = {rule["alert"] for group in rules["groups"] for rule in group["rules"]}
    tried = {
        (case["alertname"], bool(case["exp_alerts"]))
        for test in tests["tests"]
        for case in test["alert_rule_test"]
    }
    assert tried == {(name, fires) for name in named for fires in (True, False)}


def test_every_form_has_the_same_figures(after_run: Cyberbrain) -> None:
    with served(after_run) as url:
        _, _, text = get(url)
        _, media_type, openmetrics = get(url, Accept="application/openmetrics-text; version=1.0.0")
        status, json_type, document = get(f"{url}/json")
    assert media_type.startswith("application/openmetrics-text")
    assert openmetrics.endswith("# EOF\n")
    assert (status, json_type) == (200, "application/json")
    samples = {
        (sample["name"], tuple(sorted(sample["labels"].items()))): sample["value"]
        for metric in json.loads(document)["metrics"]
        for sample in metric["samples"]
    }
    assert samples["cyberbrain_runs_created_total", ()] == 1
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(lines) == len(samples)


def test_health_is_that_of_the_database(cyberbrain: Cyberbrain, postgres_url: str) -> None:
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = postgres_url
    assert cyberbrain("db", "upgrade").code == 0
    with served(cyberbrain) as url:
        health = url.replace("/metrics", "/healthz")
        status, _, text = get(health)
        assert (status, json.loads(text)["status"]) == (200, "ok")
        server, _, name = postgres_url.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
        until(lambda: get(health)[0] == 503, "the failure to be seen")
        failing = json.loads(get(health)[2])
        assert (failing["status"], get(url)[0]) == ("failing", 503)
        assert failing["last_ok_at"]


def test_a_scrape_waits_for_a_busy_database_and_the_end_waits_for_nobody(
    cyberbrain: Cyberbrain, postgres_url: str
) -> None:
    cyberbrain.environment["CYBERBRAIN_DATABASE__URL"] = postgres_url
    assert cyberbrain("db", "upgrade").code == 0
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'counters'::regclass"
    with (
        psycopg.connect(postgres_url) as locking,
        psycopg.connect(postgres_url, autocommit=True) as watching,
        ThreadPoolExecutor() as pool,
    ):
        with served(cyberbrain) as url:
            locking.execute("LOCK TABLE counters")
            scrapes = [pool.submit(get, url) for _ in range(10)]
            until(lambda: watching.execute(waiting).fetchone() == (1,), "a scrape to wait")
            locking.commit()
            assert {scrape.result()[0] for scrape in scrapes} == {200}
        locking.execute("LOCK TABLE counters")
        with served(cyberbrain) as url:
            place = (urlsplit(url).hostname, urlsplit(url).port)
            cut_off = pool.submit(get, url)
            until(lambda: watching.execute(waiting).fetchone() == (1,), "a scrape to wait")
            idle, half = (socket.create_connection(place) for _ in range(2))
            half.sendall(b"GET /metrics HTTP/1.1\r\nConnection: keep-alive\r\n")
        assert isinstance(cut_off.exception(), OSError | HTTPException)
        idle.close()
        half.close()


def test_a_password_is_asked_for_and_kept_from_others(cyberbrain: Cyberbrain) -> None:
    secret = cyberbrain.home / "password"
    secret.write_text("prometheus:s3cret-word\n")
    secret.chmod(0o644)
    open_to_all = cyberbrain("serve-metrics", "--basic-auth-file", str(secret))
    assert open_to_all.code == 5
    assert "chmod 600" in open_to_all.stderr
    secret.chmod(0o600)
    right = base64.b64encode(b"prometheus:s3cret-word").decode()
    wrong = base64.b64encode(b"prometheus:s3cret-wore").decode()
    with served(cyberbrain, "--basic-auth-file", str(secret)) as url:
        assert get(url)[0] == 401
        assert get(url, Authorization=f"Basic {wrong}")[0] == 401
        assert get(url, Authorization=f"Basic {right}")[0] == 200


def test_tls(cyberbrain: Cyberbrain) -> None:
    key, cert = cyberbrain.home / "key.pem", cyberbrain.home / "cert.pem"
    assert shutil.which("openssl")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    with served(cyberbrain, "--tls-cert", str(cert), "--tls-key", str(key)) as url:
        assert url.startswith("https://")
        assert get(url)[0] == 200
    bad = cyberbrain("serve-metrics", "--tls-cert", str(key), "--port", "0")
    assert bad.code == 2
    assert "key.pem" in bad.stderr


def test_an_address_that_is_taken(cyberbrain: Cyberbrain) -> None:
    with served(cyberbrain) as url:
        port = str(urlsplit(url).port)
        done = cyberbrain("serve-metrics", "--port", port)
    assert done.code == 2
    assert port in done.stderr


def test_a_file_for_node_exporter(after_run: Cyberbrain) -> None:
    path = after_run.home / "cyberbrain.prom"
    assert after_run("serve-metrics", "--textfile", str(path)).code == 0
    assert "cyberbrain_runs_created_total 1.0" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o644
    done = after_run(*TRIAGE, "--no-llm", "--metrics-textfile", str(path))
    assert done.code == 0
    assert "cyberbrain_runs_created_total 2.0" in path.read_text()
    lost = after_run(*TRIAGE, "--no-llm", "--metrics-textfile", "/proc/none/x.prom")
    assert lost.code == 0
    assert "warning: " in lost.stderr


def test_the_file_has_what_came_of_a_run_however_it_ended(
    cyberbrain: Cyberbrain, records: Records, allowed: Allowed, model: ScriptedLlm
) -> None:
    del records
    path = cyberbrain.home / "cyberbrain.prom"
    allowed()
    refused = cyberbrain("launch", "./none.yaml", "--metrics-textfile", str(path))
    assert (refused.code, path.exists()) == (2, False)
    model.otherwise = Fail(500)
    required = write_directive(cyberbrain, "hourly", "llm: {use: required}\n")
    told = ("--since", "1h", "--metrics-textfile", str(path))
    assert cyberbrain("launch", required, *told).code == 4
    text = path.read_text()
    assert 'cyberbrain_runs_finished_total{directive="hourly",status="failed"} 1.0' in text
    model.otherwise, asked = Hang(), len(model.chats)
    process = cyberbrain.start("launch", required, *told)
    until(lambda: len(model.chats) > asked, "the question")
    process.send_signal(signal.SIGTERM)
    assert finish(process).code == 143
    text = path.read_text()
    assert 'cyberbrain_runs_finished_total{directive="hourly",status="cancelled"} 1.0' in text
    assert [one.name for one in path.parent.glob(".*.part")] == []


def test_a_link_is_replaced_and_what_it_leads_to_stays(after_run: Cyberbrain) -> None:
    other, path = after_run.home / "other", after_run.home / "cyberbrain.prom"
    other.write_text("not ours")
    path.symlink_to(other)
    assert after_run("serve-metrics", "--textfile", str(path)).code == 0
    assert (other.read_text(), path.is_symlink()) == ("not ours", False)
    assert after_run("serve-metrics", "--textfile", str(after_run.home)).code == 1


def test_a_pushgateway(after_run: Cyberbrain, tmp_path: Path) -> None:
    nobody = after_run("serve-metrics", "--push", "http://127.0.0.1:9")
    assert nobody.code == 4
    assert "127.0.0.1:9" in nobody.stderr
    for wrong in ("somewhere", "http://", "http://h:99999", "http://[::1", "ftp://h", "http://h x"):
        done = after_run("serve-metrics", "--push", wrong)
        assert (done.code, "is no URL" in done.stderr) == (2, True), done.stderr
    hidden = after_run("serve-metrics", "--push", "http://me:s3cret@127.0.0.1:9")
    assert (hidden.code, "s3cret" in hidden.stderr) == (4, False)
    with prometheus.pushgateway(tmp_path) as url:
        for _ in range(2):
            done = after_run("serve-metrics", "--push", url, "-o", "json")
            assert (done.code, json.loads(done.stdout)["written"]) == (0, [url])
        guarded = url.replace("//", "//me:s3cret@")
        done = after_run("serve-metrics", "--push", guarded, "-o", "json")
        assert (done.code, json.loads(done.stdout)["written"]) == (0, [url])
        _, _, text = get(f"{url}/metrics")
    (line,) = [one for one in text.splitlines() if one.startswith("cyberbrain_runs_created_total")]
    assert 'job="cyberbrain"' in line
    assert line.endswith("} 1")
