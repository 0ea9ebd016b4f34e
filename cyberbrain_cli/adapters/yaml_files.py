"""Reading YAML files written by people: safely, and with the place of every key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from cyberbrain_cli.core.errors import InvalidFile, Problem, UsageError
from cyberbrain_cli.core.source import Location, YamlDocument

MAX_BYTES = 1024 * 1024
MAX_NODES = 100_000

_Node = yaml.nodes.Node


def read(path: Path, what: str = "file") -> YamlDocument:
    """The document in a file. `what` names the kind of file in error messages.

    Raises UsageError when there is no readable file, InvalidFile when it is not one YAML mapping.
    """
    return parse(_content(path), str(path), what)


def parse(content: bytes, name: str, what: str = "file") -> YamlDocument:
    """The document in the content of a file. Raises InvalidFile."""
    try:
        text = content.decode("utf-8-sig")
        node = _compose(text)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(what, name, "the file is not UTF-8 text", line, 1) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _invalid(what, name, f"not YAML: {error.problem or error.context}", *place) from None
    except yaml.YAMLError:
        raise _invalid(what, name, "not YAML: a character that YAML does not allow", 1, 1) from None
    except RecursionError:
        raise _invalid(what, name, "nested too deeply", 1, 1) from None
    if node is None:
        return YamlDocument(name, text, {}, {(): (1, 1)})
    if not isinstance(node, yaml.MappingNode):
        raise _invalid(what, name, "the file should hold keys and values", *_place(node))
    return _document(node, text, name, what)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise UsageError(f"There is no file {path}.", "Check the path.") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a file.") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} is larger than {MAX_BYTES // 1024} KiB.")
    return content


def _compose(text: str) -> _Node | None:
    loader = yaml.SafeLoader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _document(node: yaml.MappingNode, text: str, name: str, what: str) -> YamlDocument:
    places: dict[Location, tuple[int, int]] = {(): (1, 1)}
    problems: list[Problem] = []
    for count, (location, at, problem) in enumerate(_walk(node, (), ())):
        if count >= MAX_NODES:
            raise _invalid(what, name, "the file's aliases unfold to too much", 1, 1)
        if problem:
            problems.append(Problem(problem, ".".join(map(str, location)), *at))
        places.setdefault(location, at)
    if problems:
        raise InvalidFile(what, name, problems)
    try:
        data: dict[str, Any] = yaml.SafeLoader("").construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise _invalid(what, name, f"not plain YAML: {error.problem}", *place) from None
    except ValueError:
        raise _invalid(
            what, name, "a value that cannot be read, such as a wrong date", 1, 1
        ) from None
    return YamlDocument(name, text, data, places)


def _walk(
    node: _Node, location: Location, above: tuple[int, ...]
) -> Iterator[tuple[Location, tuple[int, int], str]]:
    """Every key below a node with its place, and what is wrong with it, if anything."""
    if id(node) in above:
        yield location, _place(node), "an alias that contains itself"
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.tag.endswith(":merge"):
                continue
            if not isinstance(key, yaml.ScalarNode) or not key.tag.endswith(":str"):
                yield location, _place(key), f"'{_name(key)}' cannot be a key; put it in quotes"
                continue
            inner = (*location, key.value)
            twice = f"'{key.value}' is given twice" if key.value in seen else ""
            seen.add(key.value)
            yield inner, _place(key), twice
            yield from _walk(value, inner, (*above, id(node)))
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            inner = (*location, index)
            yield inner, _place(value), ""
            yield from _walk(value, inner, (*above, id(node)))


def _name(node: _Node) -> str:
    return node.value if isinstance(node, yaml.ScalarNode) else "…"


def _place(node: _Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _invalid(what: str, name: str, message: str, line: int, column: int) -> InvalidFile:
    return InvalidFile(what, name, [Problem(message, "", line, column)])
