"""What an audit should do: plain values, from the command line and from the configuration file."""

from __future__ import annotations

from dataclasses import dataclass

from aiaudit.finding import Confidence, Severity


class UsageError(Exception):
    """A wrong argument or a wrong configuration; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All switches of an audit, with their defaults."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    profile: str = "default"
    fail_on: Severity = Severity.LOW
    min_confidence: Confidence = Confidence.LOW
    exclude: tuple[str, ...] = ()
    per_path_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    knowledge: tuple[str, ...] = ()
    ignores: bool = True
