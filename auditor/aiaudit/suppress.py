"""Which findings are accepted by a comment or by the settings, and which comments accept nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from aiaudit.catalogue import Catalogue
from aiaudit.model.ignores import IgnoreComment
from aiaudit.model.tree import Tree
from aiaudit.naming import Names, named
from aiaudit.results import Reported, Suppression
from aiaudit.sources.suppressions import Record
from aiaudit.span import Span
from aiaudit.values import dataclass, field, replace


@dataclass(slots=True)
class _Comment:
    """A comment, what its names stand for, and the names that accepted something."""

    record: Record
    meant: dict[str, Names]
    used: set[str] = field(default_factory=set)

    def accepts(self, reported: Reported) -> bool:
        """Whether the comment covers the finding; remembers the name that did."""
        first, last = self.record[6], self.record[7]
        line = reported.finding.span.line
        if first and not first <= line <= last:
            return False
        names = {name for name, meant in self.meant.items() if meant.hold(reported.finding)}
        self.used |= names
        return bool(names)


class Suppressor:
    """The comments of a tree, read file by file as findings come; asked for what is left over in the end."""

    def __init__(self, tree: Tree, catalogue: Catalogue, honours_hadolint: bool = True) -> None:
        self.tree = tree
        self.catalogue = catalogue
        self.honours_hadolint = honours_hadolint
        self._comments: dict[str, list[_Comment]] = {}
        self._names: dict[str, Names] = {}

    def split(self, found: Iterable[Reported]) -> tuple[list[Reported], list[Reported]]:
        """Findings that stand, and findings that a comment accepts."""
        kept, suppressed = [], []
        for reported in found:
            accepting = [c for c in self._comments_in(reported.finding.span.path) if c.accepts(reported)]
            if not accepting:
                kept.append(reported)
                continue
            record = max(accepting, key=lambda comment: bool(comment.record[2])).record
            suppressed.append(replace(reported, suppression=Suppression("comment", record[2], record[3])))
        return kept, suppressed

    def comments(self, paths: Iterable[str], ran: Callable[[], Iterable[str]]) -> list[IgnoreComment]:
        """Every own comment of these files; `ran` tells the ids of the rules that looked."""
        own = [(path, c) for path in paths for c in self._comments_in(path) if c.record[0] == "aiaudit"]
        looked = frozenset(ran() if own else ())
        return [self._verdict(path, comment, looked) for path, comment in own]

    def _verdict(self, path: str, comment: _Comment, looked: frozenset[str]) -> IgnoreComment:
        _, names, reason, line, column, end, _, _ = comment.record
        unknown = tuple((name, self._closest(name)) for name, meant in comment.meant.items() if not meant)
        unused = tuple(
            name
            for name, meant in comment.meant.items()
            if meant and meant.touched <= looked and name not in comment.used
        )
        return IgnoreComment(Span(path, line, column, line, end), names, reason, unknown, unused)

    def _comments_in(self, path: str) -> list[_Comment]:
        if path not in self._comments:
            records = self.tree.facts(path, "suppressions") or ()
            honoured = [r for r in records if self.honours_hadolint or r[0] != "hadolint"]
            self._comments[path] = [_Comment(r, {name: self._meant(name) for name in r[1] or ()}) for r in honoured]
        return self._comments[path]

    def _meant(self, name: str) -> Names:
        if name not in self._names:
            self._names[name] = named([name], self.catalogue.find)
        return self._names[name]

    def _closest(self, name: str) -> str:
        import difflib

        return next(iter(difflib.get_close_matches(name, self.catalogue.names(), 1)), "")
