"""The audited tree: which files there are, of what kind, their text and their facts. Implements `model.tree.Tree`."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from aiaudit import listing as listings
from aiaudit.kinds import KINDS, kinds_of
from aiaudit.patterns import occurs, regex
from aiaudit.reading import Binary, TooLarge, Unreadable, decode, read_bytes
from aiaudit.results import Diagnostic
from aiaudit.sources.extractors import EXTRACTORS, are_lasting, problem_of
from aiaudit.sources.store import MISSING, Store
from aiaudit.span import Extent
from aiaudit.values import dataclass
from aiaudit.words import Words

_TEMPLATE = regex(r"\{%-? |\{\{|<%")
_TEXT_BUDGET = 8 * 1024 * 1024


class MissingPath(Exception):
    """A path that was asked for and is not there."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What to look at (`root`) and what to report on: everything below the root, or only these paths."""

    root: str
    only: tuple[str, ...] | None = None

    def reports(self, path: str) -> bool:
        """Whether findings in this file are wanted."""
        if self.only is None:
            return True
        return any(path == wanted or path.startswith(f"{wanted}/") for wanted in self.only)


def scope_of(paths: Sequence[str], cwd: str) -> Scope:
    """One folder is its own root; files and several paths are seen in their repository, or in the folder they share."""
    places = [os.path.realpath(os.path.join(cwd, path)) for path in paths or (".",)]
    for path, place in zip(paths or (".",), places, strict=True):
        if not os.path.exists(place):
            raise MissingPath(f"{path}: no such file or folder")
    if len(places) == 1 and os.path.isdir(places[0]):
        return Scope(places[0])
    shared = os.path.commonpath(places)
    folder = shared if os.path.isdir(shared) else os.path.dirname(shared)
    root = listings.repository_of(folder) or folder
    wanted = tuple(os.path.relpath(place, root).replace(os.sep, "/") for place in places)
    return Scope(root, None if "." in wanted else wanted)


