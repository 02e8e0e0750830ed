"""YAML with places: every document of a file as nodes that know where they stand.

Read from libyaml's events. Tags stay as written, anchors are resolved up to a bound, merges are kept as entries and
resolved on look-up. A file that cannot be read to its end still gives the documents before the error, and the error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiaudit.patterns import regex
from aiaudit.span import Extent
from aiaudit.values import dataclass

VERSION = 1

SCALAR, MAPPING, SEQUENCE = "scalar", "mapping", "sequence"
_DEEPEST = 80
_MOST_NODES = 200_000
_TEMPLATE = regex(r"(?<!\$)\{\{|\{%")
_ALWAYS_LINE_BREAKS = str.maketrans({"\x85": " ", "\u2028": " ", "\u2029": " ", "\x0c": " "})
_UNREADABLE = regex("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, mapping or sequence. `style` is "" for a plain scalar, else `'`, `"`, `|` or `>`; `tag` as written.

    The extent of a block mapping or sequence ends where its last entry ends. `size` counts the nodes below, aliases
    followed.
    """

    kind: str
    extent: Extent
    value: str = ""
    style: str = ""
    tag: str = ""
    anchor: str = ""
    entries: tuple[tuple[Node, Node], ...] = ()
    items: tuple[Node, ...] = ()
    size: int = 1

    @property
    def is_null(self) -> bool:
        """Whether the value is left out, `~` or `null`."""
        return self.kind == SCALAR and not self.style and self.value in ("", "~", "null", "Null", "NULL")

    def pairs(self) -> Iterator[tuple[Node, Node]]:
        """The entries with merges resolved: own keys first, then those of `<<` that are not set here."""
        seen: set[str] = set()
        merged: list[Node] = []
        for key, value in self.entries:
            if key.value == "<<" and not key.style:
                merged.extend(value.items if value.kind == SEQUENCE else (value,))
                continue
            seen.add(key.value)
            yield key, value
        for other in merged:
            for key, value in other.pairs():
                if key.value not in seen:
                    seen.add(key.value)
                    yield key, value

    def entry(self, *names: str) -> tuple[Node, Node] | None:
        """Key and value at a path of keys."""
        node, found = self, None
        for name in names:
            found = next((pair for pair in node.pairs() if pair[0].value == name), None)
            if found is None:
                return None
            node = found[1]
        return found

    def get(self, *names: str) -> Node | None:
        """The value at a path of keys."""
        found = self.entry(*names)
        return found[1] if found else None

    def text(self, *names: str) -> str:
        """The scalar at a path of keys, "" when there is none."""
        node = self.get(*names) if names else self
        return node.value if node is not None and node.kind == SCALAR else ""


@dataclass(frozen=True, slots=True)
class YamlProblem:
    """Why the file, or part of it, could not be read."""

    message: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class YamlFacts:
    """All documents of a file. `templated` tells that it is the template of a YAML file (Helm, Jinja)."""

    documents: tuple[Node, ...] = ()
    problems: tuple[YamlProblem, ...] = ()
    templated: bool = False


def extract(text: str) -> YamlFacts:
    """Read a YAML (or JSON) text."""
    templated = bool(_TEMPLATE.search(text))
    try:
        documents, problem = _Reader(text).read()
    except RecursionError:
        documents, problem = (), YamlProblem("nested too deeply", Extent(1, 1, 1, 1))
    if problem is not None and templated:
        problem = YamlProblem(f"a template, not YAML: {problem.message}", problem.extent)
    return YamlFacts(documents, (problem,) if problem else (), templated)


class _TooMuch(Exception):
    """A bound was passed; the reading stops."""


class _Reader:
    """Turns libyaml's events into nodes."""

    def __init__(self, text: str) -> None:
        readable = text.removeprefix("\ufeff").translate(_ALWAYS_LINE_BREAKS)
        self._text = _UNREADABLE.sub(" ", readable)
        self._anchors: dict[str, Node] = {}
        self._line = 1
        self._count = 0

    def read(self) -> tuple[tuple[Node, ...], YamlProblem | None]:
        import yaml

        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        documents: list[Node] = []
        try:
            events = yaml.parse(self._text, Loader=loader)
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    self._anchors = {}
                    documents.append(self._node(next(events), events, 0))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else self._line
            column = mark.column + 1 if mark else 1
            message = error.problem or error.context or "not YAML"
            return tuple(documents), YamlProblem(str(message), Extent(line, column, line, column))
        except (yaml.YAMLError, _TooMuch, StopIteration, UnicodeError) as error:
            message = str(error).partition("\n")[0] or "not YAML"
            return tuple(documents), YamlProblem(message, Extent(self._line, 1, self._line, 1))
        return tuple(documents), None

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        self._count += 1
        self._line = event.start_mark.line + 1
        if depth > _DEEPEST:
            raise _TooMuch(f"nested more than {_DEEPEST} levels deep")
        kind = type(event).__name__
        if kind == "AliasEvent":
            return self._alias(event)
        if kind == "ScalarEvent":
            node = self._scalar(event)
        elif kind == "MappingStartEvent":
            node = self._mapping(event, events, depth)
        else:
            node = self._sequence(event, events, depth)
        if node.size > _MOST_NODES or self._count > _MOST_NODES:
            raise _TooMuch(f"more than {_MOST_NODES} nodes once its aliases are followed")
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        target = self._anchors.get(event.anchor)
        if target is None:
            raise _TooMuch(f"alias *{event.anchor} without an anchor")
        return target

    def _scalar(self, event: Any) -> Node:
        extent = _extent(event.start_mark, event.end_mark)
        return Node(SCALAR, extent, event.value, event.style or "", event.tag or "", event.anchor or "")

    def _mapping(self, start: Any, events: Iterator[Any], depth: int) -> Node:
        entries: list[tuple[Node, Node]] = []
        size = 1
        event = next(events)
        while type(event).__name__ != "MappingEndEvent":
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            entries.append((key, value))
            size += key.size + value.size
            event = next(events)
        end = event.end_mark if start.flow_style else None
        extent = _around(start.start_mark, end, entries[-1][1] if entries else None)
        return Node(MAPPING, extent, "", "", start.tag or "", start.anchor or "", tuple(entries), (), size)

    def _sequence(self, start: Any, events: Iterator[Any], depth: int) -> Node:
        items: list[Node] = []
        event = next(events)
        while type(event).__name__ != "SequenceEndEvent":
            items.append(self._node(event, events, depth + 1))
            event = next(events)
        end = event.end_mark if start.flow_style else None
        extent = _around(start.start_mark, end, items[-1] if items else None)
        size = 1 + sum(item.size for item in items)
        return Node(SEQUENCE, extent, "", "", start.tag or "", start.anchor or "", (), tuple(items), size)


def _extent(start: Any, end: Any) -> Extent:
    return Extent(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


def _around(start: Any, end: Any, last: Node | None) -> Extent:
    """From the first mark to the closing bracket, or to the end of the last entry (an alias may stand earlier)."""
    begin = (start.line + 1, start.column + 1)
    if end is not None:
        return Extent(*begin, end.line + 1, end.column + 1)
    close = (last.extent.end_line, last.extent.end_column) if last is not None else begin
    return Extent(*begin, *max(begin, close))
