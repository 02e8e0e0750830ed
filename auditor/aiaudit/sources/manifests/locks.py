"""Lock files: uv.lock, poetry.lock, pdm.lock, Pipfile.lock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from aiaudit.patterns import regex
from aiaudit.sources.manifests.facts import LockedDependency, LockedPackage, ManifestFacts, ManifestProblem
from aiaudit.sources.manifests.places import load, table
from aiaudit.sources.manifests.specifiers import normalized, parse, tool_pin_of
from aiaudit.span import Extent

# Most of a lock file's text are the addresses and hashes of archives: emptied before the parser reads the rest.
_ARCHIVES = regex(r"^[ \t]*(?:\{[^\n]*\bhash ?= ?\"[^\n]*\},?|sdist = \{[^\n]*\})[ \t\r]*$", re.MULTILINE)
_PACKAGE = regex(r"^[ \t]*\[\[package\]\]", re.MULTILINE)
_START = Extent(1, 1, 1, 1)
_SOURCES = {
    "registry": "registry", "git": "git", "url": "url", "path": "path", "directory": "path",
    "editable": "project", "virtual": "project",
}  # fmt: skip


def extract(text: str, name: str) -> ManifestFacts:
    """The facts of a lock file of that name."""
    if name == "Pipfile.lock":
        return _pipfile(text)
    document, complaint, line = load(_ARCHIVES.sub("", text))
    if complaint:
        document, complaint, line = load(text)
    if complaint:
        return ManifestFacts(name, problems=(ManifestProblem(complaint, Extent(line, 1, line, 1)),))
    entries = document.get("package")
    entries = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    read: Callable[[dict[str, Any], Extent], LockedPackage] = {
        "uv.lock": _uv_package,
        "poetry.lock": _poetry_package,
        "pdm.lock": _pdm_package,
    }[name]
    places = _package_places(text, len(entries))
    requires = document.get("requires-python") or table(document, "metadata").get("python-versions") or ""
    return ManifestFacts(
        name,
        requires_python=str(requires),
        packages=tuple(read(entry, places[number]) for number, entry in enumerate(entries)),
    )


def _package_places(text: str, count: int) -> list[Extent]:
    """The n-th `[[package]]` header is the place of the n-th parsed package."""
    found: list[Extent] = []
    line, position = 1, 0
    for match in _PACKAGE.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        found.append(Extent(line, 1, line, match.end() - match.start() + 1))
    return found if len(found) == count else [_START] * count


def _uv_package(entry: dict[str, Any], extent: Extent) -> LockedPackage:
    source = table(entry, "source")
    kind = next((_SOURCES[key] for key in source if key in _SOURCES), "registry")
    dependencies = list(_uv_dependencies(entry.get("dependencies"), ""))
    for prefix, section in (("extra", "optional-dependencies"), ("group", "dev-dependencies")):
        for group, items in table(entry, section).items():
            dependencies.extend(_uv_dependencies(items, f"{prefix}:{group}"))
    return LockedPackage(
        normalized(str(entry.get("name", ""))),
        str(entry.get("version", "")),
        extent,
        kind,
        tuple(dependencies),
        index=str(source.get("registry", "")),
    )


def _uv_dependencies(items: Any, group: str) -> Iterator[LockedDependency]:
    for item in items if isinstance(items, list) else ():
        if isinstance(item, Mapping):
            extras = item.get("extra")
            names = tuple(str(e) for e in extras) if isinstance(extras, list) else ()
            yield LockedDependency(normalized(str(item.get("name", ""))), str(item.get("marker", "")), names, group)


def _poetry_package(entry: dict[str, Any], extent: Extent) -> LockedPackage:
    dependencies: list[LockedDependency] = []
    for name, value in table(entry, "dependencies").items():
        for option in value if isinstance(value, list) else [value]:
            detail = option if isinstance(option, Mapping) else {}
            extras = detail.get("extras")
            dependencies.append(
                LockedDependency(
                    normalized(name),
                    str(detail.get("markers", "") or ""),
                    tuple(str(extra) for extra in extras) if isinstance(extras, list) else (),
                    "extra:" if detail.get("optional") else "",
                )
            )
    for extra, items in table(entry, "extras").items():
        for item in items if isinstance(items, list) else ():
            name = str(item).partition("(")[0].strip()
            dependencies.append(LockedDependency(normalized(name.partition("[")[0]), "", (), f"extra:{extra}"))
    groups = entry.get("groups") or ([entry["category"]] if isinstance(entry.get("category"), str) else [])
    kind = str(table(entry, "source").get("type", "registry"))
    return LockedPackage(
        normalized(str(entry.get("name", ""))),
        str(entry.get("version", "")),
        extent,
        {"legacy": "registry", "directory": "path", "file": "path"}.get(kind, kind),
        tuple(dependencies),
        tuple(str(group) for group in groups) if isinstance(groups, list) else (),
        str(table(entry, "source").get("url", "")),
    )


def _pdm_package(entry: dict[str, Any], extent: Extent) -> LockedPackage:
    items = entry.get("dependencies")
    parsed = [parse(item) for item in items if isinstance(item, str)] if isinstance(items, list) else []
    groups = entry.get("groups")
    source = "git" if entry.get("git") else "url" if entry.get("url") else "path" if entry.get("path") else "registry"
    return LockedPackage(
        normalized(str(entry.get("name", ""))),
        str(entry.get("version", "")),
        extent,
        source,
        tuple(LockedDependency(item.name, item.marker, item.extras) for item in parsed if item),
        tuple(str(group) for group in groups) if isinstance(groups, list) else (),
    )


def _pipfile(text: str) -> ManifestFacts:
    import json

    try:
        document = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        return ManifestFacts("Pipfile.lock", problems=(ManifestProblem(str(error), Extent(line, 1, line, 1)),))
    packages: list[LockedPackage] = []
    for section, group in (("default", "default"), ("develop", "develop")):
        start = max(text.find(f'"{section}"'), 0)
        for name, value in table(document, section).items():
            version = tool_pin_of(str(table(value).get("version", ""))) or ""
            source = "git" if table(value).get("git") else "path" if table(value).get("path") else "registry"
            place = _json_place(text, name, start)
            packages.append(LockedPackage(normalized(name), version, place, source, (), (group,)))
    requires = table(document, "_meta", "requires").get("python_version", "")
    return ManifestFacts("Pipfile.lock", requires_python=str(requires), packages=tuple(packages))


def _json_place(text: str, name: str, start: int) -> Extent:
    import json

    written = json.dumps(name, ensure_ascii=False)
    position = text.find(f"{written}:", start)
    if position < 0:
        return _START
    line = text.count("\n", 0, position) + 1
    column = position - (text.rfind("\n", 0, position) + 1) + 1
    return Extent(line, column, line, column + len(written))
