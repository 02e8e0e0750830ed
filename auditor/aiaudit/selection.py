"""Settings applied to the catalogue: which rules run, with which options, where they are ignored."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable
from typing import Any

from aiaudit.catalogue import Catalogue
from aiaudit.finding import Finding, Severity
from aiaudit.rule import Rule
from aiaudit.settings import Settings, UsageError, suggestion


class Selection:
    """The rules of one audit. A name that stands for no rule and an option that no rule has are usage errors."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self.catalogue = catalogue
        self.settings = settings
        self._ignored_paths = [(_spec([glob]), self._ids(names)) for glob, names in settings.per_path_ignores]
        self._options: dict[str, Any] = {}
        self._severities: dict[str, Severity] = {}
        for name, options in settings.rule_settings:
            self._configure(name, dict(options))
        self.rules = self._select()

    def _select(self) -> tuple[Rule, ...]:
        settings = self.settings
        wanted = self._ids(settings.select)
        unwanted = self._ids(settings.ignore)
        return tuple(
            rule
            for rule in self.catalogue.rules
            if rule.id not in unwanted
            and (rule.id in wanted if settings.select else settings.profile in ("pedantic", rule.profile))
        )

    def options(self, rule: Rule) -> Any:
        """The options in force of a rule that has any, else None."""
        return self._options.get(rule.id, rule.options)

    def adjusted(self, finding: Finding) -> Finding:
        """The finding with the severity that the settings give its rule."""
        severity = self._severities.get(finding.rule)
        return finding if severity is None else dataclasses.replace(finding, severity=severity)

    def exclusion(self, root: str) -> Callable[[str], bool] | None:
        """Whether the settings exclude a path of this root; naming an excluded folder lifts the exclusion in it."""
        if not self.settings.exclude:
            return None
        spec = _spec(self.settings.exclude)
        prefix = self._prefix(root)
        if prefix and spec.match_file(f"{prefix}/"):
            return None
        return lambda path: bool(spec.match_file(f"{prefix}/{path}" if prefix else path))

    def ignores(self, finding: Finding, root: str) -> bool:
        """Whether the settings ignore this rule at this path."""
        if not self._ignored_paths:
            return False
        prefix = self._prefix(root)
        path = f"{prefix}/{finding.span.path}" if prefix else finding.span.path
        return any(finding.rule in ids and spec.match_file(path) for spec, ids in self._ignored_paths)

    def _prefix(self, root: str) -> str:
        """The root, seen from the folder of the configuration file."""
        base = self.settings.base or root
        prefix = os.path.relpath(root, base).replace(os.sep, "/")
        return "" if prefix == "." or prefix.startswith("..") else prefix

    def _ids(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(rule.id for name in names for rule in self._named(name))

    def _named(self, name: str) -> tuple[Rule, ...]:
        rules = self.catalogue.find(name)
        if rules:
            return rules
        place = self.settings.place_of(name)
        raise UsageError(f"{place}unknown rule {name!r}{suggestion(name, self.catalogue.names())}")

    def _configure(self, name: str, given: dict[str, Any]) -> None:
        """Check the settings of one rule: `severity`, and its own typed options."""
        place = self.settings.place_of(name)
        severity = given.pop("severity", None)
        for rule in self._named(name):
            if severity is not None:
                try:
                    self._severities[rule.id] = Severity(severity)
                except ValueError:
                    known = ", ".join(level.value for level in Severity)
                    raise UsageError(f"{place}{name}: severity {severity!r} is none of {known}") from None
            if given:
                self._options[rule.id] = _options(rule, given, place)


def _options(rule: Rule, given: dict[str, Any], place: str) -> Any:
    """The rule's options with the given values, checked against their types."""
    from pydantic import TypeAdapter, ValidationError

    known = [field.name.replace("_", "-") for field in dataclasses.fields(rule.options)] if rule.options else []
    for key in given:
        if key not in known:
            raise UsageError(f"{place}rule {rule.name} has no option {key!r}{suggestion(key, [*known, 'severity'])}")
    values = {field.name: getattr(rule.options, field.name) for field in dataclasses.fields(rule.options)}
    values.update({key.replace("-", "_"): value for key, value in given.items()})
    try:
        return TypeAdapter(type(rule.options)).validate_python(values)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(part) for part in problem["loc"]).replace("_", "-")
        raise UsageError(f"{place}rule {rule.name}, option {where}: {problem['msg'].lower()}") from None


def _spec(patterns: Iterable[str]) -> Any:
    import pathspec

    return pathspec.GitIgnoreSpec.from_lines(list(patterns))
