"""A picture of the Grafana dashboard: `python -m tests.docs.dashboard` writes docs/dashboard.svg.

A week of figures is made up and given to a real Prometheus, which answers the dashboard's own
queries; what it answers is drawn where the dashboard has its panels.
"""

from __future__ import annotations

import json
import math
import random
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from tests.stack import prometheus
from tests.stack.state import REPOSITORY

TARGET = REPOSITORY / "docs" / "dashboard.svg"
DASHBOARD = REPOSITORY / "deploy" / "grafana" / "cyberbrain.json"
_STEP = 1800
_WEEK = 7 * 86400
_WIDTH, _COLUMN, _ROW, _GAP, _HEAD = 1200, 50, 34, 6, 44
_COLORS = ("#7eb26d", "#eab839", "#6ed0e0", "#ef843c", "#e24d42", "#1f78c1", "#ba43a9", "#705da0")
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


def shown(value: float, unit: str) -> str:
    """A figure as Grafana would round it."""
    if unit == "percentunit":
        return f"{value * 100:.0f} %"
    if unit == "s" and value >= 60:
        return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"
    for size, letter in ((1e6, "M"), (1e3, "K")):
        if abs(value) >= size:
            return f"{value / size:.1f} {letter}"
    return f"{value:.3g}{' s' if unit == 's' else ''}"


def drawn(panel: Mapping[str, Any], found: Sequence[tuple[str, list[tuple[int, float]]]],
          start: int, end: int) -> Iterator[str]:  # fmt: skip
    """One panel in its place."""
    place, unit = panel["gridPos"], panel["fieldConfig"]["defaults"]["unit"]
    x, y = place["x"] * _COLUMN + _GAP, _HEAD + place["y"] * _ROW + _GAP
    w, h = place["w"] * _COLUMN - 2 * _GAP, place["h"] * _ROW - 2 * _GAP
    yield f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3" fill="#181b1f"/>'
    yield text(x + 8, y + 18, panel["title"], 13, "#ccccdc")
    if panel["type"] == "stat":
        figures = [shown(values[-1][1], unit) for _, values in found if values] or ["No data"]
        yield text(x + w / 2, y + h / 2 + 22, ", ".join(figures), 26, "#73bf69", "middle")
        return
    most = max((value for _, values in found for _, value in values if math.isfinite(value)),
               default=1) or 1  # fmt: skip
    left, right, top, bottom = x + 50, x + w - 10, y + 30, y + h - 40
    for share in (0, 0.5, 1):
        level = bottom - share * (bottom - top)
        yield f'<path d="M{left} {level}H{right}" stroke="#2c3235"/>'
        yield text(left - 6, level + 4, shown(share * most, unit), 10, "#8e8e9a", "end")
    at = float(left)
    for number, (name, values) in enumerate(found):
        color = _COLORS[number % len(_COLORS)]
        points = " ".join(
            f"{left + (time_ - start) / (end - start) * (right - left):.1f},"
            f"{bottom - value / most * (bottom - top):.1f}"
            for time_, value in values
            if math.isfinite(value)
        )
        yield f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.4"/>'
        if at + 12 + 6.2 * len(name) < x + w:
            yield f'<rect x="{at}" y="{y + h - 20}" width="9" height="3" fill="{color}"/>'
            yield text(at + 13, y + h - 14, name, 10, "#ccccdc")
        at += 24 + 5.6 * len(name)


def text(x: float, y: float, words: str, size: int, color: str, anchor: str = "start") -> str:
    """A line of text."""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{color}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )


def picture(server: prometheus.Prometheus, start: int, end: int) -> str:
    """The dashboard as SVG."""
    board = json.loads(DASHBOARD.read_text())
    height = _HEAD + max(p["gridPos"]["y"] + p["gridPos"]["h"] for p in board["panels"]) * _ROW + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        'font-family="Inter, Helvetica, Arial, sans-serif">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#111217"/>',
        text(14, 28, board["title"], 18, "#ccccdc"),
        text(_WIDTH - 14, 28, "Last 7 days", 12, "#8e8e9a", "end"),
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
