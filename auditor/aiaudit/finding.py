"""Findings: what a rule saw, where, and the chain of evidence that led to it."""

from __future__ import annotations

import enum

from aiaudit.fix import Fix
from aiaudit.span import Span
from aiaudit.values import dataclass


class Severity(str, enum.Enum):
    """The consequence if the finding is true."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low ... 3 for critical."""
        return list(Severity).index(self)


class Confidence(str, enum.Enum):
    """How sure the rule is that a careful reader would agree."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 for low ... 2 for high."""
        return list(Confidence).index(self)


@dataclass(frozen=True, slots=True)
class Step:
    """One link of evidence: a caption and its place."""

    message: str
    span: Span


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place.

    `rule` is the id; `trace` leads from the cause (a route, a field, a COPY) to the defect; `related` are other
    places worth a look; `help` says what to do. `code` is another tool's own id for it, where the rule passes on what
    that tool says.
    """

    rule: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    span: Span
    help: str = ""
    trace: tuple[Step, ...] = ()
    related: tuple[Step, ...] = ()
    fix: Fix | None = None
    code: str = ""
