"""What the kernel tells about the network of this container, whoever in it is behind."""

from __future__ import annotations

import socket
import struct

_LISTENS = "0A"
_TABLES = (("/proc/net/tcp", socket.AF_INET), ("/proc/net/tcp6", socket.AF_INET6))


def listening() -> set[tuple[str, int]]:
    """Address and port of every TCP socket that listens; `OSError` where the kernel's table cannot be read."""
    found = set()
    for path, family in _TABLES:
        try:
            with open(path, encoding="ascii") as table:
                lines = table.readlines()[1:]
        except FileNotFoundError:  # a kernel without IPv6
            if family == socket.AF_INET:
                raise
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 3 and fields[3] == _LISTENS:
                address, _, port = fields[1].partition(":")
                found.add((_address(family, address), int(port, 16)))
    return found


def _address(family: int, text: str) -> str:
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
