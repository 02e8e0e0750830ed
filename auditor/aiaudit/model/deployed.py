"""What the files beside a program give the variables that it reads: compose files, manifests, environment files."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.compose import Variable, read_compose
from aiaudit.model.kubernetes import read_manifests
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.deploy.environment import EnvironmentFacts
from aiaudit.sources.deploy.yaml import YamlFacts

# The beginning of `${NAME:-value}`: the value holds where nobody sets the variable.
_FALLBACK = regex(r"\$\{\w+:?-")


def values_given(name: str, tree: Tree) -> list[str]:
    """The values of an environment variable, as they are written; what is passed through is left out."""
    found: list[str] = []
    for path in tree.files("yaml"):
        if tree.mentions(path, (name,)):
            facts = tree.facts(path, "yaml")
            given = _variables(path, facts) if isinstance(facts, YamlFacts) else ()
            found += [variable.value for variable in given if variable.name == name and variable.value]
    for path in tree.files("environment"):
        if tree.mentions(path, (name,)):
            facts = tree.facts(path, "environment")
            entry = facts.get(name) if isinstance(facts, EnvironmentFacts) else None
            if entry is not None and entry.value:
                found.append(entry.value)
    return [_set(value) for value in found]


def _variables(path: str, facts: YamlFacts) -> Iterator[Variable]:
    compose = read_compose(path, facts)
    for service in compose.services if compose is not None else ():
        yield from service.environment
    for manifest in read_manifests(path, facts) if compose is None else ():
        if not manifest.encoded:
            yield from manifest.data
        for container in manifest.containers:
            yield from container.environment


def _set(value: str) -> str:
    fallback = _FALLBACK.match(value)
    return value[fallback.end() :] if fallback is not None else value
