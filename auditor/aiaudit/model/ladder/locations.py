"""Which location of an nginx server answers a path, and what path the application then sees."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiaudit.sources.deploy.nginx import Directive

_MODIFIERS = ("=", "~", "~*", "^~")
# Locations that forward to an application for other things than its routes.
_ASIDE = frozenset(
    ("static", "media", "admin", "docs", "health", "healthz", "metrics", "favicon.ico", "openapi.json", "redoc", "ws")
)


def chosen(locations: Sequence[Directive], path: str) -> Directive | None:
    """The location for a path, as nginx has it: an exact one, else a regular expression, else the longest prefix."""
    prefixes = [
        location for location in locations if _modifier(location) in ("", "^~") and path.startswith(_path(location))
    ]
    best = max(prefixes, key=lambda location: len(_path(location)), default=None)
    for location in locations:
        if _modifier(location) == "=" and _path(location) == path:
            return location
    if best is None or _modifier(best) != "^~":
        for location in locations:
            if _modifier(location) in ("~", "~*") and _matches(location, path):
                return location
    return best


def serves(
    location: Directive, target: str, locations: Sequence[Directive], own: Sequence[Directive], path: str
) -> bool:
    """Whether a location that forwards to `target` answers the path that a route of the application has there.

    `own` are those of the locations that forward to the application. A route whose path is not known, "" or without a
    prefix that only a setting tells, is answered by the one of them that is there for routes.
    """
    found = chosen(locations, path) if path else None
    if all(found is not other for other in own):
        return [other for other in own if not _is_aside(other)] == [location]
    rest = target.partition("://")[2]
    replaced = f"/{rest.partition('/')[2]}" if "/" in rest else None
    if replaced is None or _modifier(location) in ("~", "~*"):
        return found is location
    return path.startswith(replaced) and chosen(locations, _path(location) + path[len(replaced) :]) is location


def _modifier(location: Directive) -> str:
    return location.first if location.first in _MODIFIERS else ""


def _path(location: Directive) -> str:
    return location.arguments[-1] if location.arguments else "/"


def _matches(location: Directive, path: str) -> bool:
    try:
        return re.search(_path(location), path, re.IGNORECASE if location.first == "~*" else 0) is not None
    except re.error:
        return False


def _is_aside(location: Directive) -> bool:
    return bool(_ASIDE.intersection(_path(location).strip("^~/").split("/")))
