"""What an audit hands back: findings with their fingerprints, what was suppressed, what could not be looked at."""

from __future__ import annotations

from collections.abc import Callable

from aiaudit.finding import Finding, Severity
from aiaudit.rule import Rule
from aiaudit.values import dataclass, field

CLEAN, FINDINGS, USAGE, INCOMPLETE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """Something about the audit itself. An "error" makes it incomplete, a "warning" does not."""

    level: str
    path: str
    message: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why a finding is not reported: who said so (`kind` "comment" or "settings"), where, and the stated reason."""

    kind: str
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding as it is reported: with a fingerprint that survives moved lines. `note` is what a run of the image says
    of it, "" for nothing."""

    finding: Finding
    fingerprint: str
    suppression: Suppression | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one audit.

    Paths in it are relative to `root`; `repository` is the folder that holds `.git`, or the root. `rules_of` gives the
    rules of the audit, `kinds` counts files by kind, `hidden` findings below the wanted confidence. `thresholds` tells
    for some rules from which severity on their findings count for the exit code, None for never. `notes` are for
    whoever asks to be told more. `text_of` gives the text of a file, for code frames.
    """

    root: str
    repository: str
    findings: tuple[Reported, ...]
    suppressed: tuple[Reported, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: int
    rules_of: Callable[[], tuple[Rule, ...]] = field(default=lambda: (), compare=False)
    kinds: tuple[tuple[str, int], ...] = ()
    hidden: int = 0
    thresholds: tuple[tuple[str, Severity | None], ...] = ()
    notes: tuple[str, ...] = ()
    text_of: Callable[[str], str] = field(default=lambda path: "", compare=False)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of the audit: those that had nothing to look at are only loaded for who asks."""
        return self.rules_of()

    @property
    def complete(self) -> bool:
        """Whether everything that should be looked at was."""
        return not any(diagnostic.level == "error" for diagnostic in self.diagnostics)

    def exit_code(self, fail_on: Severity) -> int:
        """3 when incomplete, 1 when a finding is at or above the severity, else 0."""
        if not self.complete:
            return INCOMPLETE
        limits = dict(self.thresholds)
        for reported in self.findings:
            limit = limits.get(reported.finding.rule, fail_on)
            if limit is not None and reported.finding.severity.rank >= limit.rank:
                return FINDINGS
        return CLEAN

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(reported.finding.severity is severity for reported in self.findings)
