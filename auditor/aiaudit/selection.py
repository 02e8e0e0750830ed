"""Settings applied to the catalogue: which rules run, with which options, where they are ignored."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any

from aiaudit.adoption import Adoption
from aiaudit.catalogue import Catalogue
from aiaudit.finding import Finding, Severity
from aiaudit.naming import Names, named
from aiaudit.programs import is_installed
from aiaudit.rule import Rule
from aiaudit.settings import Settings, UsageError
from aiaudit.suggestion import suggestion
from aiaudit.values import names_of, replace


class Selection:
    """The rules of one audit. A name that stands for no rule and an option that no rule has are usage errors.

    `adopted` is what another linter's configuration says, for what the settings leave open.
    """

    def __init__(self, catalogue: Catalogue, settings: Settings, adopted: Adoption | None = None) -> None:
        self.catalogue = catalogue
        self.settings = settings
        self.adopted = adopted or Adoption()
        self._ignored_paths = [(_spec([glob]), self._names(names)) for glob, names in settings.per_path_ignores]
        self._options: dict[str, Any] = {}
        self._severities: dict[str, Severity] = dict(self.adopted.severities)
        self._wanted = self._names(settings.select)
        self._unwanted = self._names(settings.ignore).united(self.adopted.ignored)
        for rule_id, taken in self.adopted.options.items():
            self._adopt(rule_id, taken)
        for name, options in settings.rule_settings:
            self._configure(name, dict(options))

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of the audit, whether they have anything to look at or not."""
        return self._chosen(self.catalogue.rules)

    @cached_property
    def present(self) -> tuple[Rule, ...]:
        """Those of them that may have something to look at."""
        return self._chosen(self.catalogue.loaded)

    def _chosen(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        return tuple(rule for rule in rules if rule.id not in self._unwanted.rules and self._is_chosen(rule))

    def _is_chosen(self, rule: Rule) -> bool:
        """Whether a rule was selected, or is one of the profile; one that needs a program only where that is there."""
        settings = self.settings
        if settings.shellcheck and rule.program == "shellcheck":
            return True
        if settings.select:
            return rule.id in self._wanted.touched
        return settings.profile in ("pedantic", rule.profile) and (not rule.program or is_installed(rule.program))

    def reports(self, finding: Finding) -> bool:
        """Whether a finding that passes on another tool's id is one of those selected and not ignored."""
        if not finding.code:
            return True
        if self._unwanted.hold(finding):
            return False
        whole = self.settings.shellcheck or not self.settings.select or finding.rule in self._wanted.rules
        return whole or self._wanted.hold(finding)

    def options(self, rule: Rule) -> Any:
        """The options in force of a rule that has any, else None."""
        return self._options.get(rule.id, rule.options)

    def adjusted(self, finding: Finding) -> Finding:
        """The finding with the severity that the settings give its rule."""
        severity = self._severities.get(finding.rule)
        return finding if severity is None else replace(finding, severity=severity)

    def ignores(self, finding: Finding, root: str) -> bool:
        """Whether the settings ignore this rule at this path."""
        if not self._ignored_paths:
            return False
        prefix = _prefix(self.settings, root)
        path = f"{prefix}/{finding.span.path}" if prefix else finding.span.path
        return any(names.hold(finding) and spec.match_file(path) for spec, names in self._ignored_paths)

    def _names(self, names: Iterable[str]) -> Names:
        return named(names, self._named)

    def _named(self, name: str) -> tuple[Rule, ...]:
        rules = self.catalogue.find(name)
        if rules:
            return rules
        place = self.settings.place_of(name)
        raise UsageError(f"{place}unknown rule {name!r}{suggestion(name, self.catalogue.names())}")

    def _adopt(self, rule_id: str, options: dict[str, Any]) -> None:
        """Take over options; a value that the rule does not take is told, and is no mistake of the user's."""
        for name, value in options.items():
            try:
                self._configure(rule_id, {name: value})
            except UsageError as error:
                self.adopted.notes.append(f"not taken: {error}")

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
                self._options[rule.id] = _options(rule, self._options.get(rule.id, rule.options), given, place)


def exclusion(settings: Settings, root: str) -> Callable[[str], bool] | None:
    """Whether the settings exclude a path of this root; naming an excluded folder lifts the exclusion in it."""
    if not settings.exclude:
        return None
    spec = _spec(settings.exclude)
    prefix = _prefix(settings, root)
    if prefix and spec.match_file(f"{prefix}/"):
        return None
    return lambda path: bool(spec.match_file(f"{prefix}/{path}" if prefix else path))


def _prefix(settings: Settings, root: str) -> str:
    """The root, seen from the folder of the configuration file."""
    base = settings.base or root
    prefix = os.path.relpath(root, base).replace(os.sep, "/")
    return "" if prefix == "." or prefix.startswith("..") else prefix


def _options(rule: Rule, start: Any, given: dict[str, Any], place: str) -> Any:
    """The rule's options, from these on, with the given values, checked against their types."""
    from pydantic import TypeAdapter, ValidationError

    known = [name.replace("_", "-") for name in names_of(rule.options)] if rule.options else []
    for key in given:
        if key not in known:
            raise UsageError(f"{place}rule {rule.name} has no option {key!r}{suggestion(key, [*known, 'severity'])}")
    values = {name: getattr(start, name) for name in names_of(rule.options)}
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
