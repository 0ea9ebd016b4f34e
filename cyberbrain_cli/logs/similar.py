"""Which templates are alike but for a word that varies, such as a name that no mask knows.

Judged from the set of templates alone: in which order their lines came changes nothing.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

ANY = "<*>"
"""Stands for a word that varies."""
_FEW, _SOME, _MANY, _LOTS = 2, 4, 6, 16
_ROUNDS = 3
_LONGEST = 48
_LONGEST_OF_TWO = 16
_FEWEST_WORDS = 2
_COMMON = 3
_MASK = re.compile(r"<(?:[a-z]{1,8}|\*)>…?")
_TOKEN = re.compile(r"[^\s,;=:|\"']+")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ANYTHING = re.compile(r"[\[({<]*(?:\w{0,40}[{(\[])?<\*>[\])}>.]*")
_CONSTANT = re.compile(r"\.[A-Z][A-Z_]+$")
_JOINT = re.compile(r"[\w)][./@\\][\w(<]")
_CAMEL = re.compile(r"[A-Z]?[a-z]+[A-Z]")
_TELLING_ENDS = (
    "ed", "ing", "able", "ive", "ful", "less", "tion", "ment", "ness", "Exception", "Error",
)  # fmt: skip
_TELLING = frozenset(
    ("on", "off", "up", "down", "ok", "yes", "no", "true", "false", "start", "stop", "open",
     "close", "begin", "end", "success", "fail", "failure", "error", "ready", "idle", "busy",
     "done", "read", "write", "get", "put", "post", "delete", "create", "update", "add",
     "remove", "in", "out", "not", "is", "was", "old", "new", "first", "last", "low", "high",
     "left", "right", "before", "after")
)  # fmt: skip
_NOTHING = frozenset(("null", "none", "nil", "-", "(null)", "n/a", "undefined", "NULL", "None"))
_PREPOSITIONS = frozenset(
    ("for", "from", "by", "to", "user", "of", "on", "at", "with", "host", "as")
)
_HASH = (1 << 61) - 1
_Places = tuple[int, ...]


@dataclass(slots=True)
class _Family:
    """Templates that are one: their words, where those that differ are ANY."""

    words: tuple[str, ...]
    members: list[int]


def families(templates: Sequence[str]) -> list[list[int]]:
    """The templates, by index, in groups of those that are alike but for what varies."""
    found = [
        _Family(tuple(_TOKEN.findall(_MASK.sub(ANY, text))), [index])
        for index, text in enumerate(templates)
    ]
    for _ in range(_ROUNDS):
        before = len(found)
        found = _merged(found)
        if len(found) == before:
            break
    return [family.members for family in found]


def joined(templates: Iterable[str]) -> str:
    """The template of a group, with ANY where its members differ."""
    ordered = sorted(templates)
    text = ordered[0]
    columns = zip(*(_TOKEN.findall(other) for other in ordered), strict=True)
    for match, column in reversed(list(zip(_TOKEN.finditer(text), columns, strict=True))):
        if len(set(column)) > 1:
            text = f"{text[: match.start()]}{ANY}{text[match.end() :]}"
    return text


def shared(one: str, other: str) -> str:
    """What stands for two templates of one kind of line, whichever of them came first."""
    alike = len(_TOKEN.findall(one)) == len(_TOKEN.findall(other))
    return joined((one, other)) if alike else max(one, other)


def varied(template: str) -> Iterator[str]:
    """The template with each of its words, in turn, replaced by ANY."""
    for match in list(_TOKEN.finditer(template))[:_LONGEST]:
        yield f"{template[: match.start()]}{ANY}{template[match.end() :]}"


def _merged(families: list[_Family]) -> list[_Family]:
    """One round: those that differ by what varies become one."""
    parents = list(range(len(families)))

    def root(index: int) -> int:
        while parents[index] != index:
            parents[index] = parents[parents[index]]
            index = parents[index]
        return index

    for places, indexes in _alike_but_for(families):
        group = [families[index].words for index in indexes]
        if all(_varies(group, place, len(places)) for place in places):
            roots = {root(index) for index in indexes}
            for other in roots:
                parents[other] = min(roots)
    groups: dict[int, list[_Family]] = defaultdict(list)
    for index, family in enumerate(families):
        groups[root(index)].append(family)
    return [_union(group) for group in groups.values()]


def _union(group: list[_Family]) -> _Family:
    columns = zip(*(family.words for family in group), strict=True)
    words = tuple(column[0] if len(set(column)) == 1 else ANY for column in columns)
    return _Family(words, sorted(index for family in group for index in family.members))


def _alike_but_for(families: list[_Family]) -> Iterator[tuple[_Places, list[int]]]:
    """Families of the same words but for one place, or for two."""
    alike: dict[tuple[int, _Places, int], list[int]] = defaultdict(list)
    for index, family in enumerate(families):
        size = len(family.words)
        if not _FEWEST_WORDS < size <= _LONGEST or "⏎" in family.words:
            continue
        hashes = [hash((place, word)) for place, word in enumerate(family.words)]
        whole = sum(hashes)
        for place, own in enumerate(hashes):
            alike[size, (place,), (whole - own) % _HASH].append(index)
            for after in range(place + 1, size if size <= _LONGEST_OF_TWO else 0):
                rest = (whole - own - hashes[after]) % _HASH
                alike[size, (place, after), rest].append(index)
    for (_, places, _), indexes in alike.items():
        if len(indexes) >= (_FEW if len(places) == 1 else _MANY):
            yield places, indexes


def _varies(group: list[tuple[str, ...]], place: int, places: int) -> bool:
    """Whether what stands at this place is a variable, and not a word that tells."""
    like = group[0]
    told = sum(1 for at, word in enumerate(like) if at != place and _LETTERS.search(word))
    if told < _FEWEST_WORDS + places - 1:
        return False
    values = {words[place] for words in group}
    words = [value for value in values if not _ANYTHING.fullmatch(value)]
    if len(words) < len(values) and places == 1:
        return place > 0 or len(values) > _SOME
    return len(words) >= _least(words, like[place - 1] if place else "")


def _least(words: list[str], before: str) -> int:
    """How many different words must stand at a place for it to be a variable."""
    if before and all(ANY in word for word in words) and len({w[:_COMMON] for w in words}) == 1:
        return _FEW
    if before and all(_is_address(word) or word in _NOTHING for word in words):
        return _FEW
    if not before or 2 * sum(map(_tells, words)) >= len(words):
        return _LOTS
    return _SOME if before.lower() in _PREPOSITIONS else _MANY


def _is_address(word: str) -> bool:
    """Whether a word looks like the name of a thing: with dots, slashes or masks in brackets."""
    if ANY in word and (word.count(ANY) > 1 or "{" in word or "(" in word):
        return True
    joint = _JOINT.search(word)
    return (
        joint is not None
        and not any(map(str.isupper, word[: joint.start()]))
        and (_CONSTANT.search(word) is None)
    )


def _tells(word: str) -> bool:
    """Whether a word looks like one that says what happened."""
    bare = word.strip(".!)]([")
    if bare.endswith(_TELLING_ENDS) or bare[-2:].isupper():
        return True
    return bare.lower() in _TELLING or _CAMEL.match(bare) is not None
