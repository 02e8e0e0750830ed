"""What a .dockerignore says, and Docker's own way of matching it (which is not Git's).

Patterns are anchored at the context's root; `**` stands for any number of folders; a pattern also covers everything
below a folder that it names; the last pattern that matches decides, and `!` patterns take files back in.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

from aiaudit.patterns import regex
from aiaudit.span import Extent
from aiaudit.values import dataclass

VERSION = 1

_SPECIAL = regex(r"[*?\[\]\\]")
_CLASS_END = regex(r"\[\^?(?:\\.|[^\\\]])(?:\\.|[^\\\]])*\]")


@dataclass(frozen=True, slots=True)
class IgnorePattern:
    """One pattern as Docker normalises it; `exception` for a line that starts with `!`."""

    text: str
    exception: bool
    extent: Extent


@dataclass(frozen=True, slots=True)
class IgnoreProblem:
    """A line that Docker refuses."""

    message: str
    extent: Extent


@dataclass(frozen=True, slots=True)
class IgnoreFacts:
    """A .dockerignore file: its patterns in order."""

    patterns: tuple[IgnorePattern, ...]
    problems: tuple[IgnoreProblem, ...]


def extract(text: str) -> IgnoreFacts:
    """The patterns of a .dockerignore text."""
    patterns: list[IgnorePattern] = []
    problems: list[IgnoreProblem] = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        written = line.strip()
        if line.startswith("#") or not written:
            continue
        column = line.index(written[0]) + 1
        extent = Extent(number, column, number, column + len(written))
        exception = written.startswith("!")
        pattern = _normal(written[1:] if exception else written)
        if not pattern:
            problems.append(IgnoreProblem("'!' stands alone", extent))
        elif not _is_valid(pattern):
            problems.append(IgnoreProblem(f"{pattern!r} is no valid pattern", extent))
        else:
            patterns.append(IgnorePattern(pattern, exception, extent))
    return IgnoreFacts(tuple(patterns), tuple(problems))


def _normal(pattern: str) -> str:
    """Cleaned as Go's filepath.Clean does, without a leading slash."""
    pattern = pattern.strip()
    if not pattern:
        return ""
    cleaned = posixpath.normpath(pattern)
    if cleaned.startswith("//"):
        cleaned = cleaned[1:]
    return cleaned[1:] if len(cleaned) > 1 and cleaned.startswith("/") else cleaned


def _is_valid(pattern: str) -> bool:
    """Whether Go's filepath.Match accepts the pattern's syntax."""
    position = 0
    while position < len(pattern):
        if pattern[position] == "[":
            match = _CLASS_END.match(pattern, position)
            if match is None:
                return False
            position = match.end()
        elif pattern[position] == "\\":
            if position + 1 == len(pattern):
                return False
            position += 2
        else:
            position += 1
    return True


def pattern_expression(pattern: str) -> re.Pattern[str]:
    """The regular expression of a pattern of .dockerignore, `COPY --exclude` or a COPY source."""
    if pattern.startswith("**") and not _SPECIAL.search(pattern, 2):  # Docker compares the end alone
        rest = pattern[2:]
        return regex("(?:.*/)?" + re.escape(rest[1:]) if rest[:1] == "/" else ".*" + re.escape(rest), re.DOTALL)
    parts: list[str] = []
    position, size = 0, len(pattern)
    while position < size:
        character = pattern[position]
        if pattern.startswith("**", position):
            position += 3 if pattern.startswith("**/", position) else 2
            parts.append("(?:.*/)?" if position < size else ".*")
            continue
        if character == "*":
            parts.append("[^/]*")
        elif character == "?":
            parts.append("[^/]")
        elif character == "[" and (match := _CLASS_END.match(pattern, position)):
            parts.append(_class(match.group()))
            position = match.end()
            continue
        elif character == "\\" and position + 1 < size:
            position += 1
            parts.append(re.escape(pattern[position]))
        else:
            parts.append(re.escape(character))
        position += 1
    try:
        return regex("".join(parts), re.DOTALL)
    except re.error:  # a reversed range such as [z-a]: matches nothing
        return regex(r"(?!)")


def _class(written: str) -> str:
    """A character class; it never matches a slash."""
    body = written[1:-1].replace("[", "\\[")
    return f"(?!/)[{body}]"


class Matcher:
    """Tells which paths of a build context stay out of it."""

    def __init__(self, facts: IgnoreFacts) -> None:
        self.patterns = facts.patterns
        self._tests: list[Callable[[str], object]] = [pattern_expression(p.text).fullmatch for p in facts.patterns]
        self._folders: dict[str, tuple[bool, ...]] = {"": (False,) * len(facts.patterns)}

    def ignores(self, path: str) -> bool:
        """Whether the file or folder (relative to the context, with `/`) is left out of the context."""
        return self._decide(self._matches(path.strip("/")))

    def deciding(self, path: str) -> IgnorePattern | None:
        """The pattern that decides over the path; None where no pattern speaks of it."""
        ignored, decided = False, None
        for pattern, matched in zip(self.patterns, self._matches(path.strip("/")), strict=True):
            if matched and pattern.exception == ignored:
                ignored, decided = not pattern.exception, pattern
        return decided

    def _decide(self, matches: tuple[bool, ...]) -> bool:
        ignored = False
        for pattern, matched in zip(self.patterns, matches, strict=True):
            if matched and pattern.exception == ignored:
                ignored = not pattern.exception
        return ignored

    def _matches(self, path: str) -> tuple[bool, ...]:
        """For each pattern, whether it matches the path or a folder above it."""
        known = self._folders.get(path)
        if known is not None:
            return known
        above = self._folder(path.rpartition("/")[0])
        return tuple(inherited or bool(test(path)) for inherited, test in zip(above, self._tests, strict=True))

    def _folder(self, folder: str) -> tuple[bool, ...]:
        if folder not in self._folders:
            self._folders[folder] = self._matches(folder)
        return self._folders[folder]


def matcher(facts: IgnoreFacts) -> Matcher:
    """The matcher of a .dockerignore."""
    return Matcher(facts)
