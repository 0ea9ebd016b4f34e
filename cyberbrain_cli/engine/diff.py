"""Two runs side by side: what is new, gone, worse and better in the later one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cyberbrain_cli.core.diffs import (
    DiffDocument,
    Drift,
    FindingChanges,
    JobChange,
    PatternChange,
    PatternChanges,
    SeverityChange,
    UsageChange,
)
from cyberbrain_cli.core.drift import diff as map_changes
from cyberbrain_cli.core.findings import (
    Finding,
    FindingState,
    Severity,
    Source,
    pattern_finding_id,
)
from cyberbrain_cli.core.records import Cost, RunRecord, RunSummary
from cyberbrain_cli.engine.compared import not_compared
from cyberbrain_cli.engine.documents import SCHEMA_VERSION
from cyberbrain_cli.engine.past import MinedContainer, MinedPattern, PastRun


def compare(before: PastRun, after: PastRun) -> DiffDocument:
    """The document of `runs diff`."""
    findings, patterns = _findings(before, after), _patterns(before, after)
    drifts = tuple(_drifts(before, after))
    missing = not_compared(before, after)
    came = findings.new or findings.worse or drifts
    news = bool(came or patterns.appeared or patterns.appeared_not_listed)
    return DiffDocument(
        schema_version=SCHEMA_VERSION,
        before=_summary(before),
        after=_summary(after),
        nothing_new=False if news else None if missing else True,
        findings=findings,
        patterns=patterns,
        service_maps=drifts,
        jobs=tuple(_jobs(before.run, after.run)),
        usage=_usage(before.run, after.run),
        warnings=(*_directives(before.run, after.run), *missing, *before.notes, *after.notes),
    )


def by_rule(finding: Finding) -> Severity:
    """How grave a finding is without the model's word."""
    return finding.raised_from or finding.severity


def _findings(before: PastRun, after: PastRun) -> FindingChanges:
    old, new = _open(before), _open(after)
    both = old.keys() & new.keys()
    changed = [
        SeverityChange(new[key], by_rule(old[key]), by_rule(new[key]))
        for key in new
        if key in both and by_rule(old[key]) is not by_rule(new[key]) and _ruled(old[key], new[key])
    ]
    came = [item for key, item in new.items() if key not in old]
    went = [item for key, item in old.items() if key not in new]
    known, still = _pattern_ids(before), _pattern_ids(after)
    said = [item for item in came if _by_model(item, known)]
    unsaid = [item for item in went if _by_model(item, still)]
    gone = [item for item in went if item not in unsaid]
    resolved = [item for item in gone if _looked_for(item, before, after)]
    fresh = [item for item in came if item not in said]
    certain = [item for item in fresh if _looked_for(item, after, before)]
    return FindingChanges(
        new=tuple(certain),
        perhaps_new=tuple(item for item in fresh if item not in certain),
        resolved=tuple(resolved),
        worse=tuple(item for item in changed if item.after.rank > item.before.rank),
        better=tuple(item for item in changed if item.after.rank < item.before.rank),
        unchanged=len(both) - len(changed),
        not_compared=len(gone) - len(resolved),
        by_model=len(said) + len(unsaid),
    )


def _ruled(*findings: Finding) -> bool:
    return all(item.source is Source.RULE for item in findings)


def _by_model(item: Finding, ids_there: frozenset[str]) -> bool:
    """Whether it is but the model's word on a pattern that the other run met too."""
    return item.source is Source.LLM and item.id in ids_there


def _looked_for(item: Finding, found: PastRun, other: PastRun) -> bool:
    """Whether the other run would have found this too: the same job looked there, to the end.

    A container that the other job did not meet had nothing to be found in, and what a job found
    elsewhere than in a log it finds without reading one.
    """
    key = next(key for key, items in found.findings.items() if item in items)
    name = item.container or ""
    seen = other.read(name, key) or not found.read(name, key) or not other.met(name, key)
    return other.job(key) is not None and seen


