"""A name server that knows every name and tells which were asked for."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterable
from typing import NamedTuple

from .reports import Reports, plain_name

ADDRESS = "127.0.0.1"
_A, _PTR = 1, 12
_FORMAT_ERROR, _NO_SUCH_NAME, _NOT_IMPLEMENTED = 1, 3, 4
_RECURSION_DESIRED, _AUTHORITATIVE, _RECURSION_AVAILABLE, _RESPONSE = 0x0100, 0x0400, 0x0080, 0x8000
_SECONDS_VALID = 1
_LARGEST = 4096
_TCP_SECONDS = 2.0


class Question(NamedTuple):
    """The first question of a query: the name as asked, its kind of record, its bytes in the message."""

    name: str
    kind: int
    raw: bytes


class Malformed(Exception):
    """No query that can be read."""


def question_of(message: bytes) -> Question:
    """The first question of a query; `Malformed` for anything that is none."""
    if len(message) < 12:
        raise Malformed
    count = struct.unpack_from("!H", message, 4)[0]
    if count == 0:
        raise Malformed
    labels, at = [], 12
    while True:
        if at >= len(message) or at - 12 > 255:
            raise Malformed
        size = message[at]
        if size == 0:
            break
        label = message[at + 1 : at + 1 + size]
        if size > 63 or len(label) < size:
            raise Malformed
        labels.append(label)
        at += 1 + size
    if len(message) < at + 5:
        raise Malformed
    kind = struct.unpack_from("!H", message, at + 1)[0]
    return Question(plain_name(b".".join(labels)), kind, message[12 : at + 5])


def reply(message: bytes, address_of: Callable[[str], str]) -> bytes | None:
    """The answer to a query: the address of its name, "" for a name that is none; nothing for other kinds of records.

    None for what is no query.
    """
    if len(message) < 12:
        return None
    number, flags = struct.unpack_from("!HH", message)
    if flags & _RESPONSE:
        return None
    known = _RESPONSE | _AUTHORITATIVE | _RECURSION_AVAILABLE | (flags & (0x7800 | _RECURSION_DESIRED))
    if flags & 0x7800:
        return struct.pack("!6H", number, known | _NOT_IMPLEMENTED, 0, 0, 0, 0)
    try:
        question = question_of(message)
    except Malformed:
        return struct.pack("!6H", number, known | _FORMAT_ERROR, 0, 0, 0, 0)
    answer = b""
    if question.kind != _PTR:
        address = address_of(question.name)
        if not address:
            return struct.pack("!6H", number, known | _NO_SUCH_NAME, 1, 0, 0, 0) + question.raw
        if question.kind == _A:
            answer = struct.pack("!HHHLH", 0xC00C, _A, 1, _SECONDS_VALID, 4) + socket.inet_aton(address)
    return struct.pack("!6H", number, known, 1, 1 if answer else 0, 0, 0) + question.raw + answer


def search_domains(path: str = "/etc/resolv.conf") -> tuple[str, ...]:
    """Domains that a resolver may put behind a name."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = [line.split() for line in file]
    except OSError:
        return ()
    return tuple(word.strip(".").lower() for line in lines if line[:1] in (["search"], ["domain"]) for word in line[1:])


class NameServer:
    """Answers every name with an address that `address_of` gives, over UDP and TCP; names in `local` are this place."""

    def __init__(
        self, reports: Reports, address_of: Callable[[str], str], local: Iterable[str] = (), port: int = 53
    ) -> None:
        self._reports = reports
        self._address_of = address_of
        self._domains = search_domains()
        self._local = {"localhost", socket.gethostname().lower(), *(name.lower() for name in local)}
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind((ADDRESS, port))
        self.port = self._datagrams.getsockname()[1]
        self._streams = socket.create_server((ADDRESS, self.port), backlog=16)

    def start(self) -> None:
        """Answer from now on."""
        for work in (self._serve_datagrams, self._serve_streams):
            threading.Thread(target=work, daemon=True).start()

    def _address(self, asked: str) -> str:
        name = self._without_domain(asked)
        if name in self._local or name.endswith(".localhost"):
            return ADDRESS
        self._reports.contact(name, 0, "dns")
        return self._address_of(name)

    def _without_domain(self, name: str) -> str:
        for domain in self._domains:
            if domain and name.endswith("." + domain):
                return name[: -len(domain) - 1]
        return name

    def _serve_datagrams(self) -> None:
        while True:
            try:
                message, sender = self._datagrams.recvfrom(_LARGEST)
                answer = reply(message, self._address)
                if answer:
                    self._datagrams.sendto(answer, sender)
            except OSError:  # the asker has gone; the next one has not
                continue

    def _serve_streams(self) -> None:
        while True:
            try:
                connection, _ = self._streams.accept()
                with connection:
                    connection.settimeout(_TCP_SECONDS)
                    self._serve(connection)
            except OSError:
                continue

    def _serve(self, connection: socket.socket) -> None:
        """One query of a connection; askers open a new one for the next."""
        size = int.from_bytes(_exactly(connection, 2), "big")
        answer = reply(_exactly(connection, min(size, _LARGEST)), self._address)
        if answer:
            connection.sendall(struct.pack("!H", len(answer)) + answer)


def _exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes, fewer where the other side ends."""
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        if not piece:
            break
        data += piece
    return data