class Workspace:
    """The files below a root and their facts; facts come from the store where the file has not changed."""

    def __init__(
        self,
        scope: Scope,
        store: Store,
        is_excluded: Callable[[str], bool] | None = None,
        progress: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self.scope = scope
        self.root = scope.root
        self.store = store
        self.listing = listings.list_files(scope.root, scope.only or ())
        self.progress = progress
        self.reads_secrets = False
        self.is_repeatable = True  # whether another run would see the same, nothing having changed
        self._extracted: Counter[str] = Counter()
        self.diagnostics: list[Diagnostic] = []
        self._excluded = is_excluded or (lambda path: False)
        self._kinds: dict[str, list[str]] = {kind: [] for kind in KINDS}
        self._facts: dict[str, dict[str, Any]] = defaultdict(dict)
        self._ignored: list[str] | None = None
        self._texts: dict[str, str] = {}
        self._refused: set[str] = set()
        self._text_size = 0
        self._words = Words(self.text)
        self._problems: set[tuple[str, str]] = set()
        self._sort()

    def _sort(self) -> None:
        listing = self.listing
        marked = [path[: -len("pyvenv.cfg")] for path in listing.files if path.endswith("/pyvenv.cfg")]
        # Without any of these the marker was left behind, or lies in a folder of the service.
        inner = tuple(f"{folder}{name}/" for folder in marked for name in listings.ENVIRONMENT)
        held = [path for path in listing.files if path.startswith(inner)] if inner else []
        virtual = [folder for folder in marked if any(path.startswith(folder) for path in held)]
        carried = [p for p in (*listing.files, *listing.links) if not p.startswith(tuple(virtual))]
        self._present = set(carried)
        for path in carried:
            while "/" in path:
                path = path.rpartition("/")[0]
                if path in self._present:
                    break
                self._present.add(path)
        self._files = sorted(p for p in carried if listing.links.get(p, "x") and not self._excluded(p))
        for path in self._files:
            for kind in kinds_of(path):
                self._kinds[kind].append(path)
        for path, target in listing.links.items():
            if not target and kinds_of(path):
                self.problem(path, "is a link that leads out of the tree or nowhere; it was not read")
        for path, reason in listing.unreadable:
            self.problem(path, f"cannot be read: {reason}")

    def files(self, kind: str | None = None) -> Sequence[str]:
        """Paths of one kind, or of all carried files, sorted."""
        return self._files if kind is None else self._kinds[kind]

    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many files of each kind are reported on."""
        return tuple((kind, sum(map(self.scope.reports, paths))) for kind, paths in self._kinds.items())

    def ignored_files(self) -> Iterable[str]:
        """Paths that .gitignore keeps out of git; an ignored folder ends with `/` and is not descended into."""
        if self._ignored is None:
            self._ignored = listings.ignored_below(self.listing)
        return self._ignored

    def exists(self, path: str) -> bool:
        """Whether a file or folder of that path is carried."""
        path = path.removeprefix("./").rstrip("/")
        return path in ("", ".") or path in self._present

    def is_alias(self, path: str) -> bool:
        """Whether the path is a link to a file that is itself audited."""
        target = self.listing.links.get(path)
        if not target:
            return False
        return os.path.relpath(target, os.path.realpath(self.root)).replace(os.sep, "/") in self._present

    def text(self, path: str) -> str:
        """The decoded text of a file, "" if it cannot be read."""
        return self._texts[path] if self._fetch(path) else ""

    def mentions(self, path: str, sought: re.Pattern[str] | tuple[str, ...]) -> bool:
        """Whether a pattern, or one of several words, occurs in the text of a file."""
        return occurs(self.text(path), sought)

    def files_with(self, word: str, among: frozenset[str]) -> Iterable[str]:
        """Those of some files in whose text a word stands."""
        return self._words.files_with(word, among)

    def lines_with(self, path: str, word: str) -> Sequence[int]:
        """The lines of a file on which a word stands, in order."""
        return self._words.lines_with(path, word)

    def _fetch(self, path: str) -> bool:
        """Read and decode a file, and tell the store what it holds; the text is kept within a budget."""
        if path in self._texts:
            return True
        data = self._read(path)
        if data is None:
            return False
        self.store.note(path, self.listing.files.get(path), data)
        text = decode(data, path)
        if self._text_size > _TEXT_BUDGET:
            self._texts.clear()
            self._text_size = 0
        self._texts[path] = text
        self._text_size += len(text)
        return True

    def shown(self, path: str) -> str:
        """The text as it may be shown: of a credential only the first four characters; columns stay."""
        text = self.text(path)
        facts = self.facts(path, "secrets") if text else None
        if facts is None or not facts.secrets:
            return text
        lines = text.split("\n")
        for secret in facts.secrets:
            _mask(lines, secret.extent)
        return "\n".join(lines)

    def facts(self, path: str, extractor: str) -> Any:
        """The facts that the named extractor reads from the file; None where it cannot be read."""
        known = self._facts[extractor]
        if path not in known:
            known[path] = self._load(path, extractor)
        return known[path]

    def forget(self, extractor: str) -> None:
        """Let go of what an extractor has read so far; it is read again where it is asked for again."""
        self._facts.pop(extractor, None)

    def problem(self, path: str, message: str, line: int = 0) -> None:
        """Record that something of the file could not be looked at: the audit is incomplete."""
        if (path, message) in self._problems or not self.scope.reports(path):
            return
        self._problems.add((path, message))
        self.diagnostics.append(Diagnostic("error", path, message, line))

    def warn(self, path: str, message: str) -> None:
        """Record something worth knowing that leaves the audit complete."""
        if (path, message) not in self._problems and self.scope.reports(path):
            self._problems.add((path, message))
            self.diagnostics.append(Diagnostic("warning", path, message))

    def repeat(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Record problems that an earlier audit of the same had."""
        for diagnostic in diagnostics:
            if (diagnostic.path, diagnostic.message) not in self._problems:
                self._problems.add((diagnostic.path, diagnostic.message))
                self.diagnostics.append(diagnostic)

    def _load(self, path: str, name: str) -> Any:
        """Facts from the store or from the text; problems in them become diagnostics."""
        if path not in self._present:
            return None
        extractor = EXTRACTORS[name]
        facts = self.store.get(path, self.listing.files.get(path), extractor)
        if facts is MISSING:
            if not self._fetch(path):
                return None
            facts = self.store.get_noted(path, extractor)
        if facts is MISSING:
            self._show_progress(name)
            facts = extractor.extract(self._texts[path], path)
            if are_lasting(name, facts):
                self.store.put(path, extractor, facts)
            else:
                self.is_repeatable = False
            self._read_along(path, name)
        problem = problem_of(name, facts)
        if problem is not None:
            self.problem(path, f"{problem[0]}{self._hint(path, name)}", problem[1])
        return facts

    def _read_along(self, path: str, extractor: str) -> None:
        """Read what will be wanted later anyway, now that the text, or its syntax tree, is at hand."""
        if extractor == "python" and self.reads_secrets:
            self.facts(path, "secrets")
        elif extractor == "secrets":
            self.facts(path, "suppressions")

    def _show_progress(self, extractor: str) -> None:
        """Tell whoever waits how many files were read for this purpose."""
        if self.progress is None:
            return
        self._extracted[extractor] += 1
        total = len(self._kinds.get(extractor, self._files))
        self.progress(f"reading for {extractor}", self._extracted[extractor], total)

    def _hint(self, path: str, extractor: str) -> str:
        """What a file that cannot be parsed seems to be instead."""
        is_template = extractor in ("dockerfile", "yaml") and _TEMPLATE.search(self.text(path))
        return " (it looks like a template: audit what it renders to, or exclude it)" if is_template else ""

    def place(self, path: str) -> str:
        """Where a file lies, "" for a link that must not be followed (it is named when the tree is listed)."""
        return self.listing.links.get(path, os.path.join(self.root, path))

    def _read(self, path: str) -> bytes | None:
        """The bytes of a file, or None with a diagnostic."""
        place = self.place(path)
        if path in self._refused or not place:
            return None
        try:
            return read_bytes(place)
        except Binary as error:
            if kinds_of(path):
                self.problem(path, str(error))
        except TooLarge as error:
            (self.problem if kinds_of(path) else self.warn)(path, str(error))
        except Unreadable as error:
            if path in self._present:  # a finding may be about something that is no file of the tree: an image
                self.problem(path, str(error))
        self._refused.add(path)
        return None


def _mask(lines: list[str], extent: Extent) -> None:
    """Cover what lies in the extent, except for its first four characters."""
    kept = 4
    for number in range(extent.line, min(extent.end_line, len(lines)) + 1):
        line = lines[number - 1]
        start = extent.column - 1 if number == extent.line else 0
        end = extent.end_column - 1 if number == extent.end_line else len(line)
        covered = line[start:end]
        lines[number - 1] = line[:start] + covered[:kept] + "*" * len(covered[kept:]) + line[end:]
        kept = max(kept - len(covered), 0)
