"""The extractors by name: module, what it gets, and how its facts are kept in the store."""

from __future__ import annotations

import importlib
from typing import Any

from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Extractor:
    """One way to read a file. `module` has `VERSION` and `extract`; `plain` facts are tuples that marshal can keep."""

    name: str
    module: str
    takes_path: bool = False
    plain: bool = False

    @property
    def version(self) -> int:
        """The version of the facts' form; part of the key under which facts are kept."""
        return int(importlib.import_module(self.module).VERSION)

    def extract(self, text: str, path: str) -> Any:
        """The facts of one text."""
        function = importlib.import_module(self.module).extract
        return function(text, path) if self.takes_path else function(text)


EXTRACTORS: dict[str, Extractor] = {
    extractor.name: extractor
    for extractor in (
        Extractor("dockerfile", "aiaudit.sources.dockerfile.parse"),
        Extractor("shellcheck", "aiaudit.sources.dockerfile.shellcheck", plain=True),
        Extractor("python", "aiaudit.sources.python.extract", plain=True),
        Extractor("links", "aiaudit.sources.python.links", plain=True),
        Extractor("manifest", "aiaudit.sources.manifests", takes_path=True),
        Extractor("secrets", "aiaudit.sources.secrets", takes_path=True),
        Extractor("yaml", "aiaudit.sources.deploy.yaml"),
        Extractor("embedded", "aiaudit.sources.dockerfile.embedded"),
        Extractor("hcl", "aiaudit.sources.deploy.hcl"),
        Extractor("environment", "aiaudit.sources.deploy.environment"),
        Extractor("nginx", "aiaudit.sources.deploy.nginx"),
        Extractor("ignore", "aiaudit.sources.deploy.ignore"),
        Extractor("suppressions", "aiaudit.sources.suppressions", takes_path=True, plain=True),
    )
}


def are_lasting(extractor: str, facts: Any) -> bool:
    """Whether the same text would give the same facts again, and not only because a program was missing or slow."""
    return extractor != "shellcheck" or facts[0] is None


def problem_of(extractor: str, facts: Any) -> tuple[str, int] | None:
    """Why the facts are not the whole file, and the line: the audit of that file is incomplete then."""
    if extractor == "links":
        return None
    if extractor == "shellcheck":
        return None if facts[0] is None else (str(facts[0]), 1)
    if extractor == "hcl":
        return None  # only builds are stated there: whoever reads them warns
    problem = _parse_problem(extractor, facts)
    return None if problem is None else (f"cannot be parsed: {problem[0]}", problem[1])


def _parse_problem(extractor: str, facts: Any) -> tuple[str, int] | None:
    if extractor == "python":
        problem = facts[0]
        return None if problem is None else (str(problem[0]), int(problem[1]))
    first = facts.unread if extractor == "dockerfile" else next(iter(getattr(facts, "problems", ())), None)
    return None if first is None else (str(first.message), int(first.extent.line))
