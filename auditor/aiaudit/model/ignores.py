"""Comments that accept findings, seen together with what they accepted: the subject of the rules about them."""

from __future__ import annotations

from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class IgnoreComment:
    """One `aiaudit: ignore[...]` comment after the audit.

    `names` is None where the brackets are missing. `unknown` pairs names that stand for no rule with the closest one
    that does ("" if none is close); `unused` are names whose rules ran and found nothing that the comment covers.
    """

    span: Span
    names: tuple[str, ...] | None
    reason: str
    unknown: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]

    @property
    def path(self) -> str:
        """The file that holds the comment."""
        return self.span.path
