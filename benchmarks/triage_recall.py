"""Does the line survive? What reaches a model of a log, and what the rules say, by truth known.

`python -m benchmarks.triage_recall [--budget N] [--quick] [--misses] [--check]`. For the same
tokens it compares cyberbrain's digest with the last lines, with the last hits of a usual grep,
and with drain3's clusters by size.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.corpus import FORMATS, calm
from benchmarks.digest import count_tokens, tell
from benchmarks.drain3_reader import miner
from benchmarks.incidents import INCIDENTS, Incident, quiet
from benchmarks.labelling import labelled
from cyberbrain_cli.core.findings import Finding, Severity

_GREP = re.compile(rb"(?i)error|fail|exception|panic|fatal")
_EVERY_NS = 50_000_000
Sent = Callable[[Sequence[bytes], int], str]


def last_lines(lines: Sequence[bytes], budget: int) -> str:
    """As many of the last lines as fit."""
    low, high = 0, min(len(lines), budget)
    while low < high:
        middle = (low + high + 1) // 2
        fits = count_tokens(_text(lines[len(lines) - middle :])) <= budget
        low, high = (middle, high) if fits else (low, middle - 1)
    return _text(lines[len(lines) - low :])


def grep_hits(lines: Sequence[bytes], budget: int) -> str:
    """As many of the last lines that match as fit."""
    return last_lines([line for line in lines if _GREP.search(line)], budget)


def drain3_clusters(lines: Sequence[bytes], budget: int) -> str:
    """drain3's templates, the largest first, as many as fit."""
    found = miner()
    for line in lines:
        found.add_log_message(line.decode("utf-8", "replace"))
    clusters = sorted(found.drain.clusters, key=lambda item: -item.size)
    told = [f"{item.size} {item.get_template()}".encode() for item in clusters]
    return last_lines(told[::-1], budget)


def _text(lines: Sequence[bytes]) -> str:
    return b"\n".join(lines).decode("utf-8", "replace")


def survives(incident: Incident, sent: str) -> bool:
    """Whether the telling words stand together in what is sent."""
    return " ".join(incident.sign.split()) in " ".join(sent.split())


def finding_of(incident: Incident, findings: Sequence[Finding]) -> Finding | None:
    """The gravest finding by rule whose evidence has the telling words."""
    told = [
        item for item in findings if any(incident.sign in proof.line for proof in item.evidence)
    ]
    return max(told, key=lambda item: item.severity.rank, default=None)


@dataclass(slots=True)
class Score:
    """What one way of sending a log was worth."""

    hits: int = 0
    tokens: int = 0


def grouping(count: int = 3000) -> tuple[float, float]:
    """Mean grouping accuracy and mean F1 of the groups over all formats."""
    accuracies, scores = [], []
    for form in [*(item.name for item in FORMATS), "nginx-access"]:
        drawn = list(calm(form, count, random.Random(form), timedelta(milliseconds=50)))
        truth = _sets([label for _, label, _ in drawn])
        found = _sets(labelled([line.encode() for line, _, _ in drawn]))
        right = truth & found
        accuracies.append(sum(map(len, right)) / count)
        scores.append(2 * len(right) / (len(truth) + len(found)))
    return sum(accuracies) / len(accuracies), sum(scores) / len(scores)


def _sets(labels: Sequence[str]) -> set[frozenset[int]]:
    members: dict[str, list[int]] = defaultdict(list)
    for index, label in enumerate(labels):
        members[label].append(index)
    return {frozenset(group) for group in members.values()}


def main() -> int:
    """Measure, and print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--budget", type=int, default=2000)
    parser.add_argument("--quick", action="store_true", help="without drain3, which is slow")
    parser.add_argument("--misses", action="store_true", help="say what was missed")
    parser.add_argument("--check", action="store_true", help="exit 1 if a mark is missed")
    arguments = parser.parse_args()
    others: dict[str, Sent] = {"last lines": last_lines, "grep": grep_hits}
    if not arguments.quick:
        others["drain3 by size"] = drain3_clusters
    scores = {name: Score() for name in ("cyberbrain", *others)}
    missed: list[str] = []
    ruled = 0
    for incident in INCIDENTS:
        lines = incident.log()
        told = tell(lines, arguments.budget, every_ns=_EVERY_NS)
        found = finding_of(incident, told.judgement.findings)
        ruled += found is not None and found.severity.value == incident.severity
        if found is None or found.severity.value != incident.severity:
            missed.append(f"rule: {incident.name} is {found.severity.value if found else 'missed'}")
        sent = {"cyberbrain": told.digest.text}
        sent |= {name: way(lines, arguments.budget) for name, way in others.items()}
        for name, text in sent.items():
            scores[name].hits += survives(incident, text)
            scores[name].tokens += count_tokens(text)
        if not survives(incident, told.digest.text):
            missed.append(f"digest: {incident.name}")
    return _show(scores, ruled, missed, arguments)


def _show(
    scores: dict[str, Score], ruled: int, missed: list[str], arguments: argparse.Namespace
) -> int:
    total = len(INCIDENTS)
    forms = [*(item.name for item in FORMATS), "nginx-access"]
    alarms = []
    for form in forms:
        findings = tell(quiet(form), arguments.budget, every_ns=_EVERY_NS).judgement.findings
        alarms += [(form, item) for item in findings]
    critical = [item for item in alarms if item[1].severity is Severity.CRITICAL]
    print(f"{total} incidents, {arguments.budget} tokens each\n")
    print("| sent | recall | tokens, mean |\n|---|---:|---:|")
    for name, score in scores.items():
        print(f"| {name} | {score.hits / total:.2f} | {score.tokens / total:.0f} |")
    accuracy, f1 = grouping()
    print("\n| by rule | figure | mark |\n|---|---:|---:|")
    print(f"| incidents found with the right severity | {ruled / total:.2f} | ≥ 0.95 |")
    print(f"| false criticals per quiet container | {len(critical) / len(forms):.2f} | ≤ 0.1 |")
    others = [item for _, item in alarms if item.severity is Severity.WARNING]
    print(f"| warnings per quiet container | {len(others) / len(forms):.2f} | |")
    print(f"| grouping accuracy, mean of {len(forms)} formats | {accuracy:.3f} | ≥ 0.95 |")
    print(f"| F1 of the groups, mean | {f1:.3f} | ≥ 0.9 |")
    if arguments.misses:
        print(
            "\n".join(["", *missed, *(f"false: {form}: {item.title}" for form, item in critical)])
        )
    met = (scores["cyberbrain"].hits == total and ruled >= 0.95 * total
           and len(critical) <= 0.1 * len(forms) and accuracy >= 0.95 and f1 >= 0.9)  # fmt: skip
    return int(arguments.check and not met)


if __name__ == "__main__":
    sys.exit(main())
