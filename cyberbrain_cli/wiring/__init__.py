"""build(…) → Services: the only place that chooses real things.

Everything is opened when it is first used, and imported then: no command pays for what it does
not touch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from cyberbrain_cli.adapters import libraries
from cyberbrain_cli.config.loading import Loaded, SettingOrigin, find_file, load

if TYPE_CHECKING:
    from cyberbrain_cli.adapters.docker_host import DockerHost
    from cyberbrain_cli.adapters.docker_runtime import DockerRuntime
    from cyberbrain_cli.adapters.file_artifacts import FileArtifacts
    from cyberbrain_cli.config.settings import Settings
    from cyberbrain_cli.core.launch import Check, LaunchRequest
    from cyberbrain_cli.core.ports import Journal, Locks, Progress
    from cyberbrain_cli.core.prune import Pruning
    from cyberbrain_cli.core.records import ArtifactCheck, RunDocument
    from cyberbrain_cli.core.worker import Worker
    from cyberbrain_cli.engine.launch import Launcher
    from cyberbrain_cli.engine.library import Library
    from cyberbrain_cli.store.database import Database
    from cyberbrain_cli.store.reports import Reports
    from cyberbrain_cli.store.schema import DatabaseStatus


def build(
    config_path: Path | None,
    flags: Mapping[str, Any],
    warn: Callable[[str], None] = lambda _text: None,
) -> Services:
    """Read the configuration and make its services.

    `flags` is nested like the configuration file; `warn` tells a person what must not be missed.
    Raises InvalidFile or UsageError.
    """
    libraries.hush()
    path = find_file(config_path)
    document = None
    if path is not None:
        from cyberbrain_cli.adapters import yaml_files

        document = yaml_files.read(path, "configuration")
    loaded = load(document, path, flags)
    log = loaded.settings.logging
    if log.file is not None:
        from cyberbrain_cli.adapters import own_log

        own_log.to_file(
            log.file,
            log.level,
            redacted=log.redacted,
            max_bytes=log.max_bytes,
            files=log.files,
            warn=warn,
        )
    return Services(loaded)


class Services:
    """The program's parts, each opened on first use; close by leaving the context."""

    def __init__(self, loaded: Loaded) -> None:
        self._loaded = loaded
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._loaded.settings

    @property
    def config_path(self) -> Path | None:
        """The configuration file that was read, if any."""
        return self._loaded.path

    def settings_origins(self) -> list[SettingOrigin]:
        """Every setting with where it came from, secrets hidden."""
        return self._loaded.show()

    @cached_property
    def _database(self) -> Database:
        """The database, with the schema this program needs."""
        from cyberbrain_cli.store import schema

        schema.ensure(self._raw_database)
        return self._raw_database

    @cached_property
    def _raw_database(self) -> Database:
        from cyberbrain_cli.store import database

        connected = database.connect(self.settings.database.url)
        self._stack.callback(connected.close)
        return connected

    @cached_property
    def journal(self) -> Journal:
        """Every write to the records."""
        from cyberbrain_cli.store.journal import SqlJournal

        return SqlJournal(self._database)

    @cached_property
    def reports(self) -> Reports:
        """Every read of the records."""
        from cyberbrain_cli.store.reports import Reports

        return Reports(self._database)

    @cached_property
    def pruning(self) -> Pruning:
        """The records, as far as old runs leave them."""
        from cyberbrain_cli.store.pruning import SqlPruning

        return SqlPruning(self._database)

    @cached_property
    def locks(self) -> Locks:
        """Locks between processes."""
        from cyberbrain_cli.store.locks import locks_for

        return locks_for(self._database)

    @cached_property
    def host(self) -> DockerHost:
        """The Docker daemon."""
        from cyberbrain_cli.adapters.docker_host import DockerHost

        host = DockerHost(self.settings.docker.host, self.settings.docker.timeout_seconds)
        self._stack.callback(host.close)
        return host

    @cached_property
    def runtime(self) -> DockerRuntime:
        """The Docker daemon as something that runs containers."""
        from cyberbrain_cli.adapters.docker_runtime import DockerRuntime

        runtime = DockerRuntime(self.settings.docker.host, self.settings.docker.timeout_seconds)
        self._stack.callback(runtime.close)
        return runtime

    @cached_property
    def artifacts(self) -> FileArtifacts:
        """The artifact root."""
        from cyberbrain_cli.adapters.file_artifacts import FileArtifacts

        return FileArtifacts(self.settings.artifacts.root)

    @cached_property
    def directives(self) -> Library:
        """The directive folders."""
        from cyberbrain_cli.adapters import yaml_files
        from cyberbrain_cli.engine.library import Library

        return Library(self.settings.directives.folders, yaml_files.read, self._workers)

    def launcher(self, request: LaunchRequest, progress: Progress) -> Launcher:
        """A launch that is ready to be planned, previewed or started."""
        from cyberbrain_cli.engine.launch import Launcher
        from cyberbrain_cli.engine.loader import ad_hoc, with_options
        from cyberbrain_cli.wiring.parts import parts_of

        workers = self._workers()
        if request.directive is None:
            loaded = ad_hoc(request.tasks, request.params, workers)
        else:
            loaded = self.directives.load(request.directive)
            loaded = with_options(loaded, request.params, workers)
        return Launcher(parts_of(self, progress, workers, loaded.params.values()), loaded, request)

    def run_document(self, run_id: int) -> RunDocument:
        """The document of a run. Raises NotFound."""
        from cyberbrain_cli.engine.documents import run_document

        return run_document(self.reports, self.artifacts, run_id)

    def cancel_run(self, run_id: int) -> bool:
        """Ask a run to stop; False when its process was gone and it is interrupted now."""
        from cyberbrain_cli.engine.upkeep import cancel_run

        return cancel_run(self.reports, self.journal, self.locks, self.artifacts, run_id)

    def verify_artifacts(self, run_id: int | None) -> list[ArtifactCheck]:
        """Hold the recorded artifacts of one run, or of all, against their files."""
        from cyberbrain_cli.engine.upkeep import verify_artifacts

        if run_id is not None:
            self.reports.run(run_id)
        entries = self.reports.artifacts(run_id=run_id, limit=None)
        return verify_artifacts(entries, self.artifacts.verify)

    def database_status(self) -> DatabaseStatus:
        """The database's schema against the one this program needs."""
        from cyberbrain_cli.store import schema

        return schema.status(self._raw_database)

    def upgrade_database(self) -> DatabaseStatus:
        """Bring the schema up to date."""
        from cyberbrain_cli.store import schema

        schema.upgrade(self._raw_database)
        return schema.status(self._raw_database)

    def verify_database(self) -> list[str]:
        """What in the records contradicts itself; empty when nothing does."""
        from cyberbrain_cli.store.verify import verify

        return verify(self._database)

    def doctor(self) -> Sequence[Check]:
        """Everything that a launch needs, checked."""
        from cyberbrain_cli.wiring.doctor import examine

        return examine(self)

    def _workers(self) -> Mapping[str, Worker]:
        from cyberbrain_cli.engine.registry import discover

        return discover()
