"""What the model asks about files, noted with the answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from aiaudit.workspace import Workspace

# ("facts", extractor), ("text",), ("pattern", text, flags), ("any", *texts), ("lines", word) or ("words",): which of
# all words that were asked for stand in the file. The first two have no answer of their own.
Question = tuple[Any, ...]
Asked = dict[str, dict[Question, Any]]

TEXT: Question = ("text",)
WORDS: Question = ("words",)


class Page:
    """What was asked in one turn, file by file; `words` are those that were looked for among `with_words`."""

    def __init__(self) -> None:
        self.asked: Asked = {}
        self.words: set[str] = set()
        self.with_words: frozenset[str] = frozenset()

    def add(self, other: Page) -> None:
        """Take over what was asked in another turn."""
        self.take(other, other.asked)
        self.words |= other.words
        self.with_words |= other.with_words

    def take(self, other: Page, paths: Iterable[str]) -> None:
        """Take over what was asked about some files."""
        for path in paths:
            self.asked.setdefault(path, {}).update(other.asked[path])


class Listener:
    """The tree as the model sees it, with a note of everything that is asked about a file."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.root = workspace.root
        self.page = Page()
        self.asked_for_ignored = False
        self._known: dict[Question, Question] = {}
        self.files = workspace.files
        self.exists = workspace.exists
        self.problem = workspace.problem
        self.warn = workspace.warn

    def ignored_files(self) -> Iterable[str]:
        """Paths that .gitignore keeps out of git."""
        self.asked_for_ignored = True
        return self.workspace.ignored_files()

    def text(self, path: str) -> str:
        """The decoded text of a file."""
        self._note(path, TEXT)
        return self.workspace.text(path)

    def mentions(self, path: str, sought: re.Pattern[str] | tuple[str, ...]) -> bool:
        """Whether a pattern, or one of several words, occurs in the text of a file."""
        found = self.workspace.mentions(path, sought)
        question = ("any", *sought) if isinstance(sought, tuple) else ("pattern", sought.pattern, sought.flags)
        self._note(path, question, found)
        return found

    def files_with(self, word: str, among: frozenset[str]) -> Iterable[str]:
        """Those of some files in whose text a word stands."""
        page = self.page
        if among is not page.with_words:
            page.with_words |= among
        page.words.add(word)
        return self.workspace.files_with(word, among)

    def lines_with(self, path: str, word: str) -> Sequence[int]:
        """The lines of a file on which a word stands."""
        found = self.workspace.lines_with(path, word)
        self._note(path, ("lines", word), found)
        return found

    def facts(self, path: str, extractor: str) -> Any:
        """The facts that the named extractor reads from the file."""
        self._note(path, ("facts", extractor))
        return self.workspace.facts(path, extractor)

    def _note(self, path: str, question: Question, answer: Any = True) -> None:
        """Remember a question about a file; the same about many files is one object."""
        self.page.asked.setdefault(path, {})[self._known.setdefault(question, question)] = answer

    def questions(self, page: Page) -> Asked:
        """All that was asked in a turn, file by file."""
        standing: dict[str, list[str]] = {path: [] for path in page.with_words}
        for word in sorted(page.words):
            for path in self.workspace.files_with(word, page.with_words):
                standing[path].append(word)
        for path, words in standing.items():
            page.asked.setdefault(path, {})[WORDS] = tuple(words)
        return page.asked
