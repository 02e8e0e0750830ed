"""Deploy files that say how an image is built and run: compose services and bake targets."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from aiaudit.model.image.values import BuildReference
from aiaudit.model.tree import Tree

_COMPOSE = re.compile(r"[\w.-]*(?:compose|build|stack)[\w.-]*\.ya?ml", re.IGNORECASE)
_BAKE_TARGET = re.compile(r"^target\s+\"(?P<name>[^\"]+)\"\s*\{(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
_BAKE_FIELD = re.compile(r"^\s*(?P<key>context|dockerfile|target)\s*=\s*\"(?P<value>[^\"]*)\"", re.MULTILINE)


def references(tree: Tree) -> tuple[BuildReference, ...]:
    """Every build that a deploy file states; paths are relative to the tree's root."""
    found: list[BuildReference] = []
    for path in tree.files("yaml"):
        if _COMPOSE.fullmatch(posixpath.basename(path)) and "services:" in (text := tree.text(path)):
            found.extend(_compose(path, text))
    for path in tree.files():
        if posixpath.basename(path) in ("docker-bake.hcl", "docker-bake.override.hcl"):
            found.extend(_bake(path, tree.text(path)))
    return tuple(found)


def _compose(path: str, text: str) -> Iterator[BuildReference]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        document = yaml.load(text, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return  # the YAML extractor tells of it
    services = document.get("services") if isinstance(document, Mapping) else None
    for name, service in services.items() if isinstance(services, Mapping) else ():
        build = service.get("build") if isinstance(service, Mapping) else None
        if isinstance(build, str):
            build = {"context": build}
        if isinstance(build, Mapping) and "dockerfile_inline" not in build:
            yield _service(path, str(name), service, build)


def _service(path: str, name: str, service: Mapping[str, Any], build: Mapping[str, Any]) -> BuildReference:
    context = _folder(path, str(build.get("context") or "."))
    return BuildReference(
        path,
        name,
        context,
        _below(context, str(build.get("dockerfile") or "Dockerfile")),
        str(build.get("target") or ""),
        _arguments(build.get("args")),
        tuple(_mounts(service.get("volumes"))),
    )


def _arguments(value: Any) -> tuple[tuple[str, str], ...]:
    if isinstance(value, Mapping):
        pairs = [(str(key), item) for key, item in value.items() if item is not None]
    elif isinstance(value, list):
        pairs = [tuple(str(item).partition("=")[::2]) for item in value if "=" in str(item)]  # type: ignore[misc]
    else:
        return ()
    return tuple((key, str(item)) for key, item in pairs if "$" not in str(item))


def _mounts(value: Any) -> Iterator[str]:
    """Places in the container that a folder of the repository covers."""
    for item in value if isinstance(value, list) else ():
        if isinstance(item, Mapping):
            if item.get("type") == "bind":
                yield str(item.get("target", ""))
            continue
        source, _, rest = str(item).partition(":")
        if rest and source.startswith((".", "/", "~", "$")):
            yield rest.partition(":")[0]


def _bake(path: str, text: str) -> Iterator[BuildReference]:
    for match in _BAKE_TARGET.finditer(text):
        fields = {field["key"]: field["value"] for field in _BAKE_FIELD.finditer(match["body"])}
        context = _folder(path, fields.get("context", "."))
        dockerfile = _below(context, fields.get("dockerfile", "Dockerfile"))
        yield BuildReference(path, match["name"], context, dockerfile, fields.get("target", ""))


def _folder(path: str, written: str) -> str:
    return _below(posixpath.dirname(path), _plain(written))


def _plain(written: str) -> str:
    """`${VARIABLE:-default}` as its default."""
    return re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", written)


def _below(folder: str, written: str) -> str:
    path = posixpath.normpath(posixpath.join("/", folder, _plain(written))).lstrip("/")
    return "" if path == "." else path
