"""The output of a container: taken out of the engine's frames, kept within bounds, cut into lines."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator

HEAD = TAIL = 2 * 1024**2
LONGEST_LINE = 16 * 1024
_LONGEST_FRAME = 64 * 1024**2  # the engine writes frames of some KiB; a larger size is a broken stream
_LINES_KEPT = 50_000
_CUT = b" [cut]"
_DROPPED = b"\n[bytes left out here]\n"

STDOUT, STDERR = 1, 2


class BrokenStream(Exception):
    """What the engine sends is no sequence of whole frames."""


class Frames:
    """Takes the parts of the engine's stream apart: each frame has 8 bytes before it, the stream and the length."""

    def __init__(self) -> None:
        self._header = b""
        self._stream = 0
        self._missing = 0

    @property
    def is_whole(self) -> bool:
        """Whether no frame is incomplete."""
        return not self._header and not self._missing

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Stream number and bytes of what came in; a frame may be given in pieces."""
        while data:
            if self._missing:
                piece, data = data[: self._missing], data[self._missing :]
                self._missing -= len(piece)
                yield self._stream, piece
                continue
            taken = 8 - len(self._header)
            self._header, data = self._header + data[:taken], data[taken:]
            if len(self._header) == 8:
                self._begin()

    def _begin(self) -> None:
        header, self._header = self._header, b""
        self._stream, self._missing = header[0], int.from_bytes(header[4:], "big")
        if self._stream > 2 or any(header[1:4]) or self._missing > _LONGEST_FRAME:
            self._missing = 0
            raise BrokenStream


class RingLog:
    """The first and the last bytes of an output; what lies between is dropped."""

    def __init__(self, head: int = HEAD, tail: int = TAIL) -> None:
        self._lock = threading.Lock()
        self._limits = (head, tail)
        self._head = bytearray()
        self._tail = bytearray()
        self._length = 0
        self._broken = False

    def add(self, data: bytes) -> None:
        """Take more output."""
        with self._lock:
            self._length += len(data)
            head, tail = self._limits
            room = head - len(self._head)
            self._head += data[:room]
            self._tail += data[room:]
            if len(self._tail) > 2 * tail:
                del self._tail[:-tail]

    def break_off(self) -> None:
        """Note that the engine gave less than there was."""
        self._broken = True

    def text(self) -> str:
        """What is kept, as UTF-8 with replacements, long lines cut."""
        with self._lock:
            tail = self._tail[-self._limits[1] :]
            is_gap = self._length > len(self._head) + len(tail)
            data = bytes(self._head + (_DROPPED if is_gap else b"") + tail)
        return b"\n".join(_cut(line) for line in data.split(b"\n")).decode("utf-8", "replace")

    @property
    def length(self) -> int:
        """Bytes seen, dropped ones included."""
        return self._length

    @property
    def truncated(self) -> bool:
        """Whether something was dropped or the engine broke off."""
        return self._broken or self._length > sum(self._limits)


class Lines:
    """Whole lines of an output that wait to be fetched; of too many the oldest are dropped."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=_LINES_KEPT)
        self._rest = b""

    def add(self, data: bytes) -> None:
        """Take more output; called by one thread alone."""
        *whole, rest = (self._rest + data).split(b"\n")
        self._lines.extend(_cut(line, 8 * LONGEST_LINE).decode("utf-8", "replace") for line in whole)
        self._rest = rest[: 8 * LONGEST_LINE]

    def take(self) -> Iterator[str]:
        """The lines that are there, each given once."""
        while self._lines:
            yield self._lines.popleft()


def _cut(line: bytes, longest: int = LONGEST_LINE) -> bytes:
    return line if len(line) <= longest else line[:longest] + _CUT
