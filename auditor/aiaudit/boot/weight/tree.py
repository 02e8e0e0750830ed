"""The files that a container sees: the layers put on each other, whiteouts applied."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from aiaudit.boot.weight.archive import FILE, FOLDER, HARD_LINK, LINK, Entry

_REMOVED, _EMPTIED = ".wh.", ".wh..wh..opq"
_MOST_LINKS = 40


class FileTree:
    """The merged tree: for each path its entry and the number of the layer that it comes from."""

    def __init__(self, layers: Sequence[Sequence[Entry]]) -> None:
        self.entries: dict[str, tuple[Entry, int]] = {}
        self._folders: set[str] = set()  # everything that something lies below
        for number, layer in enumerate(layers):
            self._add(layer, number)

    def _add(self, layer: Sequence[Entry], number: int) -> None:
        gone = {path for entry in layer if (path := _hidden(entry))}
        emptied = {posixpath.dirname(e.path) for e in layer if posixpath.basename(e.path) == _EMPTIED}
        # what a file or a link takes the place of loses all that lay below it
        replaced = {e.path for e in layer if e.kind != FOLDER and e.path in self._folders}
        if gone or emptied or replaced:
            self.entries = {
                path: found
                for path, found in self.entries.items()
                if path not in gone and not _is_below(path, gone | emptied | replaced)
            }
        for entry in layer:
            if not posixpath.basename(entry.path).startswith(_REMOVED):
                self.entries[entry.path] = (entry, number)
                self._note_folders(entry.path)

    def _note_folders(self, path: str) -> None:
        folder = posixpath.dirname(path)
        while folder not in self._folders and folder != "/":
            self._folders.add(folder)
            folder = posixpath.dirname(folder)

    def text(self, path: str) -> str | None:
        """The kept text of a file."""
        found = self.entries.get(self.resolved(path))
        return found[0].text.decode("utf-8", "replace") if found and found[0].text is not None else None

    def files(self) -> Iterator[tuple[str, Entry, int]]:
        """Regular files with their layers."""
        for path, (entry, layer) in self.entries.items():
            if entry.kind == FILE:
                yield path, entry, layer

    def size(self, path: str) -> int:
        """The bytes that a path adds: those of a regular file."""
        found = self.entries.get(path)
        return found[0].size if found else 0

    def resolved(self, path: str) -> str:
        """The path with the links on the way to it followed; the last part is left as it is.

        Package lists say /lib/x where /lib is a link to usr/lib.
        """
        for _ in range(_MOST_LINKS):
            parts = path.strip("/").split("/")
            for count in range(1, len(parts)):
                head = "/" + "/".join(parts[:count])
                found = self.entries.get(head)
                if found and found[0].kind == LINK:
                    target = posixpath.join(posixpath.dirname(head), found[0].target)
                    path = posixpath.normpath(posixpath.join(target, *parts[count:])).replace("//", "/")
                    break
            else:
                return path
        return path

    def real(self, path: str) -> str:
        """The path with all links followed, the last one too."""
        for _ in range(_MOST_LINKS):
            path = self.resolved(path)
            found = self.entries.get(path)
            if found is None or found[0].kind not in (LINK, HARD_LINK):
                return path
            target = found[0].target
            path = target if found[0].kind == HARD_LINK else posixpath.join(posixpath.dirname(path), target)
            path = posixpath.normpath(path)
        return path


def _hidden(entry: Entry) -> str:
    """The path that a whiteout removes; "" for anything else."""
    folder, name = posixpath.split(entry.path)
    if not name.startswith(_REMOVED) or name.startswith(".wh..wh."):
        return ""
    return posixpath.join(folder, name[len(_REMOVED) :])


def _is_below(path: str, folders: set[str]) -> bool:
    while path != "/":
        path = posixpath.dirname(path)
        if path in folders:
            return True
    return False
