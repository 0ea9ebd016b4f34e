"""What varies in a message, replaced by what kind of thing it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cyberbrain_cli.logs.stamps import FIGURES, NAMED

MASK_VERSION = 2
"""Part of every fingerprint: to change what is masked is to change all fingerprints."""
LONGEST_TEMPLATE = 1000

_TLD = (
    r"(?:com|net|org|edu|gov|mil|int|info|biz|io|dev|app|cloud|local|lan|internal|intranet|home|"
    r"localdomain|svc|de|uk|us|cn|jp|fr|nl|eu|ru|br|in|au|ca|it|es|ch|se|no|kr|tw|hk)"
)
_AMOUNT = r"\d{1,40}+(?:[.,]\d{1,40})*+"
_BYTES = r"\s?(?:[KMGTP]?i?B(?:ps|/s)?|bytes?|[kMG]bps)(?!\w)"
_DURATION = (
    r"(?:[mnuµ]s|s|m|h|d|[mn]?secs?|(?:milli|micro|nano)?seconds?|min(?:ute)?s?|hours?|hrs?|days?|"
    r"weeks?)"
)
_IDENTITIES = (
    "login account email host hostname client server peer addr node pod namespace container image "
    "file path queue topic table tenant session name tag"
)
_IDENTITY = "|".join(rf"(?<=\b{key}=)" for key in _IDENTITIES.split())
_PERSON = "|".join(rf"(?<={word}\ user\ )" for word in ("for", "by", "as", "of", "valid"))
_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
_TELLING_NAME = re.compile(
    r"(?:Exception|Error|Throwable|Warning|Fault|Failure|Timeout|Interrupt|Violation|NotFound)\b"
    r"|\.[A-Z][A-Z_]+$"
)

_TIME = r"(?P<time>(?<![\w.:])(?:{})(?![\w:]))"
_UUID = r"""(?P<uuid>(?<![0-9A-Za-z])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}
    (?![0-9A-Za-z]))"""
_EMAIL = r"(?P<email>(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}(?:\.[\w-]{1,63}){1,6})"
_MAC = r"(?P<mac>(?<![\w:])(?:[0-9a-fA-F]{2}[:-]){5,40}[0-9a-fA-F]{2}(?![\w:]))"
_IP4 = r"""(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?(?::\d{1,5})?(?![\w.]*\d)"""
_IP6 = r"(?<!\w)(?=[a-fA-F:]{0,30}\d)(?:[0-9a-fA-F]{0,4}:){3,7}[0-9a-fA-F]{0,4}(?![\w:])"
_HEX = r"""(?P<hex>(?<![0-9A-Za-z])[01][xX][0-9a-fA-F]+\b
    | \b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{6,}\b | \b(?=\d*[A-F])(?=[A-F]*\d)[0-9A-F]{6,}\b
    | \b[fF]{4,16}\b)"""
_ID = r"""(?P<id>(?<![\w.-])
    (?=[A-Za-z_-]{0,40}\d[\d_-]{0,40}[A-Za-z][A-Za-z_-]{0,40}\d)[\w-]{3,200}+
    | (?<![\w.-])\d{1,40}+[A-Za-z][\w-]{1,200}+)"""
_BLOB = r"""(?P<blob>(?<![\w+/-])(?=[A-Za-z_-]{0,40}\d)(?=[a-z0-9_-]{0,40}[A-Z])
    (?=[A-Z0-9_-]{0,40}[a-z])[A-Za-z0-9_-]{20,}={0,2}(?![\w+/-]))"""
_SIZE = rf"(?P<size>{{0}}{_AMOUNT}{_BYTES}(?:\ \({_AMOUNT}{_BYTES}\))?)"
_LASTING = rf"(?P<duration>{{0}}{_AMOUNT}\s?{_DURATION}(?:\d{{{{1,9}}}}{_DURATION})*+(?!\w))"
_SIGNED_N = r"(?P<n>{0}(?![01][xX][0-9a-fA-F])\d+(?:[.,]\d+)*)"
_N = _SIGNED_N.replace("{0}", "")
_AMOUNTS = [part.replace("{0}", r"(?<![A-Za-z_])") for part in (_SIZE, _LASTING)]
_SIGNED = [
    part.replace("{0}", r"(?:(?<![\w)\]])[-+]|(?<=\s)<)") for part in (_SIZE, _LASTING, _SIGNED_N)
]
_KEEP = r"""(?P<keep>\bHTTP/[\d.]+"?\ \d{3}\b
    | \bexit(?:ed|ing|s)?(?:\ with)?(?:\ (?:status|code))*\s?[=:]?\s?\d{1,3}\b
    | \bstatus(?:_?code)?"?\s?[=:]\s?"?(?:5\d\d|429)\b | \bstatus(?:_?code)?="?\d{3}\b)"""
_URL = r"(?P<url>\b[a-z][a-z0-9+.-]{1,20}://[^\s\"'<>()\[\]{},;|]{1,2000}+)"
_ROOTED = r"""(?P<path>(?<![\w.:/~\\*])~?(?:/[^\s"'`<>()\[\]{},;|=/]{1,200}+)+/?
    | (?<![\w.:/\\])\\\\[^\s"'`<>()\[\]{},;|]{1,400}+)"""
_RELATIVE = r"""(?P<path>(?<![\w.:/\\])[A-Za-z]:\\[^\s"'`<>()\[\]{},;|]{1,400}+
    | (?<![\w.:/~\\-])[\w.@-]{1,80}+(?:/[\w.@%+-]{1,80}+){2,40}+/?)"""
_HOST = rf"""(?P<host>(?<![\w.$/@-])[A-Za-z0-9_][\w-]{{0,62}}(?:\.[\w-]{{1,62}}){{0,6}}\.{_TLD}
    (?::\d{{1,5}})?(?![\w-]|\.\w|\())"""
_NAME = r"""(?P<name>(?<![\w.$/@-])[A-Za-z_][\w-]{0,80}+(?:\.[\w$-]{1,80}+){2,20}+
    (?:/[\w.$-]{1,120}+|:\d{1,5})?(?![\w(]))"""
_USER = rf"(?P<user>(?:{_PERSON})[^\s\"'<>,;:()\[\]]{{1,64}})"
_VALUE = rf"""=(?:{_IDENTITY})
    (?P<value>"[^"]{{0,80}}"|'[^']{{0,80}}'|[^\s"'<>,;()\[\]{{}}]{{1,200}}+)"""
_QUOTED = r"""(?P<text>(?<![\w'])'(?=[^'\s]{0,80}[a-z0-9])[^'\s]{1,80}'(?![\w:]|\s:)
    |(?<![\w"])"(?=[^"\s]{0,80}[a-z0-9])[^"\s]{1,80}"(?![\w:]|\s:)
    |\\(?:042|"|')[^\s\\]{1,200}+\\(?:042|"|'))"""


@dataclass(frozen=True, slots=True)
class _Masks:
    """What may begin with a letter, with a figure and with a sign."""

    letter: re.Pattern[str]
    figure: re.Pattern[str]
    sign: re.Pattern[str]


def _any_of(*branches: str) -> re.Pattern[str]:
    return re.compile("|".join(branches), re.VERBOSE)


_DATE, _FIGURES = _TIME.format(NAMED), _TIME.format(FIGURES)
_IP = f"(?P<ip>{_IP4}|{_IP6})"
_LETTER_IP = f"(?P<ip>{_IP6})"
_SIGN_IP = rf"(?P<ip>{_IP6}|\[[0-9a-fA-F:]*::[0-9a-fA-F:]*\](?::\d{{1,5}})?)"
_ALL = _Masks(
    _any_of(
        _KEEP, _DATE, _USER, _UUID, _URL, _EMAIL, _MAC, _LETTER_IP, _RELATIVE, _HOST, _NAME, _HEX,
        _ID, _BLOB,
    ),
    _any_of(
        _USER, _FIGURES, _UUID, _EMAIL, _MAC, _IP, _RELATIVE, _HOST, _HEX, *_AMOUNTS, _ID,
        _BLOB, _N,
    ),
    _any_of(_SIGN_IP, _ROOTED, _VALUE, _QUOTED, *_SIGNED),
)  # fmt: skip
_EXACT = _Masks(
    _any_of(_KEEP, _DATE, _UUID, _EMAIL, _MAC, _LETTER_IP, _HEX, _ID, _BLOB),
    _any_of(_FIGURES, _UUID, _EMAIL, _MAC, _IP, _HEX, *_AMOUNTS, _ID, _BLOB, _N),
    _any_of(_SIGN_IP, *_SIGNED),
)
_PLAIN = re.compile(
    rf"""
    (?: (?!exit|status|HTTP|[fF]{{4}}|(?:{_MONTHS}|Mon|Tue|Wed|Thu|Fri|Sat|Sun))
        (?<!\buser\ )[A-Za-z]{{1,60}}+(?![\w@\\]|[./$+-]\w|/|:[\da-fA-F:\\/])
      | [\s,;.!?|*&%#@`^(){{}}\]>]++ | [:<\[](?![:\d]) | [+-](?!\d)
    )++""",
    re.VERBOSE,
)
_NEXT = re.compile(r"[^\W\d]+|.", re.DOTALL)
_LISTS = re.compile(r"(<[a-z]+>)(?:,? ?\1){2,}")
_REPEATED = re.compile(r"(?<!\S)(\S{1,80}(?: \S{1,80}){1,4}?)(?:[,;]? \1){2,}+")
_MANY = 8
_MASK = re.compile(r"<[a-z]{1,8}>…?")
_WORD = re.compile(r"[^\W\d_]+(?:[._/$-]+[^\W\d_]+)*|<\*>")


def mask(text: str) -> str:
    """The text with times, addresses, ids, names and numbers masked, such as `took <duration>`."""
    return _tidy("".join(_masked(_ALL, text[: LONGEST_TEMPLATE * 4])))


def mask_numbers(text: str) -> str:
    """The text with times, addresses, ids and numbers masked, but no names of things.

    For what tells exceptions and places in a program apart.
    """
    return _tidy("".join(_masked(_EXACT, text[: LONGEST_TEMPLATE * 4])))


def skeleton(template: str) -> str:
    """The words of a template, and `<*>` for those that vary: what lines of one kind share."""
    words = _WORD.findall(_MASK.sub("", template))
    return " ".join(words) if words else template


def _masked(masks: _Masks, text: str) -> Iterator[str]:
    """The pieces of the text: words of letters alone as they are, what varies masked."""
    place, size = 0, len(text)
    while place < size:
        plain = _PLAIN.match(text, place)
        if plain is not None:
            yield plain.group()
            place = plain.end()
            if place == size:
                return
        first = text[place]
        kind = masks.figure if first.isdigit() else masks.letter if first.isalpha() else masks.sign
        found = kind.match(text, place) or (
            masks.letter.match(text, place) if first == "_" else None
        )
        if found is None:
            step = _NEXT.match(text, place)
            end = step.end() if step is not None else place + 1
            yield text[place:end]
        else:
            yield _replaced(found)
            end = found.end()
        place = end


def _replaced(match: re.Match[str]) -> str:
    kind, found = match.lastgroup or "keep", match.group()
    if kind == "keep" or (kind == "name" and _TELLING_NAME.search(found)):
        return found
    if kind == "text":
        return f"{found[0]}<text>{found[-1]}" if found[0] != "\\" else '"<text>"'
    if kind in ("path", "url"):
        return f"<{kind}>{found[len(found.rstrip('.:')) :]}"
    return f"=<{kind}>" if found[0] == "=" else f"<{kind}>"


def _tidy(masked: str) -> str:
    masked = " ".join(_LISTS.sub(r"\1…", masked).split())
    if masked.count(">") > _MANY:
        masked = _REPEATED.sub(r"\1…", masked)
    return masked[:LONGEST_TEMPLATE]
