"""What varies in a message, replaced by what kind of thing it is."""

from __future__ import annotations

import re

from cyberbrain_cli.logs.stamps import TIME

MASK_VERSION = 2
"""Part of every fingerprint: to change what is masked is to change all fingerprints."""
LONGEST_TEMPLATE = 1000

_TLD = (
    r"(?:com|net|org|edu|gov|mil|int|info|biz|io|dev|app|cloud|local|lan|internal|intranet|home|"
    r"localdomain|svc|de|uk|us|cn|jp|fr|nl|eu|ru|br|in|au|ca|it|es|ch|se|no|kr|tw|hk)"
)
_AMOUNT = r"(?:(?<![\w)\]])[-+])?(?:(?<=\s)<)?\d{1,40}+(?:[.,]\d{1,40})*"
_BYTES = r"(?:[KMGTP]?i?B(?:ps|/s)?|bytes?|[kMG]bps)"
_DURATION = (
    r"(?:[mnuµ]s|s|m|h|d|[mn]?secs?|(?:milli|micro|nano)?seconds?|min(?:ute)?s?|hours?|hrs?|days?|"
    r"weeks?)"
)
_IDENTITIES = (
    "login=|account=|email=|host=|hostname=|client=|server=|peer=|addr=|node=|pod=|"
    "namespace=|container=|image=|file=|path=|queue=|topic=|table=|tenant=|session=|name=|tag=|id=|key="
)
_IDENTITY = "|".join(rf"(?<=\b{key})" for key in _IDENTITIES.split("|"))
_PERSON = "|".join(rf"(?<={word}\ user\ )" for word in ("for", "by", "as", "of", "valid"))
_TELLING_NAME = re.compile(
    r"(?:Exception|Error|Throwable|Warning|Fault|Failure|Timeout|Interrupt|Violation|NotFound)\b"
    r"|\.[A-Z][A-Z_]+$"
)

