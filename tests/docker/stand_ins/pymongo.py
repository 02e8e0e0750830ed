"""Stands in for pymongo: gives up after one attempt, where pymongo tries for half a minute."""

import socket
from urllib.parse import urlsplit


class _Admin:
    def __init__(self, address: str) -> None:
        self.address = urlsplit(address)

    def command(self, name: str) -> None:
        with socket.create_connection((self.address.hostname, self.address.port), timeout=2) as connection:
            if not connection.recv(1):
                raise ConnectionError("connection closed")


class MongoClient:
    def __init__(self, address: str) -> None:
        self.admin = _Admin(address)
