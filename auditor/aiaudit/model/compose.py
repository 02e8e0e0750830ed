"""Compose files: services with what they get as environment, what they build and what they run."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.service import Service
from aiaudit.sources.deploy.yaml import MAPPING, SCALAR, SEQUENCE, Node, YamlFacts
from aiaudit.span import Extent
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that a container gets; `value` is None when it is passed through or comes from a `source`."""

    name: str
    value: str | None
    extent: Extent
    source: str = ""


@dataclass(frozen=True, slots=True)
class ComposeService:
    """One service. `context` and `dockerfile` are "" unless it is built; `command` holds its words, or one string."""

    name: str
    extent: Extent
    image: str
    context: str
    dockerfile: str
    environment: tuple[Variable, ...]
    arguments: tuple[Variable, ...]
    env_files: tuple[str, ...]
    command: tuple[str, ...]
    node: Node


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """A compose file's services."""

    path: str
    services: tuple[ComposeService, ...]

    def at(self, line: int) -> ComposeService | None:
        """The service that a line belongs to."""
        return next((service for service in self.services if service.extent.covers(line)), None)


def compose_files(service: Service) -> tuple[ComposeFile, ...]:
    """Every compose file of the tree."""
    found = (compose_file(service, path) for path in service.tree.files("yaml"))
    return tuple(file for file in found if file is not None)


def compose_file(service: Service, path: str) -> ComposeFile | None:
    """The compose file at a path, None when the file is something else."""
    name = path.rpartition("/")[2]
    if "compose" not in name and "stack" not in name and not service.tree.mentions(path, ("services:",)):
        return None
    facts = service.tree.facts(path, "yaml")
    return read_compose(path, facts) if isinstance(facts, YamlFacts) else None


def read_compose(path: str, facts: YamlFacts) -> ComposeFile | None:
    """A document with services that have an image or a build is a compose file."""
    for document in facts.documents:
        services = document.get("services") if document.kind == MAPPING else None
        if services is None or services.kind != MAPPING:
            continue
        read = tuple(_service(key, node) for key, node in services.pairs() if node.kind == MAPPING)
        if any(item.image or item.context or item.environment for item in read):
            return ComposeFile(path, read)
    return None


def _service(key: Node, node: Node) -> ComposeService:
    build = node.get("build")
    context = dockerfile = ""
    arguments: tuple[Variable, ...] = ()
    if build is not None:
        context = build.value if build.kind == SCALAR else build.text("context") or "."
        dockerfile = build.text("dockerfile") if build.kind == MAPPING else ""
        arguments = variables(build.get("args")) if build.kind == MAPPING else ()
    extent = Extent(key.extent.line, key.extent.column, node.extent.end_line, node.extent.end_column)
    return ComposeService(
        key.value, extent, node.text("image"), context, dockerfile, variables(node.get("environment")), arguments,
        tuple(_files(node.get("env_file"))), words(node.get("command")), node,
    )  # fmt: skip


def variables(node: Node | None) -> tuple[Variable, ...]:
    """Variables in map form (`NAME: value`) or in list form (`- NAME=value`)."""
    if node is None:
        return ()
    if node.kind == MAPPING:
        return tuple(
            Variable(key.value, None if value.is_null else value.value, key.extent)
            for key, value in node.pairs()
            if value.kind == SCALAR
        )
    pairs = ((item, *item.value.partition("=")) for item in node.items if item.kind == SCALAR)
    return tuple(Variable(name.strip(), value if equals else None, item.extent) for item, name, equals, value in pairs)


def words(node: Node | None) -> tuple[str, ...]:
    """A command in list form, or its one string."""
    if node is None:
        return ()
    if node.kind == SEQUENCE:
        return tuple(item.value for item in node.items if item.kind == SCALAR)
    return (node.value,) if node.kind == SCALAR and not node.is_null else ()


def _files(node: Node | None) -> Iterator[str]:
    """`env_file: x`, a list of names, or a list of `{path: x}`."""
    if node is None:
        return
    for item in node.items if node.kind == SEQUENCE else (node,):
        name = item.value if item.kind == SCALAR else item.text("path")
        if name:
            yield name
