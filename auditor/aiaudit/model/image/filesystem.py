"""Where repository files lie in an image: COPY and WORKDIR replayed, everything else kept as "unknown"."""

from __future__ import annotations

import enum
import posixpath
from collections.abc import Iterable, Iterator

_STANDARD_FOLDERS = (
    "/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root", "/run",
    "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/local/lib",
    "/usr/share", "/usr/src", "/var", "/var/lib", "/var/log", "/var/cache", "/var/www", "/etc/nginx",
    "/etc/nginx/conf.d", "/etc/apt", "/etc/apt/sources.list.d", "/etc/ssl/certs",
)  # fmt: skip


class Presence(enum.Enum):
    """Whether a path is in the image."""

    PRESENT = "present"
    MISSING = "missing"
    UNKNOWN = "unknown"


class Filesystem:
    """The part of an image's file system that comes from the repository.

    `unknown` holds folders and files that commands, other images or addresses may have filled: nothing below them is
    ever called missing. `written` are the files that the Dockerfile itself holds: text and first line, by place.
    """

    def __init__(self, inherited: Filesystem | None = None) -> None:
        self.files: dict[str, str] = dict(inherited.files) if inherited else {}
        self.folders: set[str] = set(inherited.folders) if inherited else set(_STANDARD_FOLDERS)
        self.unknown: set[str] = set(inherited.unknown) if inherited else {"/dev", "/proc", "/run"}
        self.written: dict[str, tuple[str, int]] = dict(inherited.written) if inherited else {}

    def add(self, path: str, source: str) -> None:
        """A repository file lands at a place."""
        self.files[path] = source
        self.add_folder(posixpath.dirname(path))

    def add_folder(self, path: str) -> None:
        """A folder exists, and all above it."""
        while path not in self.folders:
            self.folders.add(path)
            path = posixpath.dirname(path)

    def blur(self, path: str) -> None:
        """What lies at a place, or below it, can no longer be told."""
        self.unknown.add(posixpath.normpath(path))

    def remove(self, path: str) -> None:
        """A file, or a folder with all in it, is taken away; what was unknown there stays so."""
        path = posixpath.normpath(path)
        self.files.pop(path, None)
        for below, _ in list(self.below(path)):
            del self.files[posixpath.join(path, below)]
        self.folders -= {folder for folder in self.folders if folder == path or folder.startswith(f"{path}/")} - {"/"}

    def transfer(self, source: str, target: str) -> bool:
        """A file or folder is copied to another name; False where nothing is known of it."""
        known = self.files.get(source)
        if known is not None:
            self.add(target, known)
            return True
        if source not in self.folders:
            return False
        for below, repository_path in list(self.below(source)):
            self.add(posixpath.join(target, below), repository_path)
        self.add_folder(target)
        prefix = "/" if source == "/" else f"{source}/"
        for unknown in list(self.unknown):
            if unknown == source or unknown.startswith(prefix):
                self.blur(posixpath.join(target, posixpath.relpath(unknown, source)))
        return True

    def children(self, folder: str) -> frozenset[str]:
        """Names of what is known to lie in a folder."""
        prefix = "/" if folder == "/" else f"{folder}/"
        known = (*self.files, *self.folders)
        return frozenset(p[len(prefix) :].partition("/")[0] for p in known if p.startswith(prefix) and p != prefix)

    def is_blurred(self, path: str) -> bool:
        """Whether the place lies in or below something unknown."""
        if not self.unknown:
            return False
        while True:
            if path in self.unknown:
                return True
            above = posixpath.dirname(path)
            if above == path:
                return False
            path = above

    def presence(self, path: str) -> Presence:
        """Whether a file or folder is there."""
        path = posixpath.normpath(path)
        if path in self.files or path in self.folders:
            return Presence.PRESENT
        return Presence.UNKNOWN if self.is_blurred(path) else Presence.MISSING

    def source(self, path: str) -> str | None:
        """The repository file at a place."""
        return self.files.get(posixpath.normpath(path))

    def below(self, folder: str) -> Iterator[tuple[str, str]]:
        """Files below a folder, by their path below it."""
        prefix = "/" if folder == "/" else f"{folder}/"
        for path, source in self.files.items():
            if path.startswith(prefix):
                yield path[len(prefix) :], source

    def places_of(self, sources: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Where repository files lie: place and repository path."""
        wanted = set(sources)
        return ((path, source) for path, source in self.files.items() if source in wanted)


def absolute(path: str, workdir: str | None) -> str | None:
    """An absolute image path; None where a variable or an unknown folder hides it."""
    if "$" in path or "`" in path:
        return None
    if path.startswith("/"):
        return _normal(path)
    return None if workdir is None else _normal(posixpath.join(workdir, path))


def _normal(path: str) -> str:
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned
