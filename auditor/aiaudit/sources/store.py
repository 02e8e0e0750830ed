"""The fact cache: facts of files that have not changed are neither read nor parsed again.

One file for each audited root. `files` maps a path to its stat signature and content hash, `facts` maps content hash
and extractor to the facts: plain tuples through marshal, dataclasses through pickle, of which only this package's
classes are read back. Parallel runs each write a whole file; the last one wins.
"""

from __future__ import annotations

import marshal
import os
from collections.abc import Iterable
from typing import Any

from aiaudit.sources.extractors import Extractor
from aiaudit.sources.stamps import Signature, digest, digest_of, is_settled, read_private, write_private

MISSING = object()
MAGIC = b"aiaudit facts 1\n"
LARGEST = 256 * 1024 * 1024
LARGEST_FOLDER = 1024 * 1024 * 1024

_FACTS = ("aiaudit.sources.", "aiaudit.span")


class Store:
    """A store that keeps nothing: every file is read."""

    def get(self, path: str, signature: Signature | None, extractor: Extractor) -> Any:
        """Facts of a file whose stat signature is the stored one, or MISSING."""
        return MISSING

    def note(self, path: str, signature: Signature | None, data: bytes) -> str:
        """Remember what a file holds; returns the digest of it."""
        return ""

    def get_noted(self, path: str, extractor: Extractor) -> Any:
        """Facts of a file whose content was noted, or MISSING."""
        return MISSING

    def put(self, path: str, extractor: Extractor, facts: Any) -> None:
        """Keep facts of a file whose content was noted."""

    def flush(self, paths: Iterable[str]) -> None:
        """Write what changed; files that are not among these paths are forgotten."""


class FileStore(Store):
    """A store in one file."""

    def __init__(self, file: str, build: str) -> None:
        self.file = file
        self.build = build
        self.changed = False
        self.files: dict[str, tuple[Signature | None, str]] = {}
        self.facts: dict[str, dict[str, bytes]] = {}
        self._load()

    def _load(self) -> None:
        payload = read_private(self.file, MAGIC)
        if payload is None:
            return
        try:
            build, files, facts = marshal.loads(payload)
        except (ValueError, EOFError, TypeError):
            return
        if build == self.build:
            self.files, self.facts = files, facts

    def get(self, path: str, signature: Signature | None, extractor: Extractor) -> Any:
        """Facts of a file whose stat signature is the stored one, or MISSING."""
        content = self.content(path, signature)
        return MISSING if content is None else self._facts(path, content, extractor)

    def get_noted(self, path: str, extractor: Extractor) -> Any:
        """Facts of a file whose content was noted, or MISSING."""
        return self._facts(path, self.files[path][1], extractor)

    def content(self, path: str, signature: Signature | None) -> str | None:
        """The digest of what a file holds, None where its stat signature is not the stored one."""
        known = self.files.get(path)
        return None if known is None or signature is None or known[0] != signature else known[1]

    def note(self, path: str, signature: Signature | None, data: bytes) -> str:
        """Remember what a file holds; returns the digest of it."""
        content = digest_of(data).hex()
        settled = signature if signature is not None and is_settled(signature) else None
        if self.files.get(path) != (settled, content):
            self.files[path] = (settled, content)
            self.changed = True
        return content

    def holds(self, path: str, content: str, extractor: Extractor) -> bool:
        """Whether facts of this content are kept."""
        return _key(path, extractor) in self.facts.get(content, {})

    def are_alike(self, path: str, old: str, new: str, extractor: Extractor) -> bool:
        """Whether two contents of a file give the very same facts; False where either are not kept."""
        key = _key(path, extractor)
        first, second = self.facts.get(old, {}).get(key), self.facts.get(new, {}).get(key)
        if first is None or second is None:
            return False
        return first == second or _plain_form(first, extractor) == _plain_form(second, extractor)

    def put(self, path: str, extractor: Extractor, facts: Any) -> None:
        """Keep facts of a file whose content was noted."""
        try:
            blob = marshal.dumps(facts) if extractor.plain else pickled(facts)
        except (ValueError, RecursionError):
            return  # nested too deeply to be kept: read again next time
        _, content = self.files[path]
        self.facts.setdefault(content, {})[_key(path, extractor)] = blob
        self.changed = True

    def flush(self, paths: Iterable[str]) -> None:
        """Write what changed; files that are not among these paths are forgotten."""
        wanted = set(paths)
        files = {path: known for path, known in self.files.items() if path in wanted}
        if not self.changed and len(files) == len(self.files):
            return
        contents = {content for _, content in files.values()}
        facts = {content: kept for content, kept in self.facts.items() if content in contents}
        payload = marshal.dumps((self.build, files, facts))
        if len(payload) <= LARGEST:
            write_private(self.file, MAGIC, payload)
            prune(os.path.dirname(self.file))

    def _facts(self, path: str, content: str, extractor: Extractor) -> Any:
        blob = self.facts.get(content, {}).get(_key(path, extractor))
        if blob is None:
            return MISSING
        try:
            return marshal.loads(blob) if extractor.plain else unpickled(blob, _FACTS)
        except Exception:  # a blob that cannot be read back is made anew
            return MISSING


def store_for(root: str, folder: str, build: str) -> FileStore:
    """The store of one audited root in the cache folder."""
    return FileStore(os.path.join(folder, f"{digest(root)}.facts"), build)


def prune(folder: str, largest: int = LARGEST_FOLDER) -> None:
    """Drop the files that were written longest ago until the cache folder is within its bound."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.stat().st_mtime_ns, entry.stat().st_size, entry.path) for entry in entries]
    except OSError:
        return
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= largest:
            return
        try:
            os.unlink(path)
        except OSError:
            return
        total -= size


def _key(path: str, extractor: Extractor) -> str:
    """What facts of a content are kept under; some extractors read the same text differently by its name."""
    return f"{extractor.name}@{extractor.version}:{path if extractor.takes_path else ''}"


def _plain_form(blob: bytes, extractor: Extractor) -> bytes:
    """The facts in a form that does not show which of their parts happened to be one object."""
    if extractor.plain:
        return marshal.dumps(marshal.loads(blob), 2)  # the last version without references
    return pickled(unpickled(blob, _FACTS))


def pickled(values: Any) -> bytes:
    """Values as bytes that `unpickled` reads back."""
    import enum
    import io
    import pickle

    class Plain(pickle.Pickler):
        """Names an enumeration's member by its value, as Python does since 3.11.4; before, it asks for `getattr`."""

        def reducer_override(self, value: Any) -> Any:
            return (type(value), (value.value,)) if isinstance(value, enum.Enum) else NotImplemented

    stream = io.BytesIO()
    Plain(stream, protocol=5).dump(values)
    return stream.getvalue()


def unpickled(blob: bytes, admitted: tuple[str, ...]) -> Any:
    """Values read back; classes only from modules whose names start like this."""
    import io
    import pickle

    class Restricted(pickle.Unpickler):
        """Makes nothing but values of this package's own classes."""

        def find_class(self, module: str, name: str) -> Any:
            found = super().find_class(module, name) if module.startswith(admitted) and "." not in name else None
            if isinstance(found, type) and found.__module__ == module:
                return found
            raise pickle.UnpicklingError(f"{module}.{name} is not admitted")

    return Restricted(io.BytesIO(blob)).load()
