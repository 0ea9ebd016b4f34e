"""Known failures: how they read in a log, how grave they are, what they mean, what to do first.

Those that come with the program are in signatures.yaml beside this module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import resources
from typing import Annotated, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from cyberbrain_cli.core.findings import Severity


class Signature(BaseModel):
    """A known failure."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$", description="A short name.")
    severity: Severity = Field(description="The least that a finding about it has.")
    patterns: tuple[Annotated[str, Field(min_length=1, max_length=2000)], ...] = Field(
        min_length=1,
        description="Regular expressions, case ignored; one of them is found in the line, in which"
        " numbers stand as <n>, addresses as <ip> and so on.",
    )
    title: str = Field(min_length=1, max_length=120, description="What happened.")
    explanation: str = Field(max_length=500, description="What it means; the likely cause.")
    suggestion: str = Field(max_length=500, description="What to do first.")
    unmistakable: bool = Field(False, description="Counts whatever level its line has.")
    vague: bool = Field(
        False, description="Also stands in harmless lines; counts only beside words of trouble."
    )

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            _ = self.pattern
        except (re.error, RecursionError, OverflowError) as error:
            raise ValueError(f"a pattern is no regular expression: {error}") from None
        return self

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """All patterns as one."""
        return re.compile("|".join(f"(?:{text})" for text in self.patterns), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Signatures in the order in which they are tried."""

    signatures: tuple[Signature, ...]

    def of(self, template: str) -> Signature | None:
        """The known failure that a pattern's template tells of."""
        return next((item for item in self.signatures if item.pattern.search(template)), None)


def catalogue(own: Sequence[Signature] = ()) -> Catalogue:
    """The signatures that come with the program, after the user's own.

    One of the user's with the key of one of ours takes its place.
    """
    keys = {item.key for item in own}
    return Catalogue((*own, *(item for item in shipped() if item.key not in keys)))


@cache
def shipped() -> tuple[Signature, ...]:
    """The signatures that come with the program."""
    text = resources.files(__package__).joinpath("signatures.yaml").read_text("utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found = yaml.load(text, Loader=loader)  # noqa: S506 - both are safe loaders
    return TypeAdapter(tuple[Signature, ...]).validate_python(found)
