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

from aiaudit.judging import Part
from aiaudit.listener import TEXT, Asked, Listener, Page, Question
from aiaudit.model.service import Group
from aiaudit.patterns import occurs, regex
from aiaudit.reading import Unreadable, decode, read_bytes
from aiaudit.sources.extractors import EXTRACTORS, are_lasting
from aiaudit.sources.stamps import digest, is_settled, read_private, signature_at, write_private
from aiaudit.sources.store import FileStore, pickled, unpickled
from aiaudit.values import dataclass, names_of
from aiaudit.words import lines_of, words_of
from aiaudit.workspace import Workspace

MAGIC = b"aiaudit findings 2\n"

_ADMITTED = ("aiaudit.finding", "aiaudit.fix", "aiaudit.results", "aiaudit.span")


@dataclass(slots=True)
class _Part:
    """What is kept of one turn of an audit: the fields of its group (none for the whole tree), all words that were
    asked for, what was asked about each file, the pickled findings and diagnostics, and whether it is anchored."""

    group: tuple[Any, ...]
    words: tuple[str, ...]
    asked: Asked
    found: bytes
    is_anchored: bool


@dataclass(slots=True)
class _Record:
    """What is kept of an audit: the digest of the files that git ignores ("" if they did not matter), what each file
    held, and the parts of the audit."""

    ignored: str
    contents: dict[str, str]
    parts: list[_Part]


class Memory:
    """The findings of the last audit that had this key, in a file beside the facts that they rest on."""

    def __init__(self, workspace: Workspace, store: FileStore, key: Iterable[str], started: int) -> None:
        self.workspace = workspace
        self.listener = Listener(workspace)
        self.store = store
        self.file = f"{store.file}.findings"
        self.key = digest("\0".join((store.build, *key, *_listed(workspace))))
        self.started = started

    def recall(self) -> list[Part] | None:
        """The parts of the last audit, those stale for which the rules must run; None where all must be judged."""
        record = self._load()
        if record is None or record.ignored not in ("", _digest_of(self.workspace.ignored_files())):
            return None
        self.listener.asked_for_ignored = bool(record.ignored)  # parts that stand have asked, and are not asked again
        changed = [path for path, content in record.contents.items() if not self._is_unchanged(path, content)]
        stale: set[int] = set()
        for path in changed:
            told = self._told_otherwise(path, record)
            if told is None or 0 in told:
                return None
            stale |= told
        try:
            parts = [self._standing(part, number in stale) for number, part in enumerate(record.parts)]
        except Exception:  # whatever a damaged file raises, the rules can run
            return None
        if changed and not stale:
            self._write(record)
        return parts

    def _standing(self, part: _Part, is_stale: bool) -> Part:
        findings, diagnostics = ((), ()) if is_stale else unpickled(part.found, _ADMITTED)
        page = Page()
        page.asked, page.words = part.asked, set(part.words)
        group = Group(*part.group) if part.group else None
        return Part(group, page, findings, diagnostics, part.is_anchored, is_recalled=True, is_stale=is_stale)

    def keep(self, parts: Sequence[Part]) -> None:
        """Remember what was found, unless some file was written meanwhile, or cannot be told from a changed one."""
        workspace = self.workspace
        kept = [self._kept(part) for part in parts]
        asked = dict.fromkeys(path for part in kept for path in part.asked)
        contents = {path: content for path in asked if (content := self._content(path)) is not None}
        if len(contents) < len(asked) or not workspace.is_repeatable:
            return
        ignored = _digest_of(workspace.ignored_files()) if self.listener.asked_for_ignored else ""
        self._write(_Record(ignored, contents, kept))

    def _kept(self, part: Part) -> _Part:
        group = part.group
        fields = tuple(getattr(group, name) for name in names_of(group)) if group is not None else ()
        questions = self.listener.questions(part.page).items()
        asked = {path: about for path, about in questions if self._depends(path, about)}
        found = pickled((tuple(part.findings), tuple(part.diagnostics)))
        return _Part(fields, tuple(part.page.words), asked, found, part.is_anchored)

    def _load(self) -> _Record | None:
        """The record of the last audit with this key."""
        payload = read_private(self.file, MAGIC)
        try:
            key, ignored, contents, parts = marshal.loads(payload or b"")
            return _Record(ignored, contents, [_Part(*fields) for fields in parts]) if key == self.key else None
        except (ValueError, EOFError, TypeError):
            return None

    def _write(self, record: _Record) -> None:
        if all(map(self._is_settled, record.contents)):
            parts = [(part.group, part.words, part.asked, part.found, part.is_anchored) for part in record.parts]
            write_private(self.file, MAGIC, marshal.dumps((self.key, record.ignored, record.contents, parts)))

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

    def _told_otherwise(self, path: str, record: _Record) -> set[int] | None:
        """The parts to which a file that may have changed gives other answers, None where it gives none at all; what
        it holds now is noted then."""
        data = self._data(path)
        if data is None:
            return None
        content = self.store.note(path, self.workspace.listing.files.get(path), data)
        before, record.contents[path] = record.contents[path], content
        if content == before:
            return set()
        text = decode(data, path)
        told: set[int] = set()
        for number, part in enumerate(record.parts):
            for question, answer in part.asked.get(path, {}).items():
                if question[0] == "facts":
                    alike = self._has_same_facts(path, text, before, content, question[1])
                else:
                    alike = question != TEXT and _answer(text, question, part.words) == answer
                if not alike:
                    told.add(number)
                    break
        return told

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
