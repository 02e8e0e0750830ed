"""The driver that a program has for a store, as far as addresses name it: `postgresql+asyncpg://`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from aiaudit.boot.dummies import STUBBED
from aiaudit.model.compose import compose_files
from aiaudit.model.service import Service
from aiaudit.sources.deploy.environment import EnvironmentFacts


def driver(scheme: str, written: Iterable[str], paths: Iterable[str]) -> str:
    """The scheme of a store's address with its driver: that of an address which is written down somewhere, else what
    the callables at `paths` demand."""
    if not scheme or scheme in STUBBED:
        return scheme
    for text in written:
        found, separator, _ = text.partition("://")
        if separator and found.startswith(f"{scheme}+"):
            return found
    is_asynchronous = any(path.endswith(".create_async_engine") for path in paths)
    return "postgresql+asyncpg" if scheme == "postgresql" and is_asynchronous else scheme


def written_values(service: Service) -> dict[str, list[str]]:
    """Variable -> the values that deploy files and example files have for it; only their schemes are looked at."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in compose_files(service):
        for item in file.services:
            for variable in item.environment:
                found[variable.name].append(variable.value or "")
    for path in service.tree.files("environment"):
        facts = service.tree.facts(path, "environment")
        for entry in facts.entries if isinstance(facts, EnvironmentFacts) else ():
            found[entry.name].append(entry.value or "")
    return found
