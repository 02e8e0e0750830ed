"""Image archives as the engine streams them: layers and their files, read once, never unpacked to disk.

The archive comes from an image that nobody trusts: names, sizes and numbers are bounded, and nothing in it names a
place on this machine.
"""

from __future__ import annotations

import json
import posixpath
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import IO, Any, cast

from aiaudit.boot.weight import elf
from aiaudit.boot.weight.elf import Elf
from aiaudit.boot.world import EngineError
from aiaudit.values import dataclass, field

FILE, FOLDER, LINK, HARD_LINK, OTHER = "file", "folder", "link", "hard link", "other"

_LARGEST_HEADER = 1 << 20
_LARGEST_JSON = 16 << 20
_LARGEST_TEXT = 64 << 20
_LARGEST_ELF = 4 << 30
_IN_MEMORY = 32 << 20
_MOST_ENTRIES = 2_000_000
_MOST_BYTES = 100 << 30
_MOST_TEXT = 512 << 20
_HEADERS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder or link of a layer: its absolute path, kind, bytes, target of a link, and what an ELF file needs.

    `text` is kept of the files that tell what is installed.
    """

    path: str
    kind: str
    size: int = 0
    target: str = ""
    elf: Elf | None = None
    text: bytes | None = None


@dataclass(frozen=True, slots=True)
class Archive:
    """An image as it was saved: the entries of each layer, the lowest first, and its configuration."""

    layers: tuple[tuple[Entry, ...], ...]
    configuration: dict[str, Any] = field(default_factory=dict)


class TooLarge(EngineError):
    """An archive that is beyond what is read; the message names the bound."""


class Member(tarfile.TarInfo):
    """A member whose header is checked before anything of its size is read into memory."""

    @classmethod
    def frombuf(cls, buf: Any, encoding: str, errors: str) -> Any:
        """Read a header; one that is too large, or says that it is smaller than nothing, ends the reading."""
        member = super().frombuf(buf, encoding, errors)
        if member.size < 0 or (member.type in _HEADERS and member.size > _LARGEST_HEADER):
            raise TooLarge(f"the image holds an archive header of {member.size} bytes: it was not read")
        return member


def read(stream: Iterable[bytes], wants: Callable[[str], bool]) -> Archive:
    """Read what `docker save` writes; `wants` tells of which files the text is kept."""
    reader = _Reader(wants)
    try:
        with tarfile.open(fileobj=cast(Any, Chunks(stream)), mode="r|", tarinfo=Member) as outer:
            for member in outer:
                reader.take(outer, member)
        return reader.archive()
    except (tarfile.TarError, EOFError, ValueError, KeyError, IndexError, TypeError) as error:
        raise EngineError(f"the image's archive cannot be read: {error}") from None


class Chunks:
    """An iterable of bytes as a file that is read once from its start; `head` are bytes that come first."""

    def __init__(self, chunks: Iterable[bytes], head: bytes = b"") -> None:
        self._chunks = iter(chunks)
        self._rest = memoryview(head)  # a slice of it copies nothing: pieces are large, and reads are small

    def read(self, size: int) -> bytes:
        """The next bytes; fewer only at the end."""
        parts, missing = [], size
        while missing > 0:
            if not self._rest:
                self._rest = memoryview(next(self._chunks, b""))
                if not self._rest:
                    break
            parts.append(self._rest[:missing])
            missing -= len(parts[-1])
            self._rest = self._rest[len(parts[-1]) :]
        return b"".join(parts)


def pieces(file: IO[bytes], size: int = 1 << 20) -> Iterator[bytes]:
    """A file piece by piece."""
    while piece := file.read(size):
        yield piece


class _Reader:
    """Takes the members of the outer archive."""

    def __init__(self, wants: Callable[[str], bool]) -> None:
        self._wants = wants
        self._layers: dict[str, tuple[Entry, ...]] = {}
        self._documents: dict[str, Any] = {}
        self._links: dict[str, str] = {}
        self._entries = self._bytes = self._text = 0

    def take(self, outer: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Read one member: a document or a layer."""
        name = posixpath.normpath(member.name)
        if member.issym() or member.islnk():
            self._links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), member.linkname))
            return
        file = outer.extractfile(member)
        if file is None or name == "repositories" or name.endswith(("/json", "/VERSION")):
            return
        head = file.read(512)
        if head.lstrip()[:1] in (b"{", b"["):
            if member.size <= _LARGEST_JSON:
                self._documents[name] = json.loads(head + file.read())
            return
        with tarfile.open(fileobj=cast(Any, Chunks(pieces(file), head)), mode="r|*", tarinfo=Member) as layer:
            self._layers[name] = tuple(self._entry(layer, item) for item in layer)

    def _entry(self, layer: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
        self._entries += 1
        self._bytes += member.size
        if self._entries > _MOST_ENTRIES or self._bytes > _MOST_BYTES:
            raise TooLarge(
                f"the image has more than {_MOST_ENTRIES} files or {_MOST_BYTES >> 30} GB: it was not weighed"
            )
        path = absolute(member.name)
        if member.isdir():
            return Entry(path, FOLDER)
        if member.issym():
            return Entry(path, LINK, target=member.linkname)
        if member.islnk():
            return Entry(path, HARD_LINK, target=absolute(member.linkname))
        if not member.isreg():
            return Entry(path, OTHER)
        file = layer.extractfile(member)
        assert file is not None
        if self._wants(path) and member.size <= _LARGEST_TEXT and self._text + member.size <= _MOST_TEXT:
            self._text += member.size
            return Entry(path, FILE, member.size, text=file.read())
        if ".so" in posixpath.basename(path) or member.mode & 0o111:
            return Entry(path, FILE, member.size, elf=_libraries(file, member.size))
        return Entry(path, FILE, member.size)

    def archive(self) -> Archive:
        """What the manifest says of the members."""
        manifest = self._documents["manifest.json"][0]
        layers = tuple(self._layers[self._followed(posixpath.normpath(name))] for name in manifest["Layers"])
        return Archive(layers, self._documents[self._followed(posixpath.normpath(manifest["Config"]))])

    def _followed(self, name: str) -> str:
        """The member that a link of the archive stands for: equal layers are saved once."""
        for _ in range(len(self._links) + 1):
            if name not in self._links:
                break
            name = self._links[name]
        return name


def absolute(name: str) -> str:
    """The path in the image of a member's name; it never leads above the root."""
    return posixpath.normpath(f"/{name}").replace("//", "/")


def _libraries(file: IO[bytes], size: int) -> Elf | None:
    """What an ELF file needs; None for what is none. It is spooled: its parts lie apart, and the stream goes on."""
    head = file.read(4)
    if head != elf.MAGIC or size > _LARGEST_ELF:
        return None
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as spooled:
        spooled.write(head)
        for piece in pieces(file):
            spooled.write(piece)
        return elf.read(cast("IO[bytes]", spooled))
