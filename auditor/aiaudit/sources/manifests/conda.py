"""Conda's environment files, with their pip section."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from aiaudit.patterns import regex
from aiaudit.sources.manifests.facts import Inclusion, Index, ManifestFacts, ManifestProblem, Requirement
from aiaudit.sources.manifests.specifiers import normalized, pin_of, requirement
from aiaudit.span import Extent

_SPEC = regex(r"(?:(?P<channel>[^\s:]+)::)?(?P<name>[A-Za-z0-9_][\w.-]*)\s*(?P<rest>.*)", re.DOTALL)
_EXACT = regex(r"=?=\s*(?P<version>[\w.!+-]+)(?:=\S+)?")


def extract(text: str) -> ManifestFacts:
    """The facts of a conda environment; a YAML file of another purpose gives empty facts."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if not re.search(r"^dependencies:", text, re.MULTILINE):
            return ManifestFacts("")
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        message = str(getattr(error, "problem", None) or error)
        return ManifestFacts("conda", problems=(ManifestProblem(message, Extent(line, 1, line, 1)),))
    entries = {key.value: value for key, value in _pairs(root)}
    dependencies = entries.get("dependencies")
    if not isinstance(dependencies, yaml.SequenceNode):
        return ManifestFacts("")
    found = list(_read(dependencies))
    channels = entries.get("channels")
    return ManifestFacts(
        "conda",
        project=_scalar(entries.get("name")),
        is_package=False,
        requirements=tuple(item for item in found if isinstance(item, Requirement)),
        inclusions=tuple(item for item in found if isinstance(item, Inclusion)),
        indexes=tuple(
            Index("index", node.value, _extent(node))
            for node in (channels.value if isinstance(channels, yaml.SequenceNode) else ())
            if isinstance(node, yaml.ScalarNode)
        ),
        requires_python=next((i.specifier for i in found if isinstance(i, Requirement) and i.name == "python"), ""),
    )


def _read(dependencies: Any) -> Iterator[Requirement | Inclusion]:
    for node in dependencies.value:
        if isinstance(node.value, str):
            made = _spec(node.value, _extent(node))
            if made:
                yield made
            continue
        for key, value in _pairs(node):
            if key.value == "pip" and isinstance(value.value, list):
                yield from _pip(value.value)


def _pip(nodes: list[Any]) -> Iterator[Requirement | Inclusion]:
    for node in nodes:
        if not isinstance(node.value, str):
            continue
        text = node.value.strip()
        match = re.fullmatch(r"(-r|--requirement|-c|--constraint)[\s=]+(\S+)", text)
        if match:
            kind = "constraint" if "c" in match[1].lstrip("-")[:1] else "requirement"
            yield Inclusion(match[2], kind, _extent(node))
            continue
        made = requirement(re.sub(r"^(-e|--editable)[\s=]+", "", text), _extent(node))
        if made:
            yield made


def _spec(text: str, extent: Extent) -> Requirement | None:
    """Conda's `channel::name=version=build` or `name>=1,<2`."""
    match = _SPEC.fullmatch(text.strip())
    if not match:
        return None
    rest = match["rest"].strip()
    exact = _EXACT.fullmatch(rest)
    pin = exact["version"] if exact and "*" not in rest else pin_of(rest)
    return Requirement(normalized(match["name"]), rest, pin, extent, index=match["channel"] or "conda")


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    value = getattr(node, "value", None)
    if not isinstance(value, list) or type(node).__name__ != "MappingNode":
        return []
    return [(key, item) for key, item in value if isinstance(key.value, str)]


def _scalar(node: Any) -> str:
    value = getattr(node, "value", "")
    return value if isinstance(value, str) else ""


def _extent(node: Any) -> Extent:
    start, end = node.start_mark, node.end_mark
    return Extent(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
