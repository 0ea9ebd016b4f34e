"""Telling others of a run, after its records are safe. Nobody's silence fails the run."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from cyberbrain_cli.core.errors import CyberbrainError
from cyberbrain_cli.core.lifecycle import Status
from cyberbrain_cli.core.notice import Beat, wanted
from cyberbrain_cli.engine.documents import run_document
from cyberbrain_cli.engine.loader import LoadedDirective
from cyberbrain_cli.engine.parts import Parts

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Telling:
    """What one run tells whom."""

    parts: Parts
    loaded: LoadedDirective
    _warnings: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raise UsageError for targets that the configuration does not have."""
        directive = self.loaded.directive
        targets = tuple(directive.notify.targets) if directive.notify else ()
        self.parts.messenger.check(targets, directive.ping)

    @contextmanager
    def of(self, run_id: int) -> Iterator[None]:
        """Say that the run begins and, whatever happens within, how it ended."""
        self._ping(Beat.START)
        try:
            yield
        finally:
            with suppress(CyberbrainError):  # the records have failed the run already
                self._ended(run_id)

    def _ended(self, run_id: int) -> None:
        parts, notify = self.parts, self.loaded.directive.notify
        document = run_document(parts.history, parts.artifacts, run_id)
        well = document.run.status is Status.SUCCEEDED
        self._ping(Beat.SUCCESS if well else Beat.FAIL)
        if notify is not None and wanted(notify, document):
            notice = parts.documents.notice(document)
            self._warnings += parts.messenger.send(tuple(notify.targets), notice)
        for warning in self._warnings:
            log.warning("%s", warning, extra={"run_id": run_id})
        if self._warnings:
            parts.journal.warn_run(run_id, self._warnings)

    def _ping(self, beat: Beat) -> None:
        name = self.loaded.directive.ping
        if name is not None:
            self._warnings += self.parts.messenger.ping(name, beat)
