"""Timestamps of all kinds, as regular expressions to be used with re.VERBOSE."""

from __future__ import annotations

_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?\ {1,2}"
_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})?"
_ZONE = r"(?:\ ?(?:Z|UTC|GMT|[A-Z]{2,4}T)\b|\ ?[+-]\d\d:?\d\d)?"
_OF_DAY = r"\d\d?[:.]\d\d(?:[:.]\d\d(?:[.,:]\d{1,9})?)?"
_DAY_FIRST = rf"\d{{1,2}}[\ -]{_MONTH}[\ -]\d{{4}}\ {_CLOCK}{_ZONE}"
_IN_FIGURES = rf"""
    \d{{4}}[-/.]\d\d?[-/.]\d\d?(?:(?:[T:_-]|,?\ {{1,2}}){_OF_DAY})?{_ZONE}
  | \d{{8}}[-_T\ ]\d\d:?\d\d:?\d\d(?:[.,:]\d{{1,9}})?{_ZONE}
  | \d{{1,2}}/{_MONTH}/\d{{4}}(?::|\ ){_CLOCK}{_ZONE}
  | \d{{1,2}}[-/.]\d\d(?:[-/.]\d{{2,4}})?,?\ {_CLOCK}{_ZONE}
  | {_DAY_FIRST}
"""
NAMED = rf"""
    {_MONTH}\ +\d{{1,2}},?(?:\ \d{{4}})?\ {_CLOCK}(?:\ \d{{4}})?{_ZONE}
  | {_DAY}(?:{_MONTH}\ +\d{{1,2}},?(?:\ \d{{4}})?\ {_CLOCK}(?:\ \d{{4}})?{_ZONE}|{_DAY_FIRST})
"""
"""A date that begins with the name of a month or day."""
FIGURES = rf"""{_IN_FIGURES}
  | {_CLOCK}{_ZONE}
"""
"""A date that begins with a figure, or a time of day."""
DATED = rf"{_IN_FIGURES} | {NAMED}"
"""A date, most with the time of day."""
TIME = rf"{FIGURES} | {NAMED}"
"""A date or a time of day."""
