"""pyproject.toml: the standard tables, and those of poetry, pdm and uv."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aiaudit.sources.manifests.facts import (
    BUILD,
    MAIN,
    GroupInclusion,
    Inclusion,
    Index,
    ManifestFacts,
    ManifestProblem,
    Requirement,
    Script,
)
from aiaudit.sources.manifests.modules import stated_modules
from aiaudit.sources.manifests.pipfile import table_requirement
from aiaudit.sources.manifests.places import Path, Places, load, strings, table
from aiaudit.sources.manifests.specifiers import normalized, requirement
from aiaudit.span import Extent
from aiaudit.values import replace


def extract(text: str) -> ManifestFacts:
    """The facts of a pyproject.toml."""
    document, complaint, line = load(text)
    if complaint:
        return ManifestFacts("pyproject", problems=(ManifestProblem(complaint, Extent(line, 1, line, 1)),))
    return _Reader(document, Places(text)).facts()


class _Reader:
    def __init__(self, document: dict[str, Any], places: Places) -> None:
        self.document = document
        self.places = places
        self.problems: list[ManifestProblem] = []

    def facts(self) -> ManifestFacts:
        poetry = table(self.document, "tool", "poetry")
        project = table(self.document, "project")
        sources = self.bound_sources()
        workspace = table(self.document, "tool", "uv", "workspace")
        found = [*self.standard(), *self.poetry(poetry), *self.tools()]
        requires = project.get("requires-python") or table(poetry, "dependencies").get("python") or ""
        return ManifestFacts(
            "pyproject",
            project=normalized(str(project.get("name") or poetry.get("name") or "")),
            requires_python=str(requires if isinstance(requires, str) else table(requires).get("version", "")),
            build_backend=str(table(self.document, "build-system").get("build-backend", "")),
            is_package=self.is_package(poetry),
            requirements=tuple(self.bound(item, sources) for item in found),
            inclusions=tuple(self.dynamic()),
            group_inclusions=tuple(self.group_inclusions()),
            indexes=tuple(self.indexes(poetry)),
            scripts=tuple(self.scripts()),
            modules=tuple(stated_modules(self.document)),
            members=tuple(text for _, text in strings(workspace.get("members"))),
            outsiders=tuple(text for _, text in strings(workspace.get("exclude"))),
            tools=tuple(table(self.document, "tool")),
            default_groups=self.default_groups(),
            problems=tuple(self.problems),
        )

    def is_package(self, poetry: Mapping[str, Any]) -> bool:
        """Whether the tool that manages the project installs it too."""
        uv = table(self.document, "tool", "uv")
        if isinstance(uv.get("package"), bool):
            return bool(uv["package"])
        if poetry:
            return poetry.get("package-mode", True) is not False
        distribution = table(self.document, "tool", "pdm").get("distribution")
        if isinstance(distribution, bool):
            return distribution
        return "build-system" in self.document

    def requirement(self, text: str, path: Path, group: str = MAIN) -> Iterator[Requirement]:
        made = requirement(text, self.places.at(path), group)
        if made:
            yield made
        else:
            self.problems.append(ManifestProblem(f"{text[:60]!r} is no requirement", self.places.at(path)))

    def listed(self, value: Any, path: Path, group: str) -> Iterator[Requirement]:
        for number, text in strings(value):
            yield from self.requirement(text, (*path, number), group)

    def standard(self) -> Iterator[Requirement]:
        """PEP 518, 621 and 735."""
        project = table(self.document, "project")
        build = table(self.document, "build-system").get("requires")
        yield from self.listed(build, ("build-system", "requires"), BUILD)
        yield from self.listed(project.get("dependencies"), ("project", "dependencies"), MAIN)
        for name, items in table(project, "optional-dependencies").items():
            yield from self.listed(items, ("project", "optional-dependencies", name), f"extra:{normalized(name)}")
        for name, items in table(self.document, "dependency-groups").items():
            yield from self.listed(items, ("dependency-groups", name), f"group:{normalized(name)}")

    def tools(self) -> Iterator[Requirement]:
        """uv's and pdm's development dependencies, which no other tool reads."""
        uv = table(self.document, "tool", "uv").get("dev-dependencies")
        for item in self.listed(uv, ("tool", "uv", "dev-dependencies"), "group:dev"):
            yield replace(item, tool="uv")
        for name, items in table(self.document, "tool", "pdm", "dev-dependencies").items():
            path: Path = ("tool", "pdm", "dev-dependencies", name)
            for number, text in strings(items):
                plain = re.sub(r"^(-e|--editable)[\s=]+", "", text)
                for item in self.requirement(plain, (*path, number), f"group:{normalized(name)}"):
                    yield replace(item, tool="pdm")

    def poetry(self, poetry: Mapping[str, Any]) -> Iterator[Requirement]:
        yield from self.poetry_table(poetry.get("dependencies"), ("tool", "poetry", "dependencies"), MAIN)
        path: Path = ("tool", "poetry", "dev-dependencies")
        yield from self.poetry_table(poetry.get("dev-dependencies"), path, "group:dev")
        for name, group in table(poetry, "group").items():
            path = ("tool", "poetry", "group", name, "dependencies")
            yield from self.poetry_table(table(group).get("dependencies"), path, f"group:{normalized(name)}")

    def poetry_table(self, entries: Any, path: Path, group: str) -> Iterator[Requirement]:
        for name, value in table(entries).items():
            if name.lower() == "python":
                continue
            for option in value if isinstance(value, list) else [value]:
                made = table_requirement(name, option, self.places.at((*path, name)), group)
                yield made if group == MAIN else replace(made, tool="poetry")

    def dynamic(self) -> Iterator[Inclusion]:
        """setuptools reads dependencies from files, hatch-requirements-txt too."""
        dynamic = table(self.document, "tool", "setuptools", "dynamic")
        path: Path = ("tool", "setuptools", "dynamic")
        yield from self.files(table(dynamic, "dependencies").get("file"), (*path, "dependencies"), MAIN)
        for name, value in table(dynamic, "optional-dependencies").items():
            place = (*path, "optional-dependencies", name)
            yield from self.files(table(value).get("file"), place, f"extra:{normalized(name)}")
        hook = table(self.document, "tool", "hatch", "metadata", "hooks", "requirements_txt")
        yield from self.files(hook.get("files"), ("tool", "hatch", "metadata", "hooks", "requirements_txt"), MAIN)

    def files(self, value: Any, path: Path, group: str) -> Iterator[Inclusion]:
        names = [value] if isinstance(value, str) else [text for _, text in strings(value)]
        for name in names:
            yield Inclusion(name, "requirement", self.places.at(path), group)

    def group_inclusions(self) -> Iterator[GroupInclusion]:
        for name, items in table(self.document, "dependency-groups").items():
            for number, item in enumerate(items if isinstance(items, list) else ()):
                included = table(item).get("include-group")
                if isinstance(included, str):
                    extent = self.places.at(("dependency-groups", name, number))
                    yield GroupInclusion(f"group:{normalized(name)}", f"group:{normalized(included)}", extent)

    def default_groups(self) -> tuple[str, ...]:
        """Groups that the project's tool installs when not told otherwise."""
        chosen = table(self.document, "tool", "uv").get("default-groups")
        if chosen == "all":
            return tuple(f"group:{normalized(name)}" for name in table(self.document, "dependency-groups"))
        if isinstance(chosen, list):
            return tuple(f"group:{normalized(name)}" for _, name in strings(chosen))
        poetry = table(self.document, "tool", "poetry")
        if poetry:
            optional = {name for name, group in table(poetry, "group").items() if table(group).get("optional")}
            names = [name for name in table(poetry, "group") if name not in optional]
            return tuple(f"group:{normalized(name)}" for name in names) + (
                ("group:dev",) if poetry.get("dev-dependencies") and "dev" not in names else ()
            )
        return ("group:dev",)

    def bound_sources(self) -> dict[str, Mapping[str, Any]]:
        """uv's sources table: requirements that come from a certain index, address or path."""
        found: dict[str, Mapping[str, Any]] = {}
        for name, value in table(self.document, "tool", "uv", "sources").items():
            options = value if isinstance(value, list) else [value]
            first = next((option for option in options if isinstance(option, Mapping)), None)
            if first is not None:
                found[normalized(name)] = first
        return found

    def bound(self, item: Requirement, sources: dict[str, Mapping[str, Any]]) -> Requirement:
        source = sources.get(item.name)
        if source is None:
            return item
        place = next((str(source[key]) for key in ("git", "url", "path") if source.get(key)), item.url)
        if source.get("workspace"):
            place = place or "workspace"
        return replace(
            item,
            url=place,
            editable=bool(source.get("editable")),
            index=str(source.get("index", "") or item.index),
        )

    def indexes(self, poetry: Mapping[str, Any]) -> Iterator[Index]:
        uv = table(self.document, "tool", "uv")
        for key, kind in (("index-url", "index"), ("extra-index-url", "extra-index"), ("find-links", "find-links")):
            values = uv.get(key)
            for value in [values] if isinstance(values, str) else [text for _, text in strings(values)]:
                yield Index(kind, value, self.places.at(("tool", "uv", key)))
        tables: tuple[tuple[Any, Path], ...] = (
            (uv.get("index"), ("tool", "uv", "index")),
            (poetry.get("source"), ("tool", "poetry", "source")),
            (table(self.document, "tool", "pdm").get("source"), ("tool", "pdm", "source")),
        )
        for entries, path in tables:
            for number, entry in enumerate(entries if isinstance(entries, list) else ()):
                is_default = table(entry).get("default") or table(entry).get("priority") in ("default", "primary")
                kind = "index" if is_default else "extra-index"
                name = str(table(entry).get("name", ""))
                yield Index(kind, str(table(entry).get("url", "")), self.places.at((*path, number)), name)

    def scripts(self) -> Iterator[Script]:
        for path in (("project", "scripts"), ("tool", "poetry", "scripts")):
            for name, value in table(self.document, *path).items():
                target = value if isinstance(value, str) else str(table(value).get("reference", ""))
                yield Script(name, target, self.places.at((*path, name)))
