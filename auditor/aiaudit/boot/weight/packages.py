"""Installed packages as all managers have them, and where each manager keeps its list."""

from __future__ import annotations

from collections.abc import Iterable

from aiaudit.patterns import regex
from aiaudit.values import dataclass

DEBIAN, ALPINE, WHEEL = "deb", "apk", "wheel"

_TOLD = regex(
    r"/var/lib/dpkg/status|/var/lib/dpkg/status\.d/[^/]+|/var/lib/dpkg/info/[^/]+\.list|/var/lib/apt/extended_states"
    r"|/(?:usr/)?lib/apk/db/installed|/etc/apk/world|.*\.dist-info/(?:RECORD|METADATA|REQUESTED)"
)


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package. `files` are absolute paths; `needs` are names (of packages or of what they provide) that it
    cannot do without, `wants` those that came along as a recommendation; `provides` are its other names.

    `is_asked_for` tells that somebody installed it by name, `is_essential` that the system does not work without it,
    `is_tool` that it is there to build others.
    """

    name: str
    manager: str
    files: tuple[str, ...]
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    is_asked_for: bool = False
    is_essential: bool = False
    is_tool: bool = False

    @property
    def key(self) -> str:
        """A name that no package of another manager has."""
        return f"{self.manager}:{self.name}"


def tells_of_packages(path: str) -> bool:
    """Whether a file is read to learn what is installed."""
    return _TOLD.fullmatch(path) is not None


def stanzas(text: str) -> Iterable[dict[str, str]]:
    """Blocks of `Field: value` lines, as Debian and Python write them; lines that go on belong to their field."""
    for block in text.split("\n\n"):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line[:1] in (" ", "\t") and name:
                fields[name] += f" {line.strip()}"
            elif ":" in line:
                name, _, value = line.partition(":")
                fields[name] = f"{fields[name]}, {value.strip()}" if name in fields else value.strip()
        if fields:
            yield fields
