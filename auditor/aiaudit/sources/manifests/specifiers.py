"""Requirement strings: PEP 508, and what pip, poetry and Pipfiles allow beside it."""

from __future__ import annotations

import re

from aiaudit.patterns import regex
from aiaudit.sources.manifests.facts import MAIN, Requirement
from aiaudit.span import Extent
from aiaudit.values import dataclass

_PINNED = regex(r"===?\s*([^\s,*]+)")
_BARE_VERSION = regex(r"=?\s*v?(\d[\w.!+-]*)")
_EGG = regex(r"[#&]egg=([A-Za-z0-9._-]+)")
_NAME = regex(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_SEPARATORS = regex(r"[-_.]+")
# What nearly all requirements are: a name, extras, and a clause with a plain version, or a lower and an upper bound.
_VERSION = r"[0-9]+(?:\.[0-9]+)*(?:(?:a|b|rc)[0-9]+)?(?:\.post[0-9]+)?(?:\.dev[0-9]+)?"
_CLAUSE = rf"[<>]=?[ \t]*{_VERSION}|[=!]=[ \t]*{_VERSION}(?:\+[a-z0-9]+(?:\.[a-z0-9]+)*)?|~=[ \t]*[0-9]+(?:\.[0-9]+)+"
_PLAIN = regex(
    rf"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)[ \t]*"
    rf"(?:\[(?P<extras>[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*(?:,[ ]?[A-Za-z0-9]+(?:[-_][A-Za-z0-9]+)*)*)\][ \t]*)?"
    rf"(?P<first>{_CLAUSE})?(?:[ \t]*,[ \t]*(?P<second>[<>]=?[ \t]*{_VERSION}))?"
)
_NO_NAME = regex(r"[A-Za-z0-9._-]*[/:+$]")


def normalized(name: str) -> str:
    """A package's name as indexes compare it (PEP 503)."""
    return _SEPARATORS.sub("-", name).lower()


def pin_of(specifier: str) -> str | None:
    """The one version that a PEP 440 specifier allows."""
    match = _PINNED.fullmatch(specifier.strip())
    return match[1] if match else None


def tool_pin_of(specifier: str) -> str | None:
    """The same for poetry and Pipfiles, where a bare version is exact."""
    match = _BARE_VERSION.fullmatch(specifier.strip())
    return match[1] if match else pin_of(specifier)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A requirement string taken apart."""

    name: str
    specifier: str = ""
    extras: tuple[str, ...] = ()
    marker: str = ""
    url: str = ""


def parse(text: str) -> Parsed | None:
    """Take a requirement string apart; None if it is none."""
    plain = _PLAIN.fullmatch(text)
    if plain is not None and (
        plain["second"] is None or (plain["first"] or "")[:1] + plain["second"][0] in ("<>", "><")
    ):
        return _plain(plain)
    if _NO_NAME.match(text):
        return _reference(text)
    from packaging.requirements import InvalidRequirement
    from packaging.requirements import Requirement as Pep508

    try:
        found = Pep508(text)
    except (InvalidRequirement, RecursionError):
        return _reference(text)
    return Parsed(
        normalized(found.name),
        str(found.specifier),
        tuple(sorted(found.extras)),
        str(found.marker or ""),
        found.url or "",
    )


def _plain(match: re.Match[str]) -> Parsed:
    """A requirement that needs no grammar: importing one takes longer than reading all of a service's requirements."""
    clauses = [re.sub(r"[ \t]", "", match[group]) for group in ("first", "second") if match[group]]
    extras = (match["extras"] or "").replace(" ", "").split(",") if match["extras"] else ()
    return Parsed(normalized(match["name"]), ",".join(sorted(clauses)), tuple(sorted(set(extras))))


def _reference(text: str) -> Parsed | None:
    """A path, archive, URL or VCS address as pip takes it."""
    place, _, marker = text.partition(" ;")
    place = place.strip()
    extras: tuple[str, ...] = ()
    if place.endswith("]") and "[" in place:
        place, _, listed = place[:-1].rpartition("[")
        extras = tuple(sorted(part.strip() for part in listed.split(",") if part.strip()))
    if not _is_place(place):
        return None
    return Parsed(_name_in(place), "", extras, marker.strip(), place)


def _is_place(place: str) -> bool:
    if " " in place or not place:
        return False
    if "://" in place or place.startswith((".", "/", "file:", "~", "$")):
        return True
    return "/" in place or place.endswith((".whl", ".tar.gz", ".zip"))


def _name_in(place: str) -> str:
    """The name that an address gives away: `#egg=name`, a wheel's file name, a repository's name."""
    egg = _EGG.search(place)
    if egg:
        return normalized(egg[1])
    last = place.partition("#")[0].rstrip("/").rpartition("/")[2]
    if last.endswith(".whl"):
        return normalized(last.partition("-")[0])
    if last.endswith((".tar.gz", ".zip")):
        return normalized(last.rpartition("-")[0])
    if place.startswith(("git+", "hg+", "svn+")):
        match = _NAME.match(last.partition("@")[0].removesuffix(".git"))
        return normalized(match[0]) if match else ""
    return ""


def requirement(text: str, extent: Extent, group: str = MAIN, optional: bool = False) -> Requirement | None:
    """The requirement that a PEP 508 string states; None if it is none."""
    found = parse(text)
    if found is None:
        return None
    return Requirement(
        found.name,
        found.specifier,
        pin_of(found.specifier),
        extent,
        found.extras,
        found.marker,
        group,
        found.url,
        optional=optional,
    )
