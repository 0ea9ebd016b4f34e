"""Directives: what to do, as a person writes it in YAML."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cyberbrain_cli.core.findings import Severity

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")]
Label = Annotated[str, Field(max_length=256)]


class OnBudget(StrEnum):
    """What a run does when its budget is spent."""

    DEGRADE = "degrade"
    FAIL = "fail"


class Strict(BaseModel):
    """Unknown keys are refused, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PeriodBudget(Strict):
    """Limits of a calendar day or month (UTC). Unset means no limit."""

    tokens: int | None = Field(None, ge=0, description="Prompt and completion tokens of all runs.")
    amount: Decimal | None = Field(
        None, ge=0, description="Money for all runs, in the prices' currency; each for itself."
    )


class Budget(Strict):
    """Limits of one run, and of all runs together. Unset means no limit."""

    tokens: int | None = Field(None, ge=0, description="Prompt and completion tokens of one run.")
    amount: Decimal | None = Field(
        None, ge=0, description="Money for one run, in the prices' currency."
    )
    on_budget: OnBudget = Field(
        OnBudget.DEGRADE,
        description="degrade: go on without the model; fail: end with exit code 7.",
    )
    day: PeriodBudget = Field(
        default_factory=PeriodBudget, description="Limits of a calendar day (UTC)."
    )
    month: PeriodBudget = Field(
        default_factory=PeriodBudget, description="Limits of a calendar month (UTC)."
    )


class DirectiveLlm(Strict):
    """How this directive uses the model."""

    use: Literal["optional", "required", "off"] = Field(
        "optional",
        description="required: exit code 4 without a model; optional: rules alone; off: no model.",
    )
    endpoint: str | None = Field(None, description="A name from llm.endpoints; else llm.endpoint.")
    model: str | None = Field(None, description="The model to ask for; else the endpoint's own.")


class ContainerSelection(Strict):
    """Which of the allowlisted containers; all of them when nothing is said.

    A container is selected when it matches any of `names` and all of the other conditions.
    """

    names: list[str] = Field(
        default_factory=list, description="Exact names, or globs such as shop-*."
    )
    labels: dict[str, str] = Field(default_factory=dict, description="Labels it must carry.")
    compose_project: str | None = Field(None, description="Compose project it belongs to.")
    compose_service: str | None = Field(None, description="Compose service it is.")


class TaskSpec(BaseModel):
    """One task of a directive. Keys that are not listed here are the task's own options."""

    model_config = ConfigDict(extra="allow", frozen=True)

    task: str = Field(description="The kind of work, such as log_triage.")
    id: Name | None = Field(None, description="The job's key; the task's name unless given.")
    needs: list[str] = Field(
        default_factory=list, description="Keys of jobs that must succeed first."
    )
    timeout_seconds: float | None = Field(
        None, gt=0, description="The job fails when it takes longer."
    )
    on_failure: Literal["stop", "continue"] = Field(
        "stop", description="stop: jobs that have not started are cancelled; continue: they run."
    )

    @property
    def key(self) -> str:
        """The job's key within the run."""
        return self.id or self.task

    @property
    def options(self) -> dict[str, Any]:
        """The task's own options."""
        return dict(self.model_extra or {})


class DirectiveNotify(Strict):
    """Whom to tell of a run. Where they are is in the configuration, under `notify.targets`."""

    targets: list[Name] = Field(min_length=1, description="Names from notify.targets.")
    when: Literal["always", "findings", "failure"] = Field(
        "findings",
        description="always; findings: there are some, or it failed; failure: it did not succeed.",
    )


class Directive(Strict):
    """A named, versioned list of tasks."""

    name: Name
    version: int = Field(1, ge=1)
    description: str = ""
    labels: dict[str, Label] = Field(default_factory=dict)
    tasks: list[TaskSpec] = Field(min_length=1)
    llm: DirectiveLlm = DirectiveLlm()
    budget: Budget = Budget()
    notify: DirectiveNotify | None = Field(None, description="Whom to tell of a run.")
    ping: Name | None = Field(
        None, description="A name from notify.pings: it hears of start, success and failure."
    )
    fail_on: Severity | None = Field(
        None, description="Exit code 3 when there is a finding of at least this severity."
    )

    @model_validator(mode="after")
    def _keys_are_unique_and_needed_ones_exist(self) -> Self:
        keys = [task.key for task in self.tasks]
        for key in sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"two tasks have the key '{key}'; give one of them an id")
        for task in self.tasks:
            for need in task.needs:
                if need not in keys:
                    raise ValueError(
                        f"task '{task.key}' needs '{need}', which is not in this directive"
                    )
        return self
