"""Pipfile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiaudit.sources.manifests.facts import MAIN, Index, ManifestFacts, ManifestProblem, Requirement, Script
from aiaudit.sources.manifests.places import Places, load, table
from aiaudit.sources.manifests.specifiers import normalized, tool_pin_of
from aiaudit.span import Extent

_OWN_TABLES = {"source", "requires", "scripts", "pipenv", "pipfile"}


def extract(text: str) -> ManifestFacts:
    """The facts of a Pipfile."""
    document, complaint, line = load(text)
    if complaint:
        return ManifestFacts("Pipfile", problems=(ManifestProblem(complaint, Extent(line, 1, line, 1)),))
    places = Places(text)
    return ManifestFacts(
        "Pipfile",
        requires_python=str(table(document, "requires").get("python_version", "")),
        is_package=False,
        requirements=tuple(_requirements(document, places)),
        indexes=tuple(_indexes(document, places)),
        scripts=tuple(
            Script(name, value, places.at(("scripts", name)))
            for name, value in table(document, "scripts").items()
            if isinstance(value, str)
        ),
    )


def _requirements(document: dict[str, Any], places: Places) -> Iterator[Requirement]:
    for section, entries in document.items():
        if section in _OWN_TABLES or not isinstance(entries, Mapping):
            continue
        group = {"packages": MAIN, "dev-packages": "group:dev"}.get(section, f"group:{section}")
        for name, value in entries.items():
            yield table_requirement(name, value, places.at((section, name)), group)


def _indexes(document: dict[str, Any], places: Places) -> Iterator[Index]:
    sources = document.get("source")
    for number, source in enumerate(sources if isinstance(sources, list) else ()):
        kind = "extra-index" if number else "index"
        name = str(table(source).get("name", ""))
        yield Index(kind, str(table(source).get("url", "")), places.at(("source", number)), name)


def table_requirement(name: str, value: Any, extent: Extent, group: str) -> Requirement:
    """A requirement of the form `name = "^1.2"` or `name = {version = "...", extras = [...]}` (Pipfile, poetry)."""
    entry = value if isinstance(value, Mapping) else {"version": value if isinstance(value, str) else ""}
    specifier = str(entry.get("version", ""))
    specifier = "" if specifier == "*" else specifier
    extras = entry.get("extras")
    place = next((str(entry[key]) for key in ("git", "hg", "url", "path", "file") if entry.get(key)), "")
    return Requirement(
        normalized(name),
        specifier,
        tool_pin_of(specifier),
        extent,
        tuple(str(extra) for extra in extras) if isinstance(extras, list) else (),
        str(entry.get("markers", entry.get("marker", "")) or ""),
        group,
        place,
        bool(entry.get("editable") or entry.get("develop")),
        bool(entry.get("optional")),
        (),
        str(entry.get("source", entry.get("index", "")) or ""),
    )
