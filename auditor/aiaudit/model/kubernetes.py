"""Kubernetes objects: workloads with their containers' environment, config maps, secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.model.compose import Variable, words
from aiaudit.model.service import Service
from aiaudit.patterns import regex
from aiaudit.sources.deploy.yaml import MAPPING, SCALAR, SEQUENCE, Node, YamlFacts
from aiaudit.span import Extent
from aiaudit.values import dataclass

# Expressions where YAML has keys or values: the file is a template (of Helm, say) and becomes YAML when it is rendered.
_UNRENDERED = regex(r"^\s*\{\{|:[ \t]+\{\{", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a workload: its own variables, and in `sources` the objects it takes all variables from."""

    name: str
    image: str
    extent: Extent
    environment: tuple[Variable, ...]
    sources: tuple[str, ...]
    command: tuple[str, ...]
    arguments: tuple[str, ...]
    node: Node


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object. `data` are a ConfigMap's or a Secret's entries as written (`encoded`: in base64)."""

    path: str
    kind: str
    name: str
    extent: Extent
    containers: tuple[Container, ...]
    data: tuple[Variable, ...]
    encoded: bool
    node: Node


def manifests(service: Service) -> tuple[Manifest, ...]:
    """Every object in the tree's manifests; templates that are no YAML yet are left out."""
    return tuple(found for path in service.tree.files("yaml") for found in manifests_in(service, path))


def manifests_in(service: Service, path: str) -> tuple[Manifest, ...]:
    """The objects of one file."""
    if not _is_manifest(service, path) or service.tree.mentions(path, _UNRENDERED):
        return ()
    facts = service.tree.facts(path, "yaml")
    return tuple(read_manifests(path, facts)) if isinstance(facts, YamlFacts) else ()


def is_manifest_template(service: Service, path: str) -> bool:
    """Whether the file becomes a manifest when it is rendered."""
    return _is_manifest(service, path) and service.tree.mentions(path, _UNRENDERED)


def _is_manifest(service: Service, path: str) -> bool:
    return all(service.tree.mentions(path, (key,)) for key in ("apiVersion:", "kind:"))


def read_manifests(path: str, facts: YamlFacts) -> Iterator[Manifest]:
    """The objects in a file's documents; lists are opened."""
    for document in facts.documents:
        if document.kind != MAPPING or not document.text("apiVersion"):
            continue
        items = document.get("items")
        if document.text("kind") == "List" and items is not None:
            yield from (_manifest(path, item) for item in items.items if item.kind == MAPPING)
        elif document.text("kind"):
            yield _manifest(path, document)


def _manifest(path: str, node: Node) -> Manifest:
    kind = node.text("kind")
    data: list[Variable] = []
    plain = node.get("stringData")
    for block in (node.get("data"), plain):
        if block is not None and block.kind == MAPPING and kind in ("ConfigMap", "Secret"):
            scalars = ((key, value) for key, value in block.pairs() if value.kind == SCALAR)
            data += [Variable(key.value, value.value, key.extent) for key, value in scalars]
    containers = tuple(_containers(node)) if kind not in ("ConfigMap", "Secret") else ()
    name = node.text("metadata", "name")
    return Manifest(path, kind, name, node.extent, containers, tuple(data), kind == "Secret" and plain is None, node)


def _containers(node: Node, depth: int = 0) -> Iterator[Container]:
    """The containers of the pod template, however deep it lies (CronJob, Knative, custom resources)."""
    if depth > 8:
        return
    for key, value in node.pairs() if node.kind == MAPPING else ():
        if key.value in ("containers", "initContainers") and value.kind == SEQUENCE:
            yield from (_container(item) for item in value.items if item.kind == MAPPING)
        elif value.kind == MAPPING:
            yield from _containers(value, depth + 1)


def _container(node: Node) -> Container:
    return Container(
        node.text("name"), node.text("image"), node.extent, tuple(_environment(node.get("env"))),
        tuple(_sources(node.get("envFrom"))), words(node.get("command")), words(node.get("args")), node,
    )  # fmt: skip


def _environment(node: Node | None) -> Iterator[Variable]:
    for item in node.items if node is not None else ():
        if item.kind != MAPPING or not item.text("name"):
            continue
        value, origin = item.get("value"), item.get("valueFrom")
        source = origin.entries[0][0].value if origin is not None and origin.entries else ""
        literal = value.value if value is not None and value.kind == SCALAR else None
        yield Variable(item.text("name"), literal, item.extent, source)


def _sources(node: Node | None) -> Iterator[str]:
    for item in node.items if node is not None else ():
        for key in ("configMapRef", "secretRef"):
            name = item.text(key, "name") if item.kind == MAPPING else ""
            if name:
                yield name
