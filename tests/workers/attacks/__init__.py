"""Log lines written by an enemy, and a log in which they stand around something real."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REAL = b"ERROR could not write to /var/lib/shop/orders.db: No space left on device"
"""What no attack may hide."""
_CALM = b"INFO served request %d in 12 ms"


@dataclass(frozen=True)
class Attack:
    """Some lines of a hostile log."""

    name: str
    lines: tuple[bytes, ...]

    def __str__(self) -> str:
        return self.name.replace(" ", "_")


def word(number: int) -> str:
    """A word of letters alone for each number, so that no mask takes it for one."""
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:05d}")


def log_with(*attacks: Attack) -> list[bytes]:
    """Calm lines, the attacks, the real line, and the attacks once more."""
    lines = [line for attack in attacks for line in attack.lines]
    calm = [_CALM % number for number in range(20)]
    return [*calm, *lines, REAL, *calm[:1], *lines, *calm]


def _attack(entry: dict[str, Any]) -> Attack:
    if "hex" in entry:
        return Attack(entry["name"], (bytes.fromhex(entry["hex"]),))
    piece = entry.get("of", "blah ")
    long = piece * (entry.get("repeat", 0) // len(piece))
    lines = [
        text.replace("{n}", str(number)).replace("{word}", word(number)).replace("{long}", long)
        for number in range(entry.get("times", 1))
        for text in entry["lines"]
    ]
    # A line break within an attack ends a line of the log, as it would in a container's.
    return Attack(entry["name"], tuple(raw for text in lines for raw in text.encode().split(b"\n")))


ATTACKS: tuple[Attack, ...] = tuple(
    _attack(entry) for entry in yaml.safe_load((Path(__file__).parent / "corpus.yaml").read_text())
)
