"""Files that say how an image is built and run: compose services, bake targets, build commands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from aiaudit.model.compose import compose_files, variables
from aiaudit.model.image.builders import build_commands
from aiaudit.model.image.values import BuildReference
from aiaudit.model.service import Service
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.deploy.yaml import MAPPING, SCALAR, Node

_BAKE_TARGET = regex(r"^target\s+\"(?P<name>[^\"]+)\"\s*\{(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
_BAKE_FIELD = regex(r"^\s*(?P<key>context|dockerfile|target)\s*=\s*\"(?P<value>[^\"]*)\"", re.MULTILINE)


def references(service: Service) -> tuple[BuildReference, ...]:
    """Every build that a file states, deploy files first; paths are relative to the tree's root.

    Those whose context is an address or hidden in a variable are left out: nothing can be said of what they read.
    """
    found = (*_compose(service), *_bakes(service.tree), *build_commands(service.tree))
    return tuple(item for item in found if "$" not in item.context and ":/" not in item.context)


def _compose(service: Service) -> Iterator[BuildReference]:
    for file in compose_files(service):
        for entry in file.services:
            build = entry.node.get("build")
            if build is not None and (build.kind == SCALAR or build.get("dockerfile_inline") is None):
                yield _reference(file.path, entry.name, entry.node, build)


def _reference(path: str, name: str, service: Node, build: Node) -> BuildReference:
    is_short = build.kind == SCALAR
    context = _below(posixpath.dirname(path), (build.value if is_short else build.text("context")) or ".")
    dockerfile = "" if is_short else build.text("dockerfile")
    arguments = () if is_short else variables(build.get("args"))
    return BuildReference(
        path,
        name,
        context,
        _below(context, dockerfile or "Dockerfile"),
        "" if is_short else build.text("target"),
        tuple((item.name, item.value) for item in arguments if item.value is not None and "$" not in item.value),
        tuple(_mounts(service.get("volumes"))),
        (service.text("image"),) if service.text("image") else (),
    )


def _mounts(volumes: Node | None) -> Iterator[str]:
    """Places in the container that a folder of the repository covers."""
    for item in volumes.items if volumes is not None else ():
        if item.kind == MAPPING:
            if item.text("type") == "bind":
                yield item.text("target")
            continue
        source, _, rest = item.value.partition(":")
        if rest and source.startswith((".", "/", "~", "$")):
            yield rest.partition(":")[0]


def _bakes(tree: Tree) -> Iterator[BuildReference]:
    for path in tree.files():
        if path.endswith(".hcl") and posixpath.basename(path).startswith("docker-bake"):
            yield from _bake(path, tree.text(path))


def _bake(path: str, text: str) -> Iterator[BuildReference]:
    for match in _BAKE_TARGET.finditer(text):
        fields = {field["key"]: field["value"] for field in _BAKE_FIELD.finditer(match["body"])}
        context = _below(posixpath.dirname(path), fields.get("context", "."))
        dockerfile = _below(context, fields.get("dockerfile", "Dockerfile"))
        yield BuildReference(path, match["name"], context, dockerfile, fields.get("target", ""))


def _below(folder: str, written: str) -> str:
    """A path below a folder, `${VARIABLE:-default}` taken as its default."""
    plain = re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", written)
    path = posixpath.normpath(posixpath.join("/", folder, plain)).lstrip("/")
    return "" if path == "." else path
