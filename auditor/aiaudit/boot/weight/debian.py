"""Debian's packages: dpkg's status, the file lists, and what apt says was asked for."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.boot.weight.packages import DEBIAN, Package, stanzas
from aiaudit.boot.weight.tree import FileTree
from aiaudit.model.image.tools import tool_kind
from aiaudit.patterns import regex

_INFO = "/var/lib/dpkg/info"
_NAME = regex(r"[a-z0-9][a-z0-9+.-]*")
# What programs use without asking for it by a dependency: certificates, time zones, the resolver's tables.
_SILENT = ("ca-certificates", "tzdata", "netbase", "media-types", "openssl")


def debian_packages(tree: FileTree) -> Iterator[Package]:
    """What dpkg calls installed."""
    automatic = _automatic(tree.text("/var/lib/apt/extended_states") or "")
    owned = _own_files(tree)
    for fields in _stanzas(tree):
        name = fields.get("Package", "")
        if not name or not fields.get("Status", "install ok installed").endswith(" installed"):
            continue
        own = (*owned.get(name, ()), *owned.get(f"{name}:{fields.get('Architecture', '')}", ()))
        listed = [line for path in own if path.endswith(".list") for line in (tree.text(path) or "").splitlines()]
        files = tuple(tree.resolved(posixpath.normpath(path)) for path in listed if path.startswith("/"))
        is_vital = fields.get("Essential") == "yes" or fields.get("Priority") == "required" or name in _SILENT
        yield Package(
            name,
            DEBIAN,
            (*files, *own),
            needs=_names(f"{fields.get('Pre-Depends', '')},{fields.get('Depends', '')}"),
            wants=_names(fields.get("Recommends", "")),
            provides=_names(fields.get("Provides", "")),
            is_asked_for=name not in automatic,
            is_essential=is_vital,
            is_tool=tool_kind(name) is not None and not name.endswith("-base"),  # gcc-12-base is part of every system
        )


def _stanzas(tree: FileTree) -> Iterator[dict[str, str]]:
    """The packages of the one status file, or of the many that images without a package manager have."""
    yield from stanzas(tree.text("/var/lib/dpkg/status") or "")
    for path in tree.entries:
        if path.startswith("/var/lib/dpkg/status.d/") and not path.endswith(".md5sums"):
            yield from stanzas(tree.text(path) or "")


def _own_files(tree: FileTree) -> dict[str, list[str]]:
    """dpkg's own files about each package, by the package's name as they have it."""
    found: dict[str, list[str]] = {}
    for path in tree.entries:
        if path.startswith(f"{_INFO}/"):
            found.setdefault(posixpath.basename(path).rpartition(".")[0], []).append(path)
    return found


def _automatic(text: str) -> frozenset[str]:
    """Packages that came along with others."""
    return frozenset(fields["Package"] for fields in stanzas(text) if fields.get("Auto-Installed") == "1")


def _names(text: str) -> tuple[str, ...]:
    """The package names of a relation: every alternative, without versions and architectures."""
    words = (word.strip() for part in text.split(",") for word in part.split("|"))
    return tuple(match[0] for word in words if (match := _NAME.match(word)))
