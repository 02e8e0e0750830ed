"""What is taken over from hadolint's configuration for what the own configuration leaves open."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from aiaudit.catalogue import Catalogue
from aiaudit.finding import Severity
from aiaudit.hadolint import Hadolint
from aiaudit.naming import Names, named
from aiaudit.peers import covered
from aiaudit.rule import Rule
from aiaudit.settings import Settings
from aiaudit.values import dataclass, field, names_of

_REGISTRIES, _LABELS, _STRICT = "trusted-registries", "label-schema", "strict-labels"


@dataclass(slots=True)
class Adoption:
    """What hadolint's file changes.

    `severities` and `options` are by rule id. `thresholds` tells from which severity on the findings of a rule make the
    audit fail, None for never. `notes` say in words what was taken and what was not.
    """

    ignored: Names = field(default_factory=Names)
    severities: dict[str, Severity] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    thresholds: dict[str, Severity | None] = field(default_factory=dict)
    honours_comments: bool = True
    notes: list[str] = field(default_factory=list)


def adopt(peer: Hadolint, catalogue: Catalogue, settings: Settings) -> Adoption:
    """Go through what the file says; where the own settings speak of the same, they win."""
    return _Adopter(peer, catalogue, settings).run()


class _Adopter:
    """One file against one set of settings."""

    def __init__(self, peer: Hadolint, catalogue: Catalogue, settings: Settings) -> None:
        self.peer = peer
        self.catalogue = catalogue
        self.settings = settings
        self.place = os.path.relpath(peer.path, settings.base or os.path.dirname(peer.path)).replace(os.sep, "/")
        self.found = Adoption(honours_comments=peer.honours_comments)
        configured = [name for name, _ in settings.rule_settings]
        self.own = named([*configured, *settings.select], catalogue.find_exactly)
        rated = [name for name, options in settings.rule_settings if "severity" in dict(options)]
        self.rated = named(rated, catalogue.find).touched

    def run(self) -> Adoption:
        """Everything in the order in which it is told."""
        peer = self.peer
        self._ignore()
        self._override()
        self._threshold()
        values: dict[str, Any] = {
            _REGISTRIES: peer.registries,
            _LABELS: peer.labels,
            _STRICT: peer.strict_labels or None,
        }
        for option, value in values.items():
            if value is not None:
                self._option(option, value)
        if not peer.honours_comments:
            self._note("hadolint's comments are not honoured (disable-ignore-pragma)")
        for key in peer.unread:
            self._note(f"{key} is not taken: it means nothing here or has another form")
        return self.found

    def _ignore(self) -> None:
        taken: dict[str, Names] = {}
        for name in self.peer.ignored:
            meant = named([name], self.catalogue.find_exactly)
            if not meant:
                self._note(f"{name} is not taken: no rule covers it")
            elif meant.touched & self.own.rules or meant.codes & self.own.codes:
                self._note(f"{name} is not taken: the own configuration speaks of {self._called(meant.touched)}")
            else:
                taken[name] = meant
                self.found.ignored = self.found.ignored.united(meant)
        if taken:
            told = ", ".join(f"{name} ({self._called(meant.touched)})" for name, meant in taken.items())
            self._note(f"ignored are {told}")

    def _override(self) -> None:
        for name, severity in self.peer.overrides:
            rules = [rule for rule in self.catalogue.find_exactly(name) if not rule.reports(name)]
            for rule in rules:
                if rule.id in self.rated:
                    self._note(f"the severity of {name} is not taken: the own configuration rates {rule.name}")
                else:
                    self.found.severities[rule.id] = severity
                    self._note(f"{name} ({rule.name}) is {severity.value}")
            if not rules:
                self._note(f"the severity of {name} is not taken: no rule covers it alone")

    def _threshold(self) -> None:
        peer = self.peer
        if peer.threshold is None and not peer.never_fails:
            return
        key = "no-fail" if peer.never_fails else "failure-threshold"
        if "fail-on" in self.settings.stated:
            self._note(f"{key} is not taken: the own configuration has fail-on")
            return
        limit = None if peer.never_fails else peer.threshold
        rules = {rule.id for _, rule in covered(self.catalogue.rules, "hadolint")}
        self.found.thresholds = dict.fromkeys(sorted(rules), limit)
        effect = "never fail" if limit is None else f"fail from {limit.value} on"
        self._note(f"rules that hadolint has too {effect} ({key})")

    def _option(self, option: str, value: Any) -> None:
        """Give a value to every rule that has an option of this name."""
        rules = [rule for rule in self.catalogue.rules if option.replace("-", "_") in _options_of(rule)]
        configured = {
            rule.id
            for name, options in self.settings.rule_settings
            if option in dict(options)
            for rule in self.catalogue.find(name)
        }
        for rule in rules:
            if rule.id in configured:
                self._note(f"{option} is not taken: the own configuration sets it for {rule.name}")
            else:
                self.found.options.setdefault(rule.id, {})[option] = dict(value) if option == _LABELS else value
        if not rules:
            self._note(f"{option} is not taken: no rule has it")
        elif set(configured) != {rule.id for rule in rules}:
            self._note(f"{option} is taken by {self._called(rule.id for rule in rules if rule.id not in configured)}")

    def _called(self, ids: Iterable[str]) -> str:
        wanted = frozenset(ids)
        return ", ".join(rule.name for rule in self.catalogue.rules if rule.id in wanted)

    def _note(self, text: str) -> None:
        self.found.notes.append(f"{self.place}: {text}")


def _options_of(rule: Rule) -> set[str]:
    return set(names_of(rule.options)) if rule.options is not None else set()
