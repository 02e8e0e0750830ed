"""Dockerfiles that compose files hold themselves (`build.dockerfile_inline`), with the places of the YAML file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from aiaudit.sources.deploy import yaml
from aiaudit.sources.deploy.yaml import MAPPING, SCALAR, Node
from aiaudit.sources.dockerfile import parse
from aiaudit.sources.dockerfile.facts import DockerfileFacts, Problem
from aiaudit.span import Extent
from aiaudit.values import dataclass, names_of

VERSION = 1 + 100 * parse.VERSION

KEY = "dockerfile_inline"

Place = Callable[[Extent], Extent]


@dataclass(frozen=True, slots=True)
class Embedded:
    """The Dockerfile of one compose service."""

    service: str
    facts: DockerfileFacts


@dataclass(frozen=True, slots=True)
class EmbeddedFacts:
    """All Dockerfiles that a YAML file holds."""

    dockerfiles: tuple[Embedded, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read in them."""
        return tuple(problem for embedded in self.dockerfiles for problem in embedded.facts.problems)


def extract(text: str) -> EmbeddedFacts:
    """The Dockerfiles in the services of a compose file; never raises."""
    if KEY not in text:
        return EmbeddedFacts()
    lines = text.removeprefix("\ufeff").split("\n")
    return EmbeddedFacts(tuple(Embedded(name, _read(node, lines)) for name, node in _scalars(text)))


def _scalars(text: str) -> Iterator[tuple[str, Node]]:
    for document in yaml.extract(text).documents:
        services = document.get("services") if document.kind == MAPPING else None
        for key, service in services.pairs() if services is not None and services.kind == MAPPING else ():
            node = service.get("build", KEY) if service.kind == MAPPING else None
            if node is not None and node.kind == SCALAR and not node.is_null:
                yield key.value, node


def _read(node: Node, lines: list[str]) -> DockerfileFacts:
    """The facts, every extent moved to where it stands in the YAML file; compose takes `$$` for a plain `$`."""
    place = _in_block(node, lines) or (lambda extent: node.extent)
    moved: DockerfileFacts = _moved(parse.extract(node.value.replace("$$", "$")), place)
    return moved


def _in_block(node: Node, lines: list[str]) -> Place | None:
    """How places in a literal block (`|`) lie in the file; None for other scalars, whose lines are folded or quoted."""
    if node.style != "|":
        return None
    first = node.extent.line
    written = node.value.split("\n")
    starts: list[int] = []
    for number, content in enumerate(written, first):
        line = lines[number].rstrip("\r") if number < len(lines) else ""
        if not line.endswith(content):
            return None
        starts.append(len(line) - len(content))
    dollars = [_doubled(content) for content in written]

    def at(line: int, column: int) -> tuple[int, int]:
        index = min(line, len(written)) - 1
        before = sum(position < column - 1 for position in dollars[index])
        return first + index + 1, starts[index] + column + before

    return lambda extent: Extent(*at(extent.line, extent.column), *at(extent.end_line, extent.end_column))


def _doubled(content: str) -> list[int]:
    """Where, in a line with `$$` made `$`, these dollars are."""
    found: list[int] = []
    index = content.find("$$")
    while index >= 0:
        found.append(index - len(found))
        index = content.find("$$", index + 2)
    return found


def _moved(value: Any, place: Place) -> Any:
    """A value with every extent in it moved."""
    if isinstance(value, Extent):
        return place(value)
    if isinstance(value, tuple):
        return tuple(_moved(item, place) for item in value)
    if hasattr(value, "__fields_by_name__") and not isinstance(value, type):
        changes = {name: _moved(getattr(value, name), place) for name in names_of(value)}
        return type(value)(**changes)
    return value
