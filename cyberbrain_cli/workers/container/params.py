"""The options of a container that is run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    field_serializer,
    field_validator,
)

from cyberbrain_cli.core.environment import HIDDEN, secrets_of, shown
from cyberbrain_cli.core.worker import TaskParams

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/@-]*")
_USER = re.compile(r"(\d{1,9})(?::(\d{1,9}))?")
_NETWORK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FOLDER = re.compile(r"(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+")
_GIVEN = ("AMD_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")
_RESERVED = ("bin", "dev", "etc", "inputs", "lib", "lib64", "proc", "sbin", "sys", "usr")


def _as_list(value: object) -> object:
    """One word is a list of one."""
    return [value] if isinstance(value, str) else value


def _in_bytes(value: object) -> object:
    """Docker writes 512m where everybody else writes 512MiB; both are understood."""
    if isinstance(value, str) and re.fullmatch(r"\d+[kmg]", value.strip(), re.IGNORECASE):
        return f"{value.strip()}iB"
    return value


def _a_folder(value: str) -> str:
    if not _FOLDER.fullmatch(value) or value.split("/")[1] in _RESERVED:
        raise ValueError("must be the path of a folder of its own in the container")
    return value


def _text(name: object, value: object) -> str:
    if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
        raise ValueError("has a name that no variable can have")
    if name in _GIVEN:
        raise ValueError(f"sets {name}, which resources.gpus does")
    plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    if not plain or "\0" in str(value):
        raise ValueError(f"has a value for {name} that is no text; put it in quotes")
    return str(value)


Size = Annotated[ByteSize, BeforeValidator(_in_bytes)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_list)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Input(_Part):
    """Artifacts of another job of the same run, which is in `needs`."""

    job: str = Field(description="The key of the job.")
    kind: str | None = Field(None, description="Only artifacts of this kind.")


class Outputs(_Part):
    """The folder that is collected."""

    path: Annotated[str, AfterValidator(_a_folder)] = Field(
        "/outputs", description="The folder in the container."
    )
    max_size: Size = Field(
        ByteSize(16 * 1024 * 1024), ge=4096, le=1024**3, description="All of it together."
    )
    max_files: int = Field(100, ge=1, le=1000, description="How many files.")


class Resources(_Part):
    """The limits of the container."""

    memory: Size = Field(
        ByteSize(512 * 1024 * 1024),
        ge=16 * 1024 * 1024,
        description="All of its memory, /tmp and outputs included; there is no swap.",
    )
    cpus: float = Field(1.0, ge=0.01, le=1024, description="How many CPUs it may keep busy.")
    pids: int = Field(128, ge=1, le=100_000, description="How many processes and threads.")
    tmp: Size = Field(
        ByteSize(64 * 1024 * 1024), ge=4096, le=1024**4, description="The size of /tmp."
    )
    gpus: Annotated[int, Field(ge=0, le=64)] | Literal["auto"] = Field(
        0, description="How many GPUs; auto: the one with most free memory and least load."
    )
    gpu_memory: Size = Field(
        ByteSize(0), ge=0, description="A GPU with less free memory than this does not count."
    )
    gpu_optional: bool = Field(
        False, description="Go on without a GPU where none is free, and mark the run degraded."
    )


class ContainerParams(TaskParams):
    """What a directive may say about a container that is run."""

    image: str = Field(description="An image on the allowlist, written as it was approved.")
    command: Words | None = Field(None, description="Instead of the image's command.")
    entrypoint: Words | None = Field(None, description="Instead of the image's entrypoint.")
    env: Mapping[str, str] = Field(
        default_factory=dict,
        description="Its environment: values, or ${NAME} for a variable of the caller's.",
        repr=False,
    )
    inputs: tuple[Input, ...] = Field((), description="Artifacts of earlier jobs, to be read.")
    outputs: Outputs | None = Field(None, description="A folder to be collected as artifacts.")
    resources: Resources = Field(Resources(), description="The limits of the container.")
    network: str = Field("none", description="none, or a network of the daemon's by its name.")
    user: str = Field("65534:65534", description="Numbers of its user and group, UID or UID:GID.")
    writable_root: bool = Field(False, description="Let it write into its root file system.")
    pull: bool = Field(False, description="Fetch the image, by its digest, if it is not there.")
    if_unapproved: Literal["refuse", "skip"] = Field(
        "refuse",
        description="An image that is not on the allowlist: refuse it, or leave the job out.",
    )
    success_codes: tuple[int, ...] = Field(
        (0,), description="Exit codes that are no failure.", min_length=1
    )
    log_size: Size = Field(
        ByteSize(1024 * 1024), ge=4096, le=64 * 1024 * 1024, description="The most kept of its log."
    )

    @field_validator("image")
    @classmethod
    def _is_a_reference(cls, value: str) -> str:
        if not _IMAGE.fullmatch(value):
            raise ValueError("is not the reference of an image")
        return value

    @field_validator("env", mode="before")
    @classmethod
    def _is_an_environment(cls, value: object) -> object:
        """Numbers are what they look like; no value is ever part of a message."""
        if not isinstance(value, Mapping):
            return value
        return {name: _text(name, given) for name, given in value.items()}

    @field_validator("network")
    @classmethod
    def _is_a_network(cls, value: str) -> str:
        if value == "host" or not _NETWORK.fullmatch(value):
            raise ValueError("must be none, or the name of a network that is not the host's")
        return value

    @field_validator("user")
    @classmethod
    def _is_numbers(cls, value: str) -> str:
        """A name is what the image says it is, root perhaps; a group left out would be root."""
        found = _USER.fullmatch(value)
        if found is None:
            raise ValueError("must be numbers, UID or UID:GID")
        return f"{int(found[1])}:{int(found[2] or found[1])}"

    @field_serializer("env", when_used="json")
    def _names(self, env: Mapping[str, str]) -> dict[str, str]:
        """The plan and the records have the names alone."""
        return shown(env)

    def secrets(self, environment: Mapping[str, str]) -> Iterable[str]:
        """Every value of its environment. Raises UsageError for variables that are not set."""
        return secrets_of(self.env, environment)

    @classmethod
    def of_record(cls, recorded: Mapping[str, Any], directive: Self | None) -> Self:
        """Values that were not recorded come from the directive, if it has them."""
        env = dict(recorded.get("env") or {})
        for name, text in env.items():
            if text == HIDDEN:
                env[name] = directive.env.get(name, HIDDEN) if directive is not None else HIDDEN
        found = cls.model_validate({**recorded, "env": env})
        if HIDDEN in found.env.values():
            raise ValueError("a value of its environment was given with --param, and not recorded")
        return found

    def reads_from(self) -> Iterable[str]:
        """The jobs whose artifacts it is given."""
        return {item.job for item in self.inputs}
