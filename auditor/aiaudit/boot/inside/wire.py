"""HTTP/1.1 as it comes over a socket: messages of servers and clients that may be hostile, within time and size."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

_LONGEST_LINE = 16 * 1024
_MOST_HEADERS = 200
_PIECE = 64 * 1024
_EARLY = "the connection ends within the answer"


class Broken(Exception):
    """The message is no HTTP, is too large, comes too slowly or ends early; the text says which."""


class Incoming:
    """The bytes of a connection, up to a deadline of the monotonic clock."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self._connection = connection
        self._deadline = deadline
        self._buffer = b""
        self.received = 0

    def some(self) -> bytes:
        """What is there or comes next; empty at the end."""
        if self._buffer:
            data, self._buffer = self._buffer, b""
            return data
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise Broken(self._late())
        self._connection.settimeout(left)
        try:
            data = self._connection.recv(_PIECE)
        except ConnectionError:
            raise Broken("reset") from None
        except OSError as error:
            raise Broken(self._late() if time.monotonic() >= self._deadline else str(error)) from None
        self.received += len(data)
        return data

    def _late(self) -> str:
        return "the answer does not end in time" if self.received else "no answer in time"

    def line(self) -> bytes:
        """The next line without its end; the last one may have none."""
        data = b""
        while b"\n" not in data:
            piece = self.some()
            if not piece:
                break
            data += piece
            if len(data.partition(b"\n")[0]) > _LONGEST_LINE:
                raise Broken("a header line is longer than 16 KiB")
        if not data:
            raise Broken(_EARLY if self.received else "closed without an answer")
        line, _, rest = data.partition(b"\n")
        self._buffer = rest + self._buffer
        return line.rstrip(b"\r")

    def headers(self) -> dict[str, str]:
        """The headers after the first line, names in lower case; of a repeated one the last."""
        headers: dict[str, str] = {}
        for _ in range(_MOST_HEADERS):
            line = self.line()
            if not line:
                return headers
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        raise Broken("more than 200 header lines")

    def body(self, headers: dict[str, str], until_end: bool) -> Iterator[bytes]:
        """The parts of the body; without a length it goes on to the end of the connection, or is empty."""
        if "chunked" in headers.get("transfer-encoding", "").lower():
            yield from self._chunks()
        elif "content-length" in headers:
            yield from self._sized(_size(headers["content-length"], 10))
        elif until_end:
            while True:
                data = self.some()
                if not data:
                    return
                yield data

    def _sized(self, size: int) -> Iterator[bytes]:
        while size > 0:
            data = self.some()
            if not data:
                raise Broken(_EARLY)
            piece, self._buffer = data[:size], data[size:]
            size -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = _size(self.line().decode("latin-1").partition(";")[0], 16)
            yield from self._sized(size)
            if not size:
                return
            self.line()


def _size(text: str, base: int) -> int:
    """A length in a message; `Broken` for what is none."""
    text = text.strip()
    if not text or not all(letter in "0123456789abcdefABCDEF" for letter in text) or len(text) > 16:
        raise Broken("a length is no number")
    try:
        return int(text, base)
    except ValueError:
        raise Broken("a length is no number") from None


def request_bytes(method: str, port: int, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A request as it is sent; line ends in what is given would start another header and are taken out."""
    whole = {"Host": f"localhost:{port}", "User-Agent": "aiaudit", "Accept": "*/*", "Connection": "close"}
    if body:
        whole.update({"Content-Type": "application/json", "Content-Length": str(len(body))})
    given = {name.title(): value for name, value in headers.items()}
    whole.update({name: value for name, value in given.items() if name != "Content-Length"})
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in whole.items())]
    text = "\r\n".join(line.replace("\r", "").replace("\n", "") for line in lines)
    return text.encode("utf-8") + b"\r\n\r\n" + body
