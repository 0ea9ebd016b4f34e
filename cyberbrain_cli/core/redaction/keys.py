"""Private keys: whole blocks, blocks cut short, and single lines of a block."""

from __future__ import annotations

import re

from cyberbrain_cli.core.redaction.placeholders import placeholder

_KIND = placeholder("private-key")
_EDGE = r"(?:[A-Z0-9]{1,20}\ ){0,4}(?:PRIVATE\ KEY(?:\ BLOCK)?|SECRET\ KEY\ BLOCK)"
_GAP = r"(?:\s|\\{1,8}[nrt]|%0[aAdD]|\+(?=-))"
# Only what looks like a key's body is taken along: a BEGIN without an END hides nothing else.
_BLOCK = re.compile(
    rf"""-----BEGIN\ {_EDGE}-----
    (?:{_GAP}*+(?:
        (?:Proc-Type|DEK-Info|Comment|Version|Key-ID|Hash|Charset):[^\n\\]{{0,200}}+
        | [A-Za-z0-9+/]{{16,}}+={{0,2}}+
        | [A-Za-z0-9+/]{{0,76}}+={{1,2}}+[A-Za-z0-9+/]{{0,8}}+
        | [A-Za-z0-9+/]{{1,75}}+(?={_GAP}{{0,4}}-----END)
    ))*+
    (?:{_GAP}*+-----END\ {_EDGE}-----)?+""",
    re.VERBOSE,
)
_LINE = re.compile(r"(?<![A-Za-z0-9+/=_.-])[A-Za-z0-9+/]{64,76}+={0,2}(?![A-Za-z0-9+/=_.-])")
_START = re.compile(
    r"(?<![A-Za-z0-9+/])(?:MII[A-Za-z0-9+/]{40,}+|b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/]*+)=*+"
)
_LAST = re.compile(
    rf"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{{4,76}}+={{0,2}}+"
    rf"(?=[^\S\n]{{0,8}}\n[^\n]{{0,200}}?-----END\ {_EDGE}-----)",
    re.VERBOSE,
)


def redact_keys(text: str) -> str:
    """The text without private keys."""
    if "-----END" in text and "KEY" in text:
        text = _LAST.sub(_last, text)
    if "-----BEGIN " in text:
        text = _BLOCK.sub(_KIND, text)
    if "MII" in text or "b3BlbnNzaC1rZXktdjE" in text:
        text = _START.sub(_KIND, text)
    return _LINE.sub(_line, text)


def _last(match: re.Match[str]) -> str:
    chunk = match.group()
    mixed = chunk != chunk.lower() and chunk != chunk.upper()
    return _KIND if mixed or chunk.endswith("=") else chunk


def _line(match: re.Match[str]) -> str:
    return _KIND if _looks_random(match.group()) else match.group()


def _looks_random(chunk: str) -> bool:
    """Whether this is base64 of random bytes rather than a hash in hex, a path or a word."""
    upper = sum(character.isupper() for character in chunk)
    digits = sum(character.isdigit() for character in chunk)
    lower = sum(character.islower() for character in chunk)
    return min(upper, lower) >= 10 and digits >= 3 and chunk.count("/") <= 6
