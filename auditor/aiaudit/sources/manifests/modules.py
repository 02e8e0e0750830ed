"""Which packages a pyproject.toml tells its build backend to take."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from aiaudit.sources.manifests.places import strings, table


def stated_modules(document: Mapping[str, Any]) -> Iterator[str]:
    """Paths below the project's folder; one that ends with `/` means every package in the folder."""
    yield from _poetry(table(document, "tool", "poetry").get("packages"))
    wheel = table(document, "tool", "hatch", "build", "targets", "wheel")
    for key in ("packages", "only-include"):
        yield from (text.rstrip("/") for _, text in strings(wheel.get(key)))
    backend = table(document, "tool", "uv", "build-backend")
    names = backend.get("module-name")
    if names:
        root = backend.get("module-root", "src")
        listed = [names] if isinstance(names, str) else [text for _, text in strings(names)]
        yield from (posixpath.join(str(root), name.replace(".", "/")) for name in listed)
    yield from _setuptools(table(document, "tool", "setuptools"))


def _poetry(entries: Any) -> Iterator[str]:
    for entry in entries if isinstance(entries, list) else ():
        included = table(entry).get("include")
        if isinstance(included, str):
            yield posixpath.join(str(table(entry).get("from", "")), included.removesuffix("/**/*").rstrip("/"))


def _setuptools(options: Mapping[str, Any]) -> Iterator[str]:
    root = table(options, "package-dir").get("", "")
    packages = options.get("packages")
    if isinstance(packages, Mapping):
        for _, where in strings(table(packages, "find").get("where")):
            yield "/" if where == "." else f"{where.rstrip('/')}/"
    else:
        for _, name in strings(packages):
            yield posixpath.join(str(root), name.partition(".")[0])
    for _, name in strings(options.get("py-modules")):
        yield posixpath.join(str(root), f"{name}.py")
