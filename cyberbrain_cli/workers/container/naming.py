"""What outputs are called as artifacts: one flat folder, names of the program's own choice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from mimetypes import guess_type

from cyberbrain_cli.core.records import OutputFile

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80


def artifact_names(
    files: Iterable[OutputFile], redact: Callable[[str], str]
) -> list[tuple[str, OutputFile]]:
    """Each file with a name that no other artifact of the job has."""
    taken: set[str] = set()
    named = []
    for file in files:
        plain = _UNSAFE.sub("_", redact(file.path).replace("/", "__"))
        stem, dot, ending = plain[-_LONGEST:].rpartition(".")
        name, number = f"output-{plain[-_LONGEST:]}", 1
        while name.lower() in taken:
            number += 1
            name = f"output-{stem or ending}-{number}{dot}{ending if stem else ''}"
        taken.add(name.lower())
        named.append((name, file))
    return named


def media_type(name: str, *, text: bool) -> str:
    """What a file holds, as its name says and as far as its content agrees."""
    guessed = guess_type(name, strict=True)[0]
    if text:
        return guessed or "text/plain"
    binary = guessed and not guessed.startswith("text/")
    return guessed if guessed and binary else "application/octet-stream"