def _open(run: PastRun) -> dict[str, Finding]:
    found = (item for items in run.findings.values() for item in items)
    return {item.id: item for item in found if item.state is not FindingState.RESOLVED}


def _pattern_ids(run: PastRun) -> frozenset[str]:
    """The ids that findings about this run's patterns have or would have."""
    return frozenset(
        pattern_finding_id(name, fingerprint)
        for name, container in run.containers.items()
        for fingerprint in container.fingerprints
    )


def _patterns(before: PastRun, after: PastRun) -> PatternChanges:
    appeared, hidden_new = _beyond(after, before)
    vanished, hidden_gone = _beyond(before, after)
    total = sum(len(item.patterns) + len(item.unlisted) for item in after.containers.values())
    return PatternChanges(
        appeared=tuple(appeared),
        vanished=tuple(vanished),
        unchanged=total - len(appeared) - hidden_new,
        appeared_not_listed=hidden_new,
        vanished_not_listed=hidden_gone,
    )


def _beyond(one: PastRun, other: PastRun) -> tuple[list[PatternChange], int]:
    """The patterns of one run that the other did not meet where it read; and how many unlisted."""
    found: list[PatternChange] = []
    hidden = 0
    for name, container in one.containers.items():
        if not other.read(name):
            continue
        known = other.containers.get(name, MinedContainer.nothing(name)).fingerprints
        found += [_change(name, item) for item in container.patterns if not item.names & known]
        hidden += sum(fingerprint not in known for fingerprint in container.unlisted)
    return sorted(found, key=_rank), hidden


def _change(container: str, item: MinedPattern) -> PatternChange:
    return PatternChange(container, item.fingerprint, item.severity, item.template, item.count)


def _rank(item: PatternChange) -> tuple[int, int, str, str]:
    order = [severity.value for severity in Severity]
    rank = order.index(item.severity) if item.severity in order else -1
    return (-rank, -item.count, item.container, item.fingerprint)


def _drifts(before: PastRun, after: PastRun) -> Iterator[Drift]:
    for job, found in after.maps.items():
        earlier = before.maps.get(job)
        if earlier is not None and (changes := map_changes(earlier, found)):
            yield Drift(job, changes)


def _jobs(before: RunRecord, after: RunRecord) -> Iterator[JobChange]:
    old, new = ({job.key: job for job in run.jobs} for run in (before, after))
    for key in dict.fromkeys([*old, *new]):
        was, now = old.get(key), new.get(key)
        yield JobChange(
            key,
            was.status if was else None,
            now.status if now else None,
            was.duration_seconds if was else None,
            now.duration_seconds if now else None,
        )


def _usage(before: RunRecord, after: RunRecord) -> UsageChange:
    old, new = before.cost, after.cost
    amount = None
    if new.amount is not None and old.amount is not None and _comparable(old, new):
        amount = new.amount - old.amount
    timed = after.duration_seconds is not None and before.duration_seconds is not None
    seconds = (after.duration_seconds or 0) - (before.duration_seconds or 0)
    return UsageChange(
        tokens=after.tokens.total - before.tokens.total,
        amount=amount,
        currency=new.currency if amount is not None else None,
        seconds=round(seconds, 3) if timed else None,
    )


def _comparable(old: Cost, new: Cost) -> bool:
    return old.currency == new.currency and not old.unpriced_calls + new.unpriced_calls


def _summary(past: PastRun) -> RunSummary:
    run, still = past.run, _open(past).values()
    return RunSummary(
        **{name: getattr(run, name) for name in _COMMON},
        findings=_counts(item.severity for item in still),
    )


_COMMON = tuple(name for name in RunSummary.__slots__ if name != "findings")


def _counts(severities: Iterable[Severity]) -> dict[str, int]:
    found = list(severities)
    return {severity.value: found.count(severity) for severity in reversed(Severity)}


def _directives(before: RunRecord, after: RunRecord) -> Iterator[str]:
    if before.directive != after.directive:
        yield f"The runs are of two directives: {before.directive} and {after.directive}."
