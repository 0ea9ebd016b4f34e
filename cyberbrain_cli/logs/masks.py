"""What varies in a message, replaced by what kind of thing it is."""

from __future__ import annotations

import re

MASK_VERSION = 1
"""Part of every fingerprint: to change what is masked is to change all fingerprints."""
LONGEST_TEMPLATE = 1000

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?"
_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})?"
_ZONE = r"(?:\ ?(?:Z|UTC|GMT|[A-Z]{2,4}T)\b|\ ?[+-]\d\d:?\d\d)?"
TIME = rf"""
    \d{{4}}[-/.]\d\d[-/.]\d\d(?:[T\ ,_-]{{1,2}}\d\d[:.]\d\d(?:[:.]\d\d(?:[.,]\d{{1,9}})?)?)?{_ZONE}
  | \d{{1,2}}/{_MONTH}/\d{{4}}(?::|\ ){_CLOCK}{_ZONE}
  | \d{{1,2}}[-/]\d\d(?:[-/]\d{{2,4}})?\ {_CLOCK}{_ZONE}
  | (?:{_DAY}\ +)?{_MONTH}\ +\d{{1,2}},?(?:\ \d{{4}})?\ {_CLOCK}(?:\ \d{{4}})?{_ZONE}
  | (?:{_DAY}\ +)?\d{{1,2}}[\ -]{_MONTH}[\ -]\d{{4}}\ {_CLOCK}{_ZONE}
  | {_CLOCK}{_ZONE}
"""

_VARYING = re.compile(
    rf"""
    (?P<keep>\bHTTP/[\d.]+"?\ \d{{3}}\b
      | \bexit(?:ed|ing|s)?(?:\ with)?(?:\ (?:status|code))*\s?[=:]?\s?\d{{1,3}}\b
      | \bstatus(?:_?code)?"?\s?[=:]\s?"?\d{{3}}\b)
  | (?P<time>(?<![\w.:])(?:{TIME})(?![\w:]))
  | (?P<uuid>(?<![0-9A-Za-z])[0-9a-fA-F]{{8}}-(?:[0-9a-fA-F]{{4}}-){{3}}[0-9a-fA-F]{{12}}
      (?![0-9A-Za-z]))
  | (?P<email>(?<![\w.+-])[\w.+-]{{1,64}}@[\w-]{{1,63}}(?:\.[\w-]{{1,63}}){{1,6}})
  | (?P<mac>(?<![\w:])(?:[0-9a-fA-F]{{2}}:){{5}}[0-9a-fA-F]{{2}}(?![\w:]))
  | (?P<ip>(?<![\w.])\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?:/\d{{1,2}})?(?::\d{{1,5}})?(?![\w.]*\d)
      | (?<![\w:])(?:[0-9a-fA-F]{{0,4}}:){{3,7}}[0-9a-fA-F]{{0,4}}(?![\w:])
      | \[[0-9a-fA-F:]*::[0-9a-fA-F:]*\](?::\d{{1,5}})?)
  | (?P<hex>(?<![0-9A-Za-z])[01][xX][0-9a-fA-F]+\b
      | \b(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{{8,}}\b | \b(?=\d*[A-F])(?=[A-F]*\d)[0-9A-F]{{8,}}\b)
  | (?P<blob>(?<![\w+/-])(?=[A-Za-z_-]{{0,40}}\d)(?=[a-z0-9_-]{{0,40}}[A-Z])
      (?=[A-Z0-9_-]{{0,40}}[a-z])
      [A-Za-z0-9_-]{{20,}}={{0,2}}(?![\w+/-]))
  | (?P<n>(?:(?<![\w)\]])[-+])?(?![01][xX][0-9a-fA-F])\d+(?:[.,]\d+)*)
    """,
    re.VERBOSE,
)
_LISTS = re.compile(r"(<[a-z]+>)(?:,? ?\1){2,}")


def mask(text: str) -> str:
    """The text with times, addresses, ids and numbers masked, such as `took <n>ms`."""
    masked = _VARYING.sub(_replaced, text[: LONGEST_TEMPLATE * 4])
    masked = _LISTS.sub(r"\1…", masked)
    return " ".join(masked.split())[:LONGEST_TEMPLATE]


def _replaced(match: re.Match[str]) -> str:
    kind = match.lastgroup
    return match.group() if kind == "keep" else f"<{kind}>"
