"""The options of a log triage."""

from __future__ import annotations

from pydantic import Field

from cyberbrain_cli.core.worker import LogTaskParams
from cyberbrain_cli.logs.miner import MOST_PATTERNS
from cyberbrain_cli.logs.signatures import Signature


class LogTriageParams(LogTaskParams):
    """What a directive may say about a log triage."""

    digest_tokens: int = Field(
        2000, ge=200, le=200_000, description="The most of one log that the model is shown."
    )
    answer_tokens: int = Field(
        700, ge=64, le=32_000, description="The most that the model may answer about one container."
    )
    story: bool = Field(
        True, description="Ask the model once more, for what the findings together tell."
    )
    signatures: tuple[Signature, ...] = Field(
        (), description="Failures that you know by name; they are tried before ours."
    )
    max_lines: int | None = Field(
        None,
        gt=0,
        description="Stop reading a container after so many lines; the next run goes on there.",
    )
    max_patterns: int = Field(
        MOST_PATTERNS,
        ge=30,
        le=100_000,
        description="Kinds of lines to tell apart in one container, a third for each severity.",
    )
