"""The options of a GPU report."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cyberbrain_cli.core.worker import TaskParams

Rule = Literal[
    "busy",
    "crowded",
    "ecc",
    "gone",
    "hot",
    "idle",
    "memory",
    "power_cap",
    "throttled",
    "xid",
]
"""What a report may find."""


class GpuReportParams(TaskParams):
    """What a directive may say about a GPU report."""

    sample_seconds: float = Field(
        10, ge=0.2, le=3600, description="For how long the GPUs are looked at, five times a second."
    )
    utilization_percent: float = Field(
        98, ge=0, le=100, description="A GPU whose median utilization is at least this is busy."
    )
    memory_percent: float = Field(
        95, ge=0, le=100, description="Memory in use, at least, that is a warning."
    )
    temperature_celsius: float = Field(
        85, ge=0, le=1000, description="A warning from here on, and critical 10 degrees above."
    )
    power_percent: float = Field(
        98, ge=0, le=200, description="Power, of the limit, from which on a GPU is at its cap."
    )
    throttled_percent: float = Field(
        10, ge=0, le=100, description="Share of the samples with clocks held back by heat or power."
    )
    corrected_errors: int = Field(
        100, ge=0, description="Corrected memory errors, since the driver was loaded, to warn of."
    )
    idle_percent: float = Field(
        5, ge=0, le=100, description="A GPU whose highest utilization is at most this is idle."
    )
    idle_memory_percent: float = Field(
        50, ge=0, le=100, description="Memory that a container holds of an idle GPU to be told."
    )
    crowded_percent: float = Field(
        90, ge=0, le=100, description="Memory in use from which on two containers crowd a GPU."
    )
    gone_days: float = Field(
        7, ge=0, le=3650, description="For how many days a GPU that is not there any more is told."
    )
    ignore: tuple[Rule, ...] = Field((), description="Findings not to raise.")
