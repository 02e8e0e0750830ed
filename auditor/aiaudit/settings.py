"""What an audit should do: plain values, from the command line and from the configuration file."""

from __future__ import annotations

from typing import Any

from aiaudit.finding import Confidence, Severity
from aiaudit.values import dataclass


class UsageError(Exception):
    """A wrong argument or a wrong configuration; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All switches of an audit, with their defaults.

    `shellcheck` adds the rule that passes on what ShellCheck says. `stated` are the keys that a configuration file or
    the command line gave a value. `date` is the day of the audit (ISO 8601), "" for today. `base` is the folder that
    patterns and paths are relative to: the configuration file's. `places` says where in that file a rule was named, for
    messages.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    profile: str = "default"
    fail_on: Severity = Severity.LOW
    min_confidence: Confidence = Confidence.LOW
    exclude: tuple[str, ...] = ()
    per_path_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    rule_settings: tuple[tuple[str, tuple[tuple[str, Any], ...]], ...] = ()
    knowledge: tuple[str, ...] = ()
    ignores: bool = True
    shellcheck: bool = False
    stated: frozenset[str] = frozenset()
    date: str = ""
    base: str = ""
    places: tuple[tuple[str, str], ...] = ()

    @property
    def named(self) -> tuple[str, ...]:
        """Every name of a rule in these settings."""
        by_path = (name for _, names in self.per_path_ignores for name in names)
        return (*self.select, *self.ignore, *by_path, *(name for name, _ in self.rule_settings))

    def place_of(self, name: str) -> str:
        """`file:line: ` where the configuration names a rule, "" for one from the command line."""
        return dict(self.places).get(name, "")
