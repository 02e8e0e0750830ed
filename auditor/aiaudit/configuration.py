"""The configuration file: the closest `aiaudit.toml` or `[tool.aiaudit]`, read strictly."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from aiaudit.finding import Confidence, Severity
from aiaudit.listing import repository_of
from aiaudit.reading import Unreadable, read_bytes
from aiaudit.settings import Settings, UsageError
from aiaudit.suggestion import suggestion
from aiaudit.values import dataclass

FILE = "aiaudit.toml"
_KEYS = [
    "select",
    "ignore",
    "profile",
    "fail-on",
    "min-confidence",
    "exclude",
    "knowledge",
    "shellcheck",
    "date",
    "per-path-ignores",
    "rules",
    "boot",
]


def candidates(folder: str) -> Iterator[str]:
    """Where a configuration may be, the closest first; a repository's top is the end of the search."""
    top = repository_of(folder)
    while True:
        yield os.path.join(folder, FILE)
        yield os.path.join(folder, "pyproject.toml")
        parent = os.path.dirname(folder)
        if folder in (top, parent):
            return
        folder = parent


@dataclass(frozen=True, slots=True)
class Found:
    """A configuration: its table, and what is needed to say where in the file `path` something stands. `prefix` is the
    table's own place, with a dot behind it."""

    table: dict[str, Any]
    text: str
    path: str
    prefix: str

    def place_of(self, keys: Sequence[object]) -> str:
        """`file:line` of a key of the table."""
        return f"{shown(self.path)}:{line_of(self.text, self.prefix, keys)}"


def load(folder: str) -> Settings:
    """The settings that hold for an audit of this folder."""
    found = find(folder)
    return _settings(found) if found is not None else Settings()


def find(folder: str) -> Found | None:
    """The configuration that holds for a folder, not checked yet; None where there is none."""
    for path in candidates(folder):
        if not os.path.isfile(path):
            continue
        is_own = os.path.basename(path) == FILE
        try:
            data = read_bytes(path)
        except Unreadable as error:
            if is_own:
                raise UsageError(f"{shown(path)}: {error}") from None
            continue  # the audit itself names an unreadable pyproject.toml
        if is_own or b"tool.aiaudit" in data:
            table = _table(data, path, is_own)
            if table is not None:
                return Found(table, data.decode("utf-8"), path, "" if is_own else "tool.aiaudit.")
    return None


def shown(path: str) -> str:
    """A path as people call it from here."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def _table(data: bytes, path: str, is_own: bool) -> dict[str, Any] | None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        document = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{shown(path)}: no valid TOML: {error}") from None
    if is_own:
        return document
    table = document.get("tool", {}).get("aiaudit")
    return table if isinstance(table, dict) else None


def _settings(configured: Found) -> Settings:
    """Check the table against its form; every mistake is named with its line."""
    import datetime

    from pydantic import BaseModel, ConfigDict, Field, ValidationError

    class Configuration(BaseModel):
        """The form of the configuration."""

        model_config = ConfigDict(extra="forbid", frozen=True)

        select: list[str] = []
        ignore: list[str] = []
        profile: str = Field("default", pattern="^(default|pedantic)$")
        fail_on: Severity = Field(Severity.LOW, alias="fail-on")
        min_confidence: Confidence = Field(Confidence.LOW, alias="min-confidence")
        exclude: list[str] = []
        knowledge: list[str] = []
        shellcheck: bool = False
        date: datetime.date | None = None
        per_path_ignores: dict[str, list[str]] = Field({}, alias="per-path-ignores")
        rules: dict[str, dict[str, Any]] = {}
        boot: Any = None  # read by the commands that boot

    try:
        found = Configuration.model_validate(configured.table)
    except ValidationError as error:
        problems = [f"{configured.place_of(problem['loc'])}: {_explain(dict(problem))}" for problem in error.errors()]
        raise UsageError("\n".join(problems)) from None
    base = os.path.dirname(configured.path)
    named: list[tuple[str, tuple[str, ...]]] = []
    named += [(name, ("select",)) for name in found.select]
    named += [(name, ("ignore",)) for name in found.ignore]
    named += [(name, ("per-path-ignores", glob)) for glob, names in found.per_path_ignores.items() for name in names]
    named += [(name, ("rules", name)) for name in found.rules]
    return Settings(
        select=tuple(found.select),
        ignore=tuple(found.ignore),
        profile=found.profile,
        fail_on=found.fail_on,
        min_confidence=found.min_confidence,
        exclude=tuple(found.exclude),
        per_path_ignores=tuple((glob, tuple(names)) for glob, names in found.per_path_ignores.items()),
        rule_settings=tuple((name, tuple(options.items())) for name, options in found.rules.items()),
        knowledge=tuple(os.path.join(base, name) for name in found.knowledge),
        shellcheck=found.shellcheck,
        stated=frozenset(configured.table) - {"boot"},
        date=found.date.isoformat() if found.date else "",
        base=base,
        places=tuple((name, f"{configured.place_of(where)}: ") for name, where in named),
    )


def _explain(problem: dict[str, Any]) -> str:
    """One mistake in words."""
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden" and where == "tool":
        return f"unknown key 'tool': in {FILE} the keys stand at the top, without [tool.aiaudit]"
    if problem["type"] == "extra_forbidden":
        return f"unknown key {where!r}{suggestion(where, _KEYS)}"
    if problem["type"] == "string_pattern_mismatch":
        return f"{where}: {problem['input']!r} is neither 'default' nor 'pedantic'"
    if problem["type"].startswith("date"):
        return f"{where}: write YYYY-MM-DD, not {problem['input']!r}"
    return f"{where}: {problem['msg'].lower()}, not {problem['input']!r}"


def line_of(text: str, prefix: str, keys: Sequence[object]) -> int:
    """The line of a key in a TOML text: of the key itself, or of the closest table or key above it."""
    wanted = [str(key) for key in keys]
    best, best_depth = 1, -1
    table: list[str] = []
    start = [part for part in prefix.split(".") if part]
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+\s*(.+?)\s*\]+\s*(?:#.*)?$", line)
        pair = re.match(r"\s*([^=#\[\]]+?)\s*=", line)
        if header:
            table = _parts(header[1])
            path = table
        elif pair:
            path = table + _parts(pair[1])
        else:
            continue
        depth = _shared(path, start + wanted)
        if depth in (len(path), len(start) + len(wanted)) and depth > best_depth:
            best, best_depth = number, depth
    return best


def _parts(key: str) -> list[str]:
    """The parts of a dotted key, quotes left out."""
    return [part.strip("\"' ") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", key)]


def _shared(path: list[str], wanted: list[str]) -> int:
    """How many leading parts of the path are the wanted ones."""
    count = 0
    for one, other in zip(path, wanted, strict=False):
        if one != other:
            break
        count += 1
    return count
