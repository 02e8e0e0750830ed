"""What BuildKit tells while it builds: JSON (`--progress=rawjson`) or plain text, as vertices of its graph."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from aiaudit.patterns import regex

_LINE = regex(r"#(?P<number>\d+) (?P<rest>.*)")
_DONE = regex(r"DONE (\d+(?:\.\d+)?)s")
_OUTPUT = regex(r"\d+\.\d+ (.*)")
_DIGEST = regex(r"sha256:[0-9a-f]{64}")
_PREFIX = regex(r"\[[^\]]*\] (.*)")
_MOST_OUTPUT = 400


class Vertex:
    """One step of the graph: what it is called, whether it came from the cache, is done or failed, what it printed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.cached = False
        self.is_done = False
        self.seconds = 0.0
        self.error = ""
        self.output: list[str] = []

    @property
    def text(self) -> str:
        """The name without the stage."""
        match = _PREFIX.fullmatch(self.name)
        return match[1] if match else self.name

    def printed(self, line: str) -> None:
        """Keep a line that it printed; the first ones go when there are too many."""
        self.output.append(line)
        if len(self.output) > 2 * _MOST_OUTPUT:
            del self.output[:_MOST_OUTPUT]


class Progress(Protocol):
    """Reads what a client writes, line by line; `log` is that as text."""

    log: list[str]

    def take(self, line: str) -> None:
        """Read one line."""

    def vertices(self) -> Iterable[Vertex]:
        """All vertices in the order in which they were first told of."""

    @property
    def failed(self) -> Vertex | None:
        """The vertex that failed."""


def reader(progress: str) -> Progress:
    """The reader of a form of progress."""
    return RawProgress() if progress == "rawjson" else PlainProgress()


def _first_failed(vertices: Iterable[Vertex]) -> Vertex | None:
    return next((vertex for vertex in vertices if vertex.error), None)


class PlainProgress:
    """`#7 [stage 2/5] RUN ...`, `#7 0.123 output`, `#7 CACHED`, `#7 DONE 1.2s`, `#7 ERROR: ...`."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self._vertices: dict[str, Vertex] = {}

    def take(self, line: str) -> None:
        """Read one line."""
        self.log.append(line)
        match = _LINE.fullmatch(line)
        if match is None:
            return
        number, rest = match["number"], match["rest"]
        vertex = self._vertices.get(number)
        if vertex is None:
            self._vertices[number] = Vertex(rest)
            return
        output = _OUTPUT.fullmatch(rest)
        done = _DONE.fullmatch(rest)
        if output:
            vertex.printed(output[1])
        elif done:
            vertex.is_done = True
            vertex.seconds += float(done[1])
        elif rest == "CACHED":
            vertex.cached = True
        elif rest.startswith("ERROR: "):
            vertex.error = rest.removeprefix("ERROR: ")

    def vertices(self) -> Iterable[Vertex]:
        """All vertices in the order in which they were first told of."""
        return self._vertices.values()

    @property
    def failed(self) -> Vertex | None:
        """The vertex that failed."""
        return _first_failed(self._vertices.values())


class RawProgress:
    """JSON objects with `vertexes` and `logs`; what is told of a vertex later replaces the earlier.

    Clients differ: some write an object a line, some (buildx 0.13) one over many lines.
    """

    def __init__(self) -> None:
        self.log: list[str] = []
        self._vertices: dict[str, Vertex] = {}
        self._object: list[str] = []

    def take(self, line: str) -> None:
        """Read one line; one that stands outside of an object is the client's own word."""
        if not self._object and not line.startswith("{"):
            self.log.append(line)
            return
        self._object.append(line)
        if not line.startswith(("{", "}")) or line == "{":
            return
        try:
            status = json.loads("\n".join(self._object))
        except ValueError:
            self.log += self._object
            status = {}
        self._object.clear()
        for record in status.get("vertexes") or ():
            self._vertex(record)
        for record in status.get("logs") or ():
            self._log(record)

    def _vertex(self, record: Mapping[str, Any]) -> None:
        digest = str(record.get("digest", ""))
        vertex = self._vertices.get(digest)
        if vertex is None:
            vertex = self._vertices[digest] = Vertex(str(record.get("name", "")))
            self.log.append(vertex.name)
        vertex.cached = bool(record.get("cached"))
        vertex.is_done = bool(record.get("completed"))
        vertex.seconds = _between(record.get("started"), record.get("completed"))
        vertex.error = str(record.get("error") or "")

    def _log(self, record: Mapping[str, Any]) -> None:
        vertex = self._vertices.get(str(record.get("vertex", "")))
        try:
            text = base64.b64decode(str(record.get("data", ""))).decode("utf-8", "replace")
        except binascii.Error:
            return
        for line in text.splitlines():
            self.log.append(line)
            if vertex is not None:
                vertex.printed(line)

    def vertices(self) -> Iterable[Vertex]:
        """All vertices in the order in which they were first told of."""
        return self._vertices.values()

    @property
    def failed(self) -> Vertex | None:
        """The vertex that failed."""
        return _first_failed(self._vertices.values())


def _between(started: object, completed: object) -> float:
    """Seconds between two times in RFC 3339; 0 where one is missing."""
    first, last = _time(started), _time(completed)
    return max((last - first).total_seconds(), 0.0) if first and last else 0.0


def _time(text: object) -> datetime | None:
    """A time as Go writes it; of its nanoseconds Python reads six digits."""
    match = regex(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,6})?\d*(Z|[+-]\d\d:\d\d)").fullmatch(str(text))
    if match is None:
        return None
    fraction = (match[2] or ".").ljust(7, "0")
    return datetime.fromisoformat(f"{match[1]}{fraction}{match[3].replace('Z', '+00:00')}")
