"""What the names in a selection, a configuration or a comment stand for: rules, or single codes that rules pass on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aiaudit.finding import Finding
from aiaudit.rule import Rule
from aiaudit.values import dataclass

Find = Callable[[str], Sequence[Rule]]


@dataclass(frozen=True, slots=True)
class Names:
    """Ids of rules that are meant whole, and pairs of a rule's id and another tool's id for some of its findings."""

    rules: frozenset[str] = frozenset()
    codes: frozenset[tuple[str, str]] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.rules or self.codes)

    @property
    def touched(self) -> frozenset[str]:
        """Every rule that is meant, whole or in part."""
        return self.rules | {rule for rule, _ in self.codes}

    def hold(self, finding: Finding) -> bool:
        """Whether the finding is one of those meant."""
        return finding.rule in self.rules or (finding.rule, finding.code) in self.codes

    def united(self, other: Names) -> Names:
        """What either of both means."""
        return Names(self.rules | other.rules, self.codes | other.codes)


def named(names: Iterable[str], find: Find) -> Names:
    """What names stand for; `find` gives the rules of one."""
    whole: set[str] = set()
    codes: set[tuple[str, str]] = set()
    for name in names:
        for rule in find(name):
            if rule.reports(name):
                codes.add((rule.id, name))
            else:
                whole.add(rule.id)
    return Names(frozenset(whole), frozenset(codes))
