"""What the kernel tells about the network of this container, whoever in it is behind."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

_TABLES = {socket.AF_INET: "/proc/net/tcp", socket.AF_INET6: "/proc/net/tcp6"}
_ADDRESS_BYTES = {socket.AF_INET: 4, socket.AF_INET6: 16}
_LISTENS = 10

# The kernel's socket diagnostics (sock_diag(7)): a header, then the question or an answer.
_SOCK_DIAG, _BY_FAMILY, _DUMP = 4, 20, 0x301
_HEADER = struct.Struct("=IHHII")
_ERROR, _DONE = 2, 3
_ANSWER_SECONDS = 5.0


def listening() -> set[tuple[str, int]]:
    """Address and port of every TCP socket that listens; `OSError` where the kernel does not tell.

    The tables in /proc say the same, but the kernel walks through all sockets that there could be to write them: 8 ms
    on a machine with much memory, where its diagnostics take 0.04 ms.
    """
    try:
        return {place for family in _TABLES for place in _diagnosed(family)}
    except OSError:
        return {place for family in _TABLES for place in _tabled(family)}


def _diagnosed(family: socket.AddressFamily) -> Iterator[tuple[str, int]]:
    """What the diagnostics tell of one family; `OSError` for a kernel, or a filter before it, that refuses."""
    question = struct.pack("=4BI48x", family, socket.IPPROTO_TCP, 0, 0, 1 << _LISTENS)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as kernel:
        kernel.settimeout(_ANSWER_SECONDS)
        kernel.send(_HEADER.pack(_HEADER.size + len(question), _BY_FAMILY, _DUMP, 1, 0) + question)
        while True:
            data = kernel.recv(65536)
            while data:
                size, kind, _, _, _ = _HEADER.unpack_from(data)
                if kind == _DONE:
                    return
                if kind == _ERROR or size < _HEADER.size:
                    raise OSError("the kernel's diagnostics are not available")
                yield _place(family, data[_HEADER.size : size])
                data = data[(size + 3) & ~3 :]


def _place(family: socket.AddressFamily, answer: bytes) -> tuple[str, int]:
    (port,) = struct.unpack_from("!H", answer, 4)
    return socket.inet_ntop(family, answer[8 : 8 + _ADDRESS_BYTES[family]]), port


def _tabled(family: socket.AddressFamily) -> Iterator[tuple[str, int]]:
    """What the table of one family tells."""
    try:
        with open(_TABLES[family], encoding="ascii") as table:
            lines = table.readlines()[1:]
    except FileNotFoundError:  # a kernel without IPv6
        if family == socket.AF_INET:
            raise
        return
    for line in lines:
        fields = line.split()
        if len(fields) > 3 and int(fields[3], 16) == _LISTENS:
            address, _, port = fields[1].partition(":")
            yield _address(family, address), int(port, 16)


def _address(family: socket.AddressFamily, text: str) -> str:
    """The kernel writes an address as words of 32 bits, each in the machine's own order of bytes."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))


def unroutable() -> int:
    """How often something was to be sent where no route leads: to literal addresses, as no name has such a one."""
    try:
        with open("/proc/net/snmp", encoding="ascii") as table:
            names, values = (line.split() for line in table.readlines()[:2])
        return int(values[names.index("OutNoRoutes")])
    except (OSError, ValueError, IndexError):
        return 0
