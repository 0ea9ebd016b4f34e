"""Variables that a directive passes on from whoever launches it: `${NAME}`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from cyberbrain_cli.core.errors import UsageError

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHORTEST_LINE = 8
HIDDEN = "[redacted:env]"
"""What stands in the plan and the records in place of a value."""


def resolve(given: Mapping[str, str], callers: Mapping[str, str]) -> dict[str, str]:
    """The values with every `${NAME}` replaced by the caller's variable.

    Raises UsageError, naming those that are not set.
    """
    missing = sorted(set(_names(given.values())) - callers.keys())
    if missing:
        raise UsageError(
            f"Not set in the environment: {', '.join(missing)}.",
            "Set them, or change `env` in the directive.",
        )
    return {
        name: _REFERENCE.sub(lambda found: callers[found[1]], text) for name, text in given.items()
    }


def secrets_of(given: Mapping[str, str], callers: Mapping[str, str]) -> Iterator[str]:
    """Every value whole and, of one with several lines, line by line. Raises UsageError."""
    whole = resolve(given, callers).values()
    for value in (*whole, *(callers[name] for name in _names(given.values()))):
        yield value
        lines = (line.strip() for line in value.splitlines())
        yield from (line for line in lines if len(line) >= _SHORTEST_LINE)


def shown(given: Mapping[str, str]) -> dict[str, str]:
    """The names with what may be shown of them: a reference as it is, and no value."""
    return {name: text if _REFERENCE.fullmatch(text) else HIDDEN for name, text in given.items()}


def _names(texts: Collection[str]) -> Iterator[str]:
    for text in texts:
        yield from _REFERENCE.findall(text)
