"""Telling others of a run, after its records are safe. Nobody's silence fails or delays the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace

from cyberbrain_cli.core.errors import Cancelled, CyberbrainError
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.notice import Beat, Notice, Telling, wanted
from cyberbrain_cli.core.records import RunDocument
from cyberbrain_cli.engine.documents import run_document
from cyberbrain_cli.engine.loader import LoadedDirective
from cyberbrain_cli.engine.parts import Parts
from cyberbrain_cli.engine.stop import Stop

_ALL_SECONDS = 3.9
_MOST_SECONDS, _LEAST_SECONDS = 1.5, 0.4
"""How long whoever is told may take once somebody wants the launch to end, which is to be over in
five seconds: less, the more of `_ALL_SECONDS` the jobs have taken already."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Teller:
    """What one run tells whom."""

    parts: Parts
    loaded: LoadedDirective
    stop: Stop
    _start: Telling | None = field(default=None)

    def check(self) -> None:
        """Raise UsageError for targets that the configuration does not have."""
        self.parts.messenger.check(self._targets, self.loaded.directive.ping)

    @contextmanager
    def before(self) -> Iterator[None]:
        """Say so if what comes before the run fails: there will be no run to tell of."""
        try:
            yield
        except Cancelled:
            raise
        except CyberbrainError as error:
            for warning in self._say(Beat.FAIL, self._failure(error)):
                self.parts.progress.note(warning)
            raise

    @contextmanager
    def of(self, run_id: int) -> Iterator[None]:
        """Say that the run begins and, whatever happens within, how it ended."""
        name = self.loaded.directive.ping
        if name is not None:
            self._start = self._hurried(self.parts.messenger.ping(name, Beat.START))
        try:
            yield
        finally:
            # The start's ping first: it must not come after the end's.
            warnings = [*(self._start.outcome() if self._start else ()), *self._ended(run_id)]
            for warning in warnings:
                log.warning("%s", warning, extra={"run_id": run_id})
            if warnings:
                with suppress(CyberbrainError):  # the records have failed the run already
                    self.parts.journal.warn_run(run_id, warnings)

    @property
    def _targets(self) -> tuple[str, ...]:
        notify = self.loaded.directive.notify
        return tuple(notify.targets) if notify is not None else ()

    def _ended(self, run_id: int) -> tuple[str, ...]:
        parts, notify = self.parts, self.loaded.directive.notify
        try:
            document = run_document(parts.history, parts.artifacts, run_id)
        except CyberbrainError as error:
            return self._say(Beat.FAIL, self._failure(error))
        well = document.run.status is Status.SUCCEEDED
        asked = notify is not None and wanted(notify, document)
        notice = parts.documents.notice(self._redacted(document)) if asked else None
        return self._say(Beat.SUCCESS if well else Beat.FAIL, notice)

    def _redacted(self, document: RunDocument) -> RunDocument:
        """Findings are redacted where they are made; an error is not."""
        run = document.run
        if run.error is None:
            return document
        error = replace(run.error, message=self._clean(run.error.message))
        return replace(document, run=replace(run, error=error))

    def _failure(self, error: CyberbrainError) -> Notice:
        """All who are told of anything are told of a failure."""
        host, message = self.parts.identity.host, self._clean(error.message)
        return self.parts.documents.failure(self.loaded.directive.name, host, message)

    def _clean(self, text: str) -> str:
        try:
            return self.parts.redact(text)
        except CyberbrainError:
            return "what went wrong cannot be told without giving something away."

    def _say(self, beat: Beat, notice: Notice | None) -> tuple[str, ...]:
        """The ping and the notice side by side; what did not arrive."""
        messenger, name, told = self.parts.messenger, self.loaded.directive.ping, []
        if name is not None:
            told.append(messenger.ping(name, beat))
        if notice is not None and self._targets:
            told.append(messenger.send(self._targets, notice))
        hurried = [self._hurried(telling) for telling in told]
        return tuple(warning for telling in hurried for warning in telling.outcome())

    def _hurried(self, telling: Telling) -> Telling:
        """One that is not waited for much longer once the launch is to stop."""

        def hurry() -> None:
            left = _ALL_SECONDS - self.stop.elapsed_seconds
            telling.hurry(min(_MOST_SECONDS, max(_LEAST_SECONDS, left)))

        self.stop.on_stop(hurry)
        return telling
