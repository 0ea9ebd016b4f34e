"""What was said on the command line that every command shares."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cyberbrain_cli.render.screen import Screen

if TYPE_CHECKING:
    import typer

    from cyberbrain_cli.wiring import Services

NOT_RECORDED = (None, False)


@dataclass(slots=True)
class State:
    """The shared options, as the deepest level of the command line had them."""

    config: Path | None = None
    screen: Screen = field(default_factory=Screen)

    @classmethod
    def of(cls, context: typer.Context) -> State:
        """The state of this invocation."""
        return context.ensure_object(cls)

    def record(self, name: str, value: Any) -> None:
        """Take in a shared option; one that was not given changes nothing."""
        if value in NOT_RECORDED:
            return
        setattr(self if name == "config" else self.screen, name, value)

    def services(self) -> Services:
        """The services that the configuration asks for. Raises InvalidFile or UsageError."""
        flags = {"logging": {"level": "debug"}} if self.screen.verbose else {}
        build = import_module("cyberbrain_cli.wiring").build
        services: Services = build(self.config, flags, self.screen.warn)
        if self.screen.verbose:
            import_module("cyberbrain_cli.adapters.own_log").to_stderr("debug")
            self.screen.say(f"configuration: {services.config_path or 'no file'}")
        return services