_NUMBERS = rf"""
    (?P<keep>\bHTTP/[\d.]+"?\ \d{{3}}\b
      | \bexit(?:ed|ing|s)?(?:\ with)?(?:\ (?:status|code))*\s?[=:]?\s?\d{{1,3}}\b
      | \bstatus(?:_?code)?"?\s?[=:]\s?"?(?:5\d\d|429)\b
      | \bstatus(?:_?code)?="?\d{{3}}\b)
  | (?P<time>(?<![\w.:])(?:{TIME})(?![\w:]))
  | (?P<uuid>(?<![0-9A-Za-z])[0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}}
      (?![0-9A-Za-z]))
  | (?P<email>(?<![\w.+-])[\w.+-]{{1,64}}+@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,6}})
  | (?P<mac>(?<![\w:])(?:[0-9a-fA-F]{{2}}[:-]){{5}}[0-9a-fA-F]{{2}}(?![\w:]))
  | (?P<ip>(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?:/\d{{1,2}})?(?::\d{{1,5}})?(?![\w.]*\d)
      | (?<![\w:])(?:[0-9a-fA-F]{{0,4}}:){{3,7}}[0-9a-fA-F]{{0,4}}(?![\w:])
      | \[[0-9a-fA-F:]*::[0-9a-fA-F:]*\](?::\d{{1,5}})?)
  | (?P<hex>(?<![0-9A-Za-z])[01][xX][0-9a-fA-F]+\b
      | \b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{{6,}}\b | \b(?=\d*[A-F])(?=[A-F]*\d)[0-9A-F]{{6,}}\b
      | \b[fF]{{4,16}}\b)
"""
_NAMES = rf"""
  | (?P<url>\b[a-z][a-z0-9+.-]{{1,20}}://[^\s"'<>()\[\]{{}},;|]{{1,2000}}+)
  | (?P<path>(?<![\w.:/~\\*])~?(?:/[^\s"'`<>()\[\]{{}},;|=/]{{1,200}}+)+/?
      | (?<![\w.:/~\\-])[\w.@-]{{1,80}}+(?:/[\w.@%+-]{{1,80}}+){{2,40}}+/?
      | (?<![\w.:/\\])(?:[A-Za-z]:|\\)\\[^\s"'`<>()\[\]{{}},;|]{{1,400}}+)
  | (?P<host>(?<![\w.$/@-])[A-Za-z0-9_][\w-]{{0,62}}(?:\.[\w-]{{1,62}}){{0,6}}\.{_TLD}
      (?::\d{{1,5}})?(?![\w-]|\.\w|\())
  | (?P<name>(?<![\w.$/@-])[A-Za-z_][\w-]{{0,80}}+(?:\.[\w$-]{{1,80}}+){{2,20}}+
      (?:/[\w.$-]{{1,120}}+|:\d{{1,5}})?(?![\w(]))
  | (?P<user>(?:{_PERSON})[^\s"'<>,;:()\[\]]{{1,64}}
      | (?:{_IDENTITY})(?:"[^"]{{0,80}}"|'[^']{{0,80}}'|[^\s"'<>,;()\[\]{{}}]{{1,200}}+))
  | (?P<quoted>(?<![\w'])'(?=[^'\s]{{0,80}}[a-z0-9])[^'\s]{{1,80}}'(?![\w:]|\s:)
      |(?<![\w"])"(?=[^"\s]{{0,80}}[a-z0-9])[^"\s]{{1,80}}"(?![\w:]|\s:))
"""
_REST = rf"""
  | (?P<size>{_AMOUNT}\s?{_BYTES}(?![\w])(?:\ \({_AMOUNT}\s?{_BYTES}\))?)
  | (?P<duration>{_AMOUNT}\s?{_DURATION}(?![\w])(?:\d{{1,9}}{_DURATION}(?!\w))*)
  | (?P<id>(?<![\w.-])(?=[A-Za-z_-]{{0,40}}\d[\d_-]{{0,40}}[A-Za-z][A-Za-z_-]{{0,40}}\d)
      [\w-]{{3,200}}+
      | (?<![\w.-])\d{{1,40}}+[A-Za-z][\w-]{{1,200}}+)
  | (?P<blob>(?<![\w+/-])(?=[A-Za-z_-]{{0,40}}\d)(?=[a-z0-9_-]{{0,40}}[A-Z])
      (?=[A-Z0-9_-]{{0,40}}[a-z])
      [A-Za-z0-9_-]{{20,}}={{0,2}}(?![\w+/-]))
  | (?P<n>(?:(?<![\w)\]])[-+])?(?![01][xX][0-9a-fA-F])\d+(?:[.,]\d+)*)
"""
_VARYING = re.compile(_NUMBERS + _NAMES + _REST, re.VERBOSE)
_COUNTING = re.compile(_NUMBERS + _REST, re.VERBOSE)
_LISTS = re.compile(r"(<[a-z]+>)(?:,? ?\1){2,}")
_REPEATED = re.compile(r"(?<!\S)(\S{1,80}(?: \S{1,80}){1,4}?)(?:[,;]? \1){2,}+")
_MANY = 8
_MASK = re.compile(r"<[a-z]{1,8}>…?")
_WORD = re.compile(r"[^\W\d_]+(?:[._/$-]+[^\W\d_]+)*|<\*>")


def mask(text: str) -> str:
    """The text with times, addresses, ids, names and numbers masked, such as `took <duration>`."""
    return _masked(_VARYING, text)


def mask_numbers(text: str) -> str:
    """The text with times, addresses, ids and numbers masked, but no names of things.

    For what tells exceptions and places in a program apart.
    """
    return _masked(_COUNTING, text)


def skeleton(template: str) -> str:
    """The words of a template, and `<*>` for those that vary: what lines of one kind share."""
    words = _WORD.findall(_MASK.sub("", template))
    return " ".join(words) if words else template


def _masked(varying: re.Pattern[str], text: str) -> str:
    masked = varying.sub(_replaced, text[: LONGEST_TEMPLATE * 4])
    masked = _LISTS.sub(r"\1…", masked)
    masked = " ".join(masked.split())
    if masked.count(">") > _MANY:
        masked = _REPEATED.sub(r"\1…", masked)
    return masked[:LONGEST_TEMPLATE]


def _replaced(match: re.Match[str]) -> str:
    kind, found = match.lastgroup, match.group()
    if kind == "keep" or (kind == "name" and _TELLING_NAME.search(found)):
        return found
    return f"{found[0]}<text>{found[-1]}" if kind == "quoted" else f"<{kind}>"
