"""Takes every connection that leads outside, tells whom it was meant for, and ends it or leaves it without answer."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Iterable

from .first_words import LARGEST, Incomplete, addressee
from .reports import Reports

PORTS = (25, 80, 443, 587, 1433, 3306, 4317, 4318, 5432, 5672, 6333, 6334, 6379, 8123, 9092, 9200, 11211, 19530, 27017)
_FIRST, _LAST = 2, 33  # of 127.0.0.x: a name has an address of its own, those beyond share the last
_LISTENING_SECONDS = 1.0
_MOST_TALKING = 64
_MOST_HELD = 200  # with 19 ports at 32 addresses below the 1024 files that a container may open


class Sinkhole:
    """Listens at an address for each name, from the moment in which the name is asked for."""

    def __init__(self, reports: Reports, own: set[tuple[str, int]], ports: Iterable[int], silent: bool) -> None:
        self._reports = reports
        self._own = own
        self._ports = tuple(ports)
        self._silent = silent
        self._lock = threading.Lock()
        self._addresses: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._selector = selectors.DefaultSelector()
        self._talking = threading.Semaphore(_MOST_TALKING)
        self._held: list[socket.socket] = []

    def start(self) -> None:
        """Take connections from now on."""
        threading.Thread(target=self._accept_all, daemon=True).start()

    def address_of(self, name: str) -> str:
        """The address that stands for a name; the ports listen when it is given."""
        with self._lock:
            known = self._addresses.get(name)
            if known:
                return known
            number = min(_FIRST + len(self._names), _LAST)
            address = f"127.0.0.{number}"
            if address not in self._names:
                self._listen(address)
            self._names[address] = name if number < _LAST else ""
            if len(self._addresses) < 1000:
                self._addresses[name] = address
            return address

    def _listen(self, address: str) -> None:
        for port in self._ports:
            self._own.add((address, port))  # before it shows in the kernel's table
            try:
                listener = socket.create_server((address, port), backlog=64)
            except OSError:  # somebody beside us listens there at all addresses, and gets the connections
                self._own.discard((address, port))
                continue
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ, (address, port))

    def _accept_all(self) -> None:
        while True:
            for key, _ in self._selector.select():
                listener: socket.socket = key.fileobj  # type: ignore[assignment]
                try:
                    connection, _ = listener.accept()
                except OSError:  # it was given up, or there are too many
                    time.sleep(0.01)
                    continue
                self._take(connection, *key.data)

    def _take(self, connection: socket.socket, address: str, port: int) -> None:
        if not self._talking.acquire(blocking=False):
            connection.close()
            return
        threading.Thread(target=self._talk, args=(connection, address, port), daemon=True).start()

    def _talk(self, connection: socket.socket, address: str, port: int) -> None:
        """Hear the first words, report them, and end the connection or keep it without answer."""
        try:
            how, host = _heard(connection) or ("tcp", "")
            self._reports.contact(host or self._names.get(address) or address, port, how)
        finally:
            self._talking.release()
        if self._silent and len(self._held) < _MOST_HELD:
            self._held.append(connection)
            return
        connection.close()


def _heard(connection: socket.socket) -> tuple[str, str] | None:
    """Whom the client names within a moment; clients of many databases wait for the server's first word."""
    data, deadline = b"", time.monotonic() + _LISTENING_SECONDS
    while len(data) < LARGEST:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        connection.settimeout(left)
        try:
            piece = connection.recv(LARGEST - len(data))
        except OSError:
            return None
        if not piece:
            return None
        data += piece
        try:
            return addressee(data)
        except Incomplete:
            continue
    return None
