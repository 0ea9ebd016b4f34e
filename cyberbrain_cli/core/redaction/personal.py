"""E-mail addresses and payment card numbers."""

from __future__ import annotations

import re

from cyberbrain_cli.core.redaction.placeholders import placeholder

_EMAIL = placeholder("email")
_CARD = placeholder("card")
_AT = re.compile(
    r"(?:@|%40)((?:[^\W_](?:[\w-]{0,62})\.){1,8}((?:[^\W\d_]|-){2,24}))(?![\w@-])", re.UNICODE
)
_NOT_DOMAINS = frozenset({
    "service", "socket", "target", "timer", "slice", "mount", "scope", "path", "swap",
    "automount", "sock", "so", "js", "ts", "py", "go", "rs", "java", "sum", "mod", "lock",
    "conf", "json", "yaml", "yml", "log",
})  # fmt: skip
_VERSION = re.compile(r"v?\d{1,9}\.\d")


def redact_emails(text: str) -> str:
    """The text without e-mail addresses; systemd units and package versions are none."""
    if "@" not in text and "%40" not in text:
        return text
    parts: list[str] = []
    done = 0
    for match in _AT.finditer(text):
        start = _start_of_local(text, max(done, match.start() - 80), match.start())
        if start == match.start() or not _is_domain(match) or text[start : match.start()] == "git":
            continue
        parts += [text[done:start], _EMAIL]
        done = match.end()
    parts.append(text[done:])
    return "".join(parts)


def _start_of_local(text: str, earliest: int, at: int) -> int:
    local = re.search(r"(?:[\w.+\-!#$&*?^{|}~]|%2[bB])*+\Z", text[earliest:at])
    if local is None:
        return at
    start = earliest + local.start()
    while text[start : start + 1] == "n" and text[start - 1 : start] == "\\" and start + 1 < at:
        start += 1
    return start


def _is_domain(match: re.Match[str]) -> bool:
    domain, last = match.group(1), match.group(2).lower()
    return last not in _NOT_DOMAINS and not _VERSION.match(domain)


_DIGITS = re.compile(
    r"(?:(?<![\w.+-])|(?<=\\[nrt])|(?<=%[0-9A-Fa-f]{2}))"
    r"(?:\d{13,19}|\d{4}(?:[ -]\d{4}){3}(?:[ -]\d{1,3})?|\d{4}[ -]\d{6}[ -]\d{4,5})(?![\w+-]|\.\d)"
)
_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    (340000, 349999, frozenset({15})),
    (370000, 379999, frozenset({15})),
    (300000, 305999, frozenset({14})),
    (360000, 369999, frozenset({14, 16})),
    (380000, 399999, frozenset({14, 16})),
    (352800, 358999, frozenset({16})),
    (400000, 499999, frozenset({16, 19})),
    (510000, 559999, frozenset({16})),
    (222100, 272099, frozenset({16})),
    (601100, 601199, frozenset({16, 19})),
    (644000, 659999, frozenset({16, 19})),
    (620000, 629999, frozenset({16, 17, 18, 19})),
    (500000, 509999, frozenset({16})),
    (560000, 589999, frozenset({16})),
    (630000, 639999, frozenset({16})),
)


def redact_cards(text: str) -> str:
    """The text without numbers that a card of a known issuer could have."""
    return _DIGITS.sub(_card, text)


def _card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return _CARD if _has_issuer(digits) and _passes_luhn(digits) else match.group()


def _has_issuer(digits: str) -> bool:
    prefix = int(digits[:6])
    return any(low <= prefix <= high and len(digits) in sizes for low, high, sizes in _ISSUERS)


def _passes_luhn(digits: str) -> bool:
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(n // 10 + n % 10 for n in doubled)) % 10 == 0
