"""Where the values of a TOML document stand.

`tomllib` tells no positions. This scan reads the same text once more, only far enough to follow keys, tables, arrays
and the ends of strings, and notes the place of each value under the path by which the parsed document is walked:
`("project", "dependencies", 3)`. Values come from the parser alone; where a path has no place, the closest one above it
is used, so a slip of the scan can misplace an extent but never change a fact.
"""

from __future__ import annotations

import bisect
import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from aiaudit.patterns import regex
from aiaudit.span import Extent

Path = tuple[str | int, ...]

_TOKEN = regex(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*)|(?P<newline>\n)
    |(?P<string>\"{3}(?:\\.|[^\\])*?\"{3,5}|'{3}.*?'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')
    |(?P<mark>[\[\]{}=,])|(?P<bare>[^\s\[\]{}=,"'\#]+)|(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_START = Extent(1, 1, 1, 1)


def load(text: str) -> tuple[dict[str, Any], str, int]:
    """The parsed document, or the parser's complaint and its line."""
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib  # type: ignore[import-not-found,no-redef]
    try:
        return tomllib.loads(text), "", 0
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        line = re.search(r"at line (\d+)", str(error))
        return {}, str(error) or type(error).__name__, int(line[1]) if line else 1


class Places:
    """The places of a document's values."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._places: dict[Path, tuple[int, int]] = {}
        self._tokens = [
            (match.lastgroup or "", match.group(), match.start(), match.end())
            for match in _TOKEN.finditer(text)
            if match.lastgroup != "skip"
        ]
        self._position = 0
        self._counts: dict[Path, int] = defaultdict(int)
        self._document()

    def at(self, path: Path) -> Extent:
        """The place of a value, or of what holds it."""
        while path:
            place = self._places.get(path)
            if place:
                return self._extent(*place)
            path = path[:-1]
        return _START

    def _extent(self, start: int, end: int) -> Extent:
        line = bisect.bisect_right(self._starts, start)
        last = bisect.bisect_right(self._starts, max(end - 1, start))
        return Extent(line, start - self._starts[line - 1] + 1, last, end - self._starts[last - 1] + 1)

    # The scan

    def _kind(self) -> str:
        return self._tokens[self._position][0] if self._position < len(self._tokens) else "end"

    def _text(self) -> str:
        return self._tokens[self._position][1] if self._position < len(self._tokens) else ""

    def _document(self) -> None:
        table: Path = ()
        while self._kind() != "end":
            if self._kind() == "newline":
                self._position += 1
            elif self._text() == "[":
                table = self._header()
            elif self._kind() in ("bare", "string"):
                self._pair(table)
            else:
                self._position += 1

    def _header(self) -> Path:
        start = self._tokens[self._position][2]
        depth = 0
        while self._text() == "[":
            depth += 1
            self._position += 1
        path = self._indexed(self._key())
        if depth == 2:
            path = (*path, self._counts[path])
            self._counts[path[:-1]] += 1
        end = start
        while self._text() == "]":
            end = self._tokens[self._position][3]
            self._position += 1
        self._places.setdefault(path, (start, end))
        return path

    def _indexed(self, names: Path) -> Path:
        """A header below an array of tables speaks of the array's last table."""
        path: Path = ()
        for number, name in enumerate(names):
            path = (*path, name)
            if number < len(names) - 1 and self._counts[path]:
                path = (*path, self._counts[path] - 1)
        return path

    def _key(self) -> Path:
        names: list[str] = []
        while self._kind() in ("bare", "string"):
            text = self._text()
            if self._kind() == "string":
                names.append(text[1:-1])
            else:
                names.extend(part for part in text.split(".") if part)
            self._position += 1
        return tuple(names)

    def _pair(self, table: Path) -> None:
        start = self._tokens[self._position][2]
        path = (*table, *self._key())
        if self._text() != "=":
            return
        self._position += 1
        self._places.setdefault(path, (start, self._value(path)))

    def _value(self, path: Path) -> int:
        """Walk over a value; note its items' places; give its end."""
        text = self._text()
        if text == "[":
            return self._items(path)
        if text == "{":
            return self._table(path)
        _, _, start, end = self._tokens[self._position] if self._kind() != "end" else ("", "", 0, 0)
        while self._kind() in ("bare", "string"):
            end = self._tokens[self._position][3]
            self._position += 1
        if path and isinstance(path[-1], int):
            self._places[path] = (start, end)
        return end

    def _items(self, path: Path) -> int:
        self._position += 1
        number = 0
        while self._kind() != "end" and self._text() != "]":
            if self._kind() == "newline" or self._text() == ",":
                self._position += 1
                continue
            before, start = self._position, self._tokens[self._position][2]
            end = self._value((*path, number))
            self._places[(*path, number)] = (start, end)
            self._position += self._position == before
            number += 1
        return self._close()

    def _table(self, path: Path) -> int:
        self._position += 1
        while self._kind() != "end" and self._text() != "}":
            if self._kind() in ("bare", "string"):
                self._pair(path)
            else:
                self._position += 1
        return self._close()

    def _close(self) -> int:
        end = self._tokens[min(self._position, len(self._tokens) - 1)][3]
        self._position += 1
        return end


def table(value: Any, *names: str) -> Mapping[str, Any]:
    """The table below these names, empty where there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def strings(value: Any) -> list[tuple[int, str]]:
    """The strings of an array with their positions."""
    items = value if isinstance(value, list) else []
    return [(number, item) for number, item in enumerate(items) if isinstance(item, str)]
