"""Which shared libraries an ELF file asks for: DT_NEEDED and DT_SONAME.

Two tags of one table are all that is wanted, of files that nobody trusts; a package for the whole format would be more
to install and to bound than these lines.
"""

from __future__ import annotations

import struct
from typing import IO

from aiaudit.values import dataclass

MAGIC = b"\x7fELF"
_LOAD, _DYNAMIC = 1, 2
_NEEDED, _STRTAB, _SONAME = 1, 5, 14
_MOST_SEGMENTS, _LARGEST_TABLE, _LONGEST_NAME, _MOST_NEEDED = 512, 1 << 20, 4096, 2000


@dataclass(frozen=True, slots=True)
class Elf:
    """What a file asks of the loader (`needed`) and what others may ask it as (`soname`, "" for none)."""

    needed: tuple[str, ...] = ()
    soname: str = ""


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def read(file: IO[bytes]) -> Elf | None:
    """The libraries of an ELF file that can be read at any place; None for another or a broken one."""
    try:
        return _read(file)
    except (struct.error, UnicodeDecodeError, ValueError, OverflowError):
        return None


def _read(file: IO[bytes]) -> Elf | None:
    identity = _at(file, 0, 16)
    if identity[:4] != MAGIC or identity[4] not in (1, 2) or identity[5] not in (1, 2):
        return None
    is_wide, order = identity[4] == 2, "<" if identity[5] == 1 else ">"
    segments = _segments(file, is_wide, order)
    dynamic = next((segment for segment in segments if segment.kind == _DYNAMIC), None)
    if dynamic is None:
        return Elf()  # static, or an object file
    entry = struct.Struct(f"{order}{'qQ' if is_wide else 'iI'}")
    table = _at(file, dynamic.offset, min(dynamic.size, _LARGEST_TABLE) // entry.size * entry.size)
    tags = []
    for tag, value in entry.iter_unpack(table):
        if tag == 0:
            break
        tags.append((tag, value))
    strings = next((value for tag, value in tags if tag == _STRTAB), None)
    start = _offset(segments, strings) if strings is not None else None
    if start is None:
        return Elf()
    needed = tuple(_string(file, start + value) for tag, value in tags[:_MOST_NEEDED] if tag == _NEEDED)
    soname = next((_string(file, start + value) for tag, value in tags if tag == _SONAME), "")
    return Elf(needed, soname)


def _segments(file: IO[bytes], is_wide: bool, order: str) -> list[_Segment]:
    if is_wide:
        (start,) = struct.unpack(f"{order}Q", _at(file, 32, 8))
        size, count = struct.unpack(f"{order}HH", _at(file, 54, 4))
        header = struct.Struct(f"{order}IIQQQQQQ")
    else:
        (start,) = struct.unpack(f"{order}I", _at(file, 28, 4))
        size, count = struct.unpack(f"{order}HH", _at(file, 42, 4))
        header = struct.Struct(f"{order}IIIIIIII")
    segments = []
    for number in range(min(count, _MOST_SEGMENTS)):
        fields = header.unpack(_at(file, start + number * size, header.size))
        if is_wide:
            kind, _, offset, address, _, length, _, _ = fields
        else:
            kind, offset, address, _, length, _, _, _ = fields
        segments.append(_Segment(kind, offset, address, length))
    return segments


def _offset(segments: list[_Segment], address: int) -> int | None:
    """Where in the file the byte of an address lies."""
    for segment in segments:
        if segment.kind == _LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    return None


def _string(file: IO[bytes], offset: int) -> str:
    file.seek(offset)
    return file.read(_LONGEST_NAME).partition(b"\0")[0].decode("utf-8", "replace")


def _at(file: IO[bytes], offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)
