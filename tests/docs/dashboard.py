"""A picture of the Grafana dashboard: `python -m tests.docs.dashboard` writes docs/dashboard.svg.

A week of figures is made up and given to a real Prometheus, which answers the dashboard's own
queries; what it answers is drawn where the dashboard has its panels.
"""

from __future__ import annotations

import json
import random
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.docs.drawing import WIDTH, bottom_of, drawn, text
from tests.stack import prometheus
from tests.stack.state import REPOSITORY

TARGET = REPOSITORY / "docs" / "dashboard.svg"
DASHBOARD = REPOSITORY / "deploy" / "grafana" / "cyberbrain.json"
_STEP = 1800
_WEEK = 7 * 86400
_MODEL = 'model="qwen3-8b"'
Series = dict[str, list[tuple[int, float]]]


def history(now: int) -> Iterator[str]:
    """A week of a host that is triaged every hour, in OpenMetrics."""
    rng = random.Random(7)
    totals: dict[str, float] = {}
    series: dict[str, list[str]] = {}

    def add(name: str, labels: str, by: float, at: int) -> None:
        key = f"{name}{{{labels}}}"
        totals[key] = totals.get(key, 0.0) + by
        series.setdefault(key, []).append(f"{key} {totals[key]:.12g} {at}")

    def put(name: str, labels: str, value: float, at: int) -> None:
        key = f"{name}{{{labels}}}"
        series.setdefault(key, []).append(f"{key} {value:.12g} {at}")

    last = now - _WEEK
    for at in range(now - _WEEK, now + 1, 60):
        hour = at % 3600 == 0
        trouble = now - 2 * 86400 < at < now - 86400
        good = hour and rng.random() > 0.04
        calls = rng.randrange(2, 9) * (2 if trouble else 1) if hour else 0
        add("cyberbrain_runs_finished_total", 'directive="hourly",status="succeeded"', good, at)
        add("cyberbrain_runs_finished_total", 'directive="hourly",status="failed"',
            hour and not good, at)  # fmt: skip
        add("cyberbrain_runs_degraded_total", 'directive="hourly"',
            good and rng.random() > 0.97, at)  # fmt: skip
        add("cyberbrain_llm_calls_total",
            f'{_MODEL},endpoint="127.0.0.1:8000",outcome="ok"', calls, at)  # fmt: skip
        add("cyberbrain_llm_calls_total", f'{_MODEL},endpoint="127.0.0.1:8000",outcome="timeout"',
            calls // 7, at)  # fmt: skip
        add("cyberbrain_llm_tokens_total", f'{_MODEL},kind="prompt"', calls * 1400, at)
        add("cyberbrain_llm_tokens_total", f'{_MODEL},kind="completion"', calls * 240, at)
        add("cyberbrain_llm_cost_total", f'{_MODEL},currency="EUR"', calls * 0.0011, at)
        add("cyberbrain_log_lines_read_total", "", rng.randrange(20000, 90000) * hour, at)
        add("cyberbrain_policy_refusals_total", "", hour and rng.random() > 0.99, at)
        job, call = rng.lognormvariate(2.3 + trouble, 0.8), rng.lognormvariate(1.2 + trouble, 0.6)
        for bound in ("1.0", "2.5", "5.0", "10.0", "30.0", "60.0", "120.0", "+Inf"):
            add("cyberbrain_jobs_duration_seconds_bucket", f'task="log_triage",le="{bound}"',
                hour and job <= float(bound), at)  # fmt: skip
            add("cyberbrain_llm_request_duration_seconds_bucket", f'{_MODEL},le="{bound}"',
                calls * (call <= float(bound)), at)  # fmt: skip
        last = at if good else last
        put("cyberbrain_run_last_success_timestamp_seconds", 'directive="hourly"', last, at)
        put("cyberbrain_budget_used_ratio", 'period="day",unit="tokens"',
            0.15 + 0.6 * (at % 86400) / 86400, at)  # fmt: skip
        put("cyberbrain_active_runs", "", at % 3600 < 120, at)
        for severity, count in (("critical", 3 if trouble else 0), ("warning", 4), ("info", 9)):
            state = "new" if hour and trouble else "ongoing"
            put("cyberbrain_findings",
                f'directive="hourly",severity="{severity}",state="{state}"', count, at)  # fmt: skip
    for lines in series.values():
        yield from lines
    yield "# EOF"


def answer(server: prometheus.Prometheus, expr: str, start: int, end: int) -> Series:
    """What Prometheus says of an expression over time, by the series' labels as text."""
    asked = {"query": expr, "start": start, "end": end, "step": _STEP}
    address = f"{server.url}/api/v1/query_range?{urllib.parse.urlencode(asked)}"
    with urllib.request.urlopen(address, timeout=30) as response:
        found = json.load(response)["data"]["result"]
    return {
        json.dumps(one["metric"]): [(int(at), float(value)) for at, value in one["values"]]
        for one in found
    }


def legend(template: str, labels: Mapping[str, str]) -> str:
    """Grafana's `{{label}}`, filled in."""
    for name, value in labels.items():
        template = template.replace("{{" + name + "}}", value)
    return template


def picture(server: prometheus.Prometheus, start: int, end: int) -> str:
    """The dashboard as SVG."""
    board = json.loads(DASHBOARD.read_text())
    height = bottom_of(board["panels"])
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="Inter, Helvetica, Arial, sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#111217"/>',
        text(14, 28, board["title"], 18, "#ccccdc"),
        text(WIDTH - 14, 28, "Last 7 days, of made-up runs", 12, "#8e8e9a", "end"),
    ]
    for panel in board["panels"]:
        found = [
            (legend(target["legendFormat"], json.loads(labels)), values)
            for target in panel["targets"]
            for labels, values in answer(server, target["expr"], start, end).items()
        ]
        parts += drawn(panel, found, start, end)
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    """Make the week up, ask Prometheus, draw."""
    _, promtool = prometheus.programs()
    end = int(time.time()) // 3600 * 3600 - 3 * 3600 + 1020
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "week.txt"
        source.write_text("\n".join(history(end)) + "\n")
        command = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(source)]
        subprocess.run([*command, str(folder / "data")], check=True, stdout=subprocess.DEVNULL)
        with prometheus.running(folder, "127.0.0.1:9") as server:
            TARGET.write_text(picture(server, end - _WEEK + 3600, end))


if __name__ == "__main__":
    main()
