"""Everything that can go wrong on purpose: a sentence, a hint, and the exit code it leads to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """The program's exit codes, as the README lists them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    FINDINGS = 3
    UNAVAILABLE = 4
    REFUSED = 5
    ALREADY_RUNNING = 6
    BUDGET_SPENT = 7
    BUG = 70
    INTERRUPTED = 130
    TERMINATED = 143


class CyberbrainError(Exception):
    """A failure to be told to a person in one line.

    `message` says what happened and to what, `hint` what to do next. Neither may ever
    quote log text, a prompt or an answer.
    """

    code = "failed"
    exit_code = ExitCode.FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class RunFailed(CyberbrainError):
    """A run or one of its jobs could not do its work."""

    code = "run_failed"


class NotFound(CyberbrainError):
    """What was asked for does not exist."""

    code = "not_found"


class UsageError(CyberbrainError):
    """The command line cannot be acted upon."""

    code = "usage"
    exit_code = ExitCode.USAGE


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file: what is wrong and where (1-based line and column, 0 if unknown)."""

    message: str
    key: str = ""
    line: int = 0
    column: int = 0


class InvalidFile(CyberbrainError):
    """A configuration or directive file with all of its problems at once."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, name: str, problems: list[Problem], hint: str = "") -> None:
        self.code = f"invalid_{what}"
        self.name = name
        self.problems = sorted(problems, key=lambda problem: (problem.line, problem.column))
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        lines = [f"{what} {name}: {count}"]
        lines += [f"  {self._place(problem)}{problem.message}" for problem in self.problems]
        super().__init__("\n".join(lines), hint)

    def _place(self, problem: Problem) -> str:
        return f"{self.name}:{problem.line}:{problem.column}: " if problem.line else ""


class Unavailable(CyberbrainError):
    """Something that is needed cannot be reached or is not ready."""

    code = "unavailable"
    exit_code = ExitCode.UNAVAILABLE


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, or its schema is not the one this program needs."""

    code = "database_unavailable"


class DockerUnavailable(Unavailable):
    """The Docker daemon cannot be reached."""

    code = "docker_unavailable"


class LogsUnreadable(CyberbrainError):
    """The container's log driver does not let its logs be read, or the daemon refused to."""

    code = "logs_unreadable"


class LlmUnavailable(Unavailable):
    """No model answers at the endpoint."""

    code = "llm_unavailable"


class PromptTooLong(LlmUnavailable):
    """The server counts more tokens in a prompt than it may have; the prompt was not sent."""


class PolicyRefused(CyberbrainError):
    """Refused: not on the allowlist, not approved, or outside where it may be."""

    code = "refused"
    exit_code = ExitCode.REFUSED


class AlreadyRunning(CyberbrainError):
    """Another launch of the same directive holds the lock."""

    code = "already_running"
    exit_code = ExitCode.ALREADY_RUNNING


class BudgetSpent(CyberbrainError):
    """The token or money budget leaves no room for another call."""

    code = "budget_spent"
    exit_code = ExitCode.BUDGET_SPENT


class Cancelled(CyberbrainError):
    """The run was asked to stop, by a signal or by `runs cancel`."""

    code = "cancelled"

    def __init__(self, exit_code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__("The run was cancelled.")
        self.exit_code = exit_code


def exit_code_of(code: str) -> ExitCode:
    """The exit code that an error which was recorded with this `code` leads to."""
    kinds = [CyberbrainError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    return next((kind.exit_code for kind in kinds if kind.code == code), ExitCode.FAILED)
