"""What an audit asked about each file: while the answers stay the same, what it found stands.

Most changes mean nothing to the rules: a comment, a test, a page of documentation. A record keeps the findings with
all that was asked, file by file. The next audit asks again about the files that changed alone; when every answer is
the same as before, the rules would find the same, and are not run.

What is not asked file by file (which files there are, the settings, the rules, the day) is part of the record's key.
"""

from __future__ import annotations

import marshal
from collections.abc import Iterable, Sequence
from typing import Any

from aiaudit.finding import Finding
from aiaudit.listener import TEXT, Asked, Listener, Question
from aiaudit.patterns import occurs, regex
from aiaudit.reading import Unreadable, decode, read_bytes
from aiaudit.results import Diagnostic
from aiaudit.sources.extractors import EXTRACTORS, are_lasting
from aiaudit.sources.stamps import digest, is_settled, read_private, signature_at, write_private
from aiaudit.sources.store import FileStore, pickled, unpickled
from aiaudit.values import dataclass
from aiaudit.words import lines_of, words_of
from aiaudit.workspace import Workspace

MAGIC = b"aiaudit findings 1\n"

_ADMITTED = ("aiaudit.finding", "aiaudit.fix", "aiaudit.results", "aiaudit.span")


@dataclass(slots=True)
class _Record:
    """What is kept of an audit: the digest of the files that git ignores ("" if they did not matter), all words that
    were asked for, what each file held, what was asked about it, and the pickled findings and diagnostics."""

    ignored: str
    words: tuple[str, ...]
    contents: dict[str, str]
    asked: Asked
    found: bytes


class Memory:
    """The findings of the last audit that had this key, in a file beside the facts that they rest on."""

    def __init__(self, workspace: Workspace, store: FileStore, key: Iterable[str], started: int) -> None:
        self.workspace = workspace
        self.listener = Listener(workspace)
        self.store = store
        self.file = f"{store.file}.findings"
        self.key = digest("\0".join((store.build, *key, *_listed(workspace))))
        self.started = started

    def recall(self) -> list[Finding] | None:
        """The findings that stand, None where the rules must run; its problems are the workspace's from then on."""
        record = self._load()
        if record is None or record.ignored not in ("", _digest_of(self.workspace.ignored_files())):
            return None
        changed = [path for path, content in record.contents.items() if not self._is_unchanged(path, content)]
        if not all(self._answers_alike(path, record) for path in changed):
            return None
        try:
            findings, diagnostics = unpickled(record.found, _ADMITTED)
        except Exception:  # whatever a damaged file raises, the rules can run
            return None
        if changed:
            self._write(record)
        self.workspace.repeat(diagnostics)
        return list(findings)

    def keep(self, findings: Sequence[Finding], diagnostics: Sequence[Diagnostic]) -> None:
        """Remember what was found, unless some file was written meanwhile, or cannot be told from a changed one."""
        workspace, listener = self.workspace, self.listener
        asked = {path: questions for path, questions in listener.questions().items() if self._depends(path, questions)}
        contents = {path: content for path in asked if (content := self._content(path)) is not None}
        if len(contents) < len(asked) or not workspace.is_repeatable:
            return
        ignored = _digest_of(workspace.ignored_files()) if listener.asked_for_ignored else ""
        found = pickled((tuple(findings), tuple(diagnostics)))
        self._write(_Record(ignored, tuple(listener.words), contents, asked, found))

    def _load(self) -> _Record | None:
        """The record of the last audit with this key."""
        payload = read_private(self.file, MAGIC)
        try:
            key, *parts = marshal.loads(payload or b"")
            return _Record(*parts) if key == self.key else None
        except (ValueError, EOFError, TypeError):
            return None

    def _write(self, record: _Record) -> None:
        if all(map(self._is_settled, record.contents)):
            parts = (record.ignored, record.words, record.contents, record.asked, record.found)
            write_private(self.file, MAGIC, marshal.dumps((self.key, *parts)))

    def _depends(self, path: str, questions: dict[Question, Any]) -> bool:
        """Whether the answers depend on more than the list of files: a file that is not carried has no facts."""
        return self.workspace.exists(path) or any(question[0] != "facts" for question in questions)

    def _is_settled(self, path: str) -> bool:
        """Whether the file is still the one that was listed, and was not written shortly before."""
        listed = self.workspace.listing.files.get(path)
        found = signature_at(self.workspace.place(path))
        return found is not None and found == (listed or found) and is_settled(found, self.started)

    def _is_unchanged(self, path: str, content: str) -> bool:
        signature = self.workspace.listing.files.get(path)
        if signature is None:
            return False  # a link, or a file that git ignores: read again
        return content == self.store.content(path, signature) or content == _unread(signature)

    def _content(self, path: str) -> str | None:
        """A mark of what the file holds; None where nothing would tell a change."""
        signature = self.workspace.listing.files.get(path)
        known = self.store.content(path, signature)
        if known is not None:
            return known
        data = self._data(path)
        if data is not None:
            return self.store.note(path, signature, data)
        return _unread(signature) if signature is not None else None

    def _data(self, path: str) -> bytes | None:
        place = self.workspace.place(path)
        try:
            return read_bytes(place) if place else None
        except Unreadable:
            return None

    def _answers_alike(self, path: str, record: _Record) -> bool:
        """Whether a file that may have changed gives the same answers; what it holds now is noted then."""
        data = self._data(path)
        if data is None:
            return False
        content = self.store.note(path, self.workspace.listing.files.get(path), data)
        before = record.contents[path]
        if content == before:
            return True
        text = decode(data, path)
        for question, answer in record.asked[path].items():
            if question[0] == "facts":
                if not self._has_same_facts(path, text, before, content, question[1]):
                    return False
            elif question == TEXT or _answer(text, question, record.words) != answer:
                return False
        record.contents[path] = content
        return True

    def _has_same_facts(self, path: str, text: str, old: str, new: str, name: str) -> bool:
        extractor = EXTRACTORS[name]
        if not self.store.holds(path, new, extractor):
            facts = extractor.extract(text, path)
            if not are_lasting(name, facts):
                return False
            self.store.put(path, extractor, facts)
        return self.store.are_alike(path, old, new, extractor)


def _answer(text: str, question: Question, words: Iterable[str]) -> Any:
    """What the file would be said to hold, had it this text."""
    kind, *sought = question
    if kind == "lines":
        return lines_of(sought[0], text)
    if kind == "words":
        return tuple(sorted(words_of(text).intersection(words)))
    return occurs(text, tuple(sought) if kind == "any" else regex(*sought))


def _unread(signature: Any) -> str:
    """Stands for the content of a file that is no text, or too large."""
    return f"unread {signature}"


def _listed(workspace: Workspace) -> Iterable[str]:
    """All that there is, and what was asked for."""
    listing = workspace.listing
    links = (f"{path} -> {target}" for path, target in listing.links.items())
    problems = (f"{path}: {reason}" for path, reason in listing.unreadable)
    return (workspace.root, repr(workspace.scope.only), *listing.files, *links, *problems)


def _digest_of(paths: Iterable[str]) -> str:
    return digest("\0".join(paths))
