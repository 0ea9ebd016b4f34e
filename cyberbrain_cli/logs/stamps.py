"""Timestamps of all kinds, as regular expressions to be used with re.VERBOSE."""

from __future__ import annotations

MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?"
_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,:]\d{1,9})?"
_ZONE = r"(?:\ ?(?:Z|UTC|GMT|[A-Z]{2,4}T)\b|\ ?[+-]\d\d:?\d\d)?"
_OF_DAY = r"\d\d?[:.]\d\d(?:[:.]\d\d(?:[.,:]\d{1,9})?)?"
DATED = rf"""
    \d{{4}}[-/.]\d\d?[-/.]\d\d?(?:(?:[T:_-]|,?\ {{1,2}}){_OF_DAY})?{_ZONE}
  | \d{{8}}[-_T\ ]\d\d:?\d\d:?\d\d(?:[.,:]\d{{1,9}})?{_ZONE}
  | \d{{1,2}}/{MONTH}/\d{{4}}(?::|\ ){_CLOCK}{_ZONE}
  | \d{{1,2}}[-/.]\d\d(?:[-/.]\d{{2,4}})?,?\ {_CLOCK}{_ZONE}
  | (?:{_DAY}\ +)?{MONTH}\ +\d{{1,2}},?(?:\ \d{{4}})?\ {_CLOCK}(?:\ \d{{4}})?{_ZONE}
  | (?:{_DAY}\ +)?\d{{1,2}}[\ -]{MONTH}[\ -]\d{{4}}\ {_CLOCK}{_ZONE}
"""
"""A date, most with the time of day."""
TIME = rf"""{DATED}
  | {_CLOCK}{_ZONE}
"""
"""A date or a time of day."""
