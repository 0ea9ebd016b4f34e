"""Every setting, with its type, default and description."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cyberbrain_cli.core.directive import Budget
from cyberbrain_cli.core.records import Price
from cyberbrain_cli.core.shipped import folder

APPLICATION = "cyberbrain"
MOST_PER_MILLION, MOST_PER_SECOND = 1_000_000, 1_000
"""What one call costs must fit the records, which take nine million of any currency."""
ENV_PREFIX = "CYBERBRAIN_"


class Section(BaseModel):
    """A part of the settings; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(Section):
    """Where runs are recorded."""

    url: str = Field(
        default_factory=lambda: f"sqlite:///{_data_folder() / 'cyberbrain.db'}",
        description="postgresql://… or sqlite:///PATH. Default: an embedded SQLite file.",
        repr=False,
    )


class DockerSettings(Section):
    """The Docker daemon."""

    host: str | None = Field(
        None, description="unix://, tcp:// or ssh:// URL. Default: as the Docker CLI chooses."
    )
    timeout_seconds: float = Field(30, gt=0, description="Longest silence of the daemon.")


class EndpointSettings(Section):
    """An OpenAI-compatible endpoint."""

    endpoint: str = Field("auto", description="Base URL, or auto: look at the usual local ports.")
    model: str | None = Field(
        None, description="The model to ask for. Default: the server's first."
    )
    api_key: SecretStr | None = Field(
        None, description="Or ${NAME} to take it from the environment."
    )
    timeout_seconds: float = Field(120, gt=0, description="Longest wait for one answer.")
    max_parallel: int = Field(1, ge=1, le=64, description="Requests under way at once.")
    context_tokens: int | None = Field(
        None, ge=512, description="Context length. Default: what the server says."
    )
    allow_remote: bool = Field(
        False, description="Allow endpoints that are not loopback or private addresses."
    )


class LlmSettings(EndpointSettings):
    """The model, and other endpoints that directives may choose by name."""

    endpoints: dict[str, EndpointSettings] = Field(
        default_factory=dict, description="More endpoints, by name."
    )


class PriceSettings(Section):
    """What a model costs."""

    currency: str = Field("USD", pattern=r"^[A-Z]{3}$", description="ISO 4217 code.")
    prompt_per_million: Decimal | None = Field(
        None, ge=0, le=MOST_PER_MILLION, description="Per million prompt tokens."
    )
    cached_prompt_per_million: Decimal | None = Field(
        None,
        ge=0,
        le=MOST_PER_MILLION,
        description="Per million cached prompt tokens. Default: as prompt tokens.",
    )
    completion_per_million: Decimal | None = Field(
        None, ge=0, le=MOST_PER_MILLION, description="Per million completion tokens."
    )
    per_gpu_second: Decimal | None = Field(
        None, ge=0, le=MOST_PER_SECOND, description="Per second of a call."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """A part that was forgotten would be free, or leave all of it unpriced."""
        prompt, completion = self.prompt_per_million, self.completion_per_million
        if (prompt is None) != (completion is None):
            raise ValueError(
                "prompt_per_million needs completion_per_million, be it 0, and the reverse"
            )
        if prompt is None and self.cached_prompt_per_million is not None:
            raise ValueError("cached_prompt_per_million goes with prompt_per_million")
        if prompt is None and self.per_gpu_second is None:
            raise ValueError("there is no price in it: per million tokens, or per_gpu_second")
        return self

    def as_price(self) -> Price:
        """The price as the ledger snapshots it."""
        return Price(**self.model_dump())


class ArtifactSettings(Section):
    """Where reports are written."""

    root: Path = Field(
        default_factory=lambda: _data_folder() / "artifacts",
        description="The folder below which every artifact lives.",
    )


class DirectiveSettings(Section):
    """Where directives are found by name."""

    folders: list[Path] = Field(
        default_factory=lambda: [
            Path("directives"),
            platformdirs.user_config_path(APPLICATION) / "directives",
            platformdirs.site_config_path(APPLICATION) / "directives",
            folder("directives"),
        ],
        description="Searched in this order.",
    )


class LoggingSettings(Section):
    """The program's own log."""

    file: Path | None = Field(None, description="JSON lines go here. Default: no log file.")
    level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level.")
    max_bytes: int = Field(
        10 * 1024 * 1024, ge=1024, description="A file that is longer is put aside."
    )
    files: int = Field(6, ge=2, le=1000, description="Files kept, the one in use among them.")
    redacted: bool = Field(True, description="Also mask container ids, user names and addresses.")


class TargetSettings(Section):
    """Somebody who can be told."""

    url: SecretStr = Field(description="${NAME} is taken from the environment.")


class NotifySettings(Section):
    """Whom directives may tell of their runs, by name."""

    targets: dict[str, TargetSettings] = Field(
        default_factory=dict, description="Apprise URLs: mail, Slack, ntfy, webhooks, …"
    )
    pings: dict[str, TargetSettings] = Field(
        default_factory=dict,
        description="URLs that are called when a run ends well; /start and /fail are appended.",
    )
    timeout_seconds: float = Field(
        10, gt=0, le=120, description="The longest that telling all of them may take."
    )


class Settings(BaseSettings):
    """Every setting."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    docker: DockerSettings = Field(default_factory=DockerSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)
    prices: dict[str, PriceSettings] = Field(
        default_factory=dict, description="What models cost, by the model's name."
    )
    budget: Budget = Field(default_factory=Budget, description="The default budget of a run.")
    artifacts: ArtifactSettings = Field(default_factory=ArtifactSettings)
    directives: DirectiveSettings = Field(default_factory=DirectiveSettings)
    logging: LoggingSettings = Field(default_factory=LoggingSettings)
    notify: NotifySettings = Field(default_factory=NotifySettings)
    max_parallel: int = Field(4, ge=1, le=64, description="Jobs, and containers in a job, at once.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The loader merges the sources itself, to know where each value came from."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)


def _data_folder() -> Path:
    return platformdirs.user_data_path(APPLICATION)
