"""The job: containers side by side, then one analysis of all."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from threading import Event

from cyberbrain_cli.core.errors import Cancelled, RunFailed
from cyberbrain_cli.core.findings import against_previous, pattern_finding_id
from cyberbrain_cli.core.worker import JobContext, Outcome
from cyberbrain_cli.workers.log_triage.asking import Asker
from cyberbrain_cli.workers.log_triage.params import LogTriageParams
from cyberbrain_cli.workers.log_triage.telling import closing
from cyberbrain_cli.workers.log_triage.triage import Triaged, triage
from cyberbrain_cli.workers.log_triage.writing import Told, chains_of, write


def run(params: LogTriageParams, ctx: JobContext) -> Outcome:
    """Triage every target. Raises RunFailed when not one of them could be read."""
    asker = Asker(ctx, params)
    results = _side_by_side(params, ctx, asker)
    _insist_on_something(results)
    findings = against_previous(
        (finding for result in results for finding in result.findings),
        ctx.previous,
        frozenset(result.reading.name for result in results if result.covered),
        {
            pattern_finding_id(sighting.container, sighting.fingerprint)
            for result in results
            for sighting in result.sightings
        },
    )
    chains = chains_of(results)
    ruled = [finding for result in results for finding in result.ruled]
    told = Told(tuple(results), findings, chains, closing(asker, ruled, chains), asker.degraded)
    ctx.check()
    return Outcome(
        findings=findings,
        containers=tuple(result.reading for result in results),
        artifacts=write(ctx, told),
        cursors=tuple(result.cursor for result in results if result.cursor is not None),
        patterns=tuple(sighting for result in results for sighting in result.sightings),
        degraded=told.degraded,
    )


def _side_by_side(params: LogTriageParams, ctx: JobContext, asker: Asker) -> list[Triaged]:
    """The results in the order of the targets; the first failure ends all."""
    failed = Event()

    def check() -> None:
        ctx.check()
        if failed.is_set():
            raise Cancelled

    if not ctx.targets:
        return []
    with ThreadPoolExecutor(max(1, min(ctx.max_parallel, len(ctx.targets)))) as pool:
        futures: list[Future[Triaged]] = [
            pool.submit(triage, target, ctx, params, asker, check) for target in ctx.targets
        ]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            failed.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _insist_on_something(results: list[Triaged]) -> None:
    errors = [result.reading.error for result in results]
    if errors and all(errors):
        more = f" The same goes for {len(errors) - 1} more." if len(errors) > 1 else ""
        raise RunFailed(
            f"No log could be read. {results[0].reading.name}: {errors[0]}{more}",
            "cyberbrain containers",
        )
