"""The sinkhole on this machine's own loopback addresses, with clients as services have them."""

from __future__ import annotations

import socket
import ssl
import time
import urllib.error
import urllib.request

import pytest

from aiaudit.boot.inside.sinkhole import Sinkhole
from tests.boot.inside_reports import Heard


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Hole:
    """A sinkhole with one port, and what it reported."""

    def __init__(self, silent: bool = False) -> None:
        self.heard = Heard()
        self.own: set[tuple[str, int]] = set()
        self.port = unused_port()
        self.sinkhole = Sinkhole(self.heard.reports, self.own, (self.port,), silent)
        self.sinkhole.start()

    def connect(self, name: str) -> socket.socket:
        return socket.create_connection((self.sinkhole.address_of(name), self.port), 5)


def test_a_tls_client_gives_away_whom_it_wants_and_is_closed() -> None:
    hole = Hole()
    context = ssl.create_default_context()
    with pytest.raises(OSError), hole.connect("cdn.example") as plain:  # noqa: PT011  (which one is the client's matter)
        context.wrap_socket(plain, server_hostname="api.openai.com")

    assert hole.heard.wait("contact") == [{"host": "api.openai.com", "port": hole.port, "how": "tls"}]


def test_an_http_client_gets_no_answer() -> None:
    hole = Hole()
    url = f"http://{hole.sinkhole.address_of('telemetry.example')}:{hole.port}/"
    request = urllib.request.Request(url, headers={"Host": "telemetry.example"})
    with pytest.raises(OSError):  # noqa: PT011  (which one is the client's matter)
        urllib.request.urlopen(request, timeout=5)

    assert hole.heard.wait("contact") == [{"host": "telemetry.example", "port": hole.port, "how": "http"}]


def test_a_client_that_waits_for_the_first_word_is_known_by_the_name_it_asked_for() -> None:
    hole = Hole()
    hole.sinkhole.address_of("other.example")
    with hole.connect("db.example") as client:
        assert client.recv(1) == b""

    assert hole.heard.wait("contact") == [{"host": "db.example", "port": hole.port, "how": "tcp"}]


def test_a_hello_in_drops_is_put_together() -> None:
    hole = Hole()
    with hole.connect("a.example") as client:
        for piece in (b"GET / HT", b"TP/1.1\r\nHo", b"st: b.example\r\n", b"\r\n"):
            client.sendall(piece)
            time.sleep(0.05)
        assert client.recv(1) == b""

    assert [contact["host"] for contact in hole.heard.wait("contact")] == ["b.example"]


def test_a_silent_one_takes_the_connection_and_never_answers() -> None:
    hole = Hole(silent=True)
    with hole.connect("db.example") as client:
        hole.heard.wait("contact")
        client.settimeout(0.5)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_the_same_contact_within_a_moment_is_told_once() -> None:
    hole = Hole()
    for _ in range(5):
        with hole.connect("db.example") as client:
            client.sendall(b"\0")
    hole.heard.wait("contact", count=2, seconds=0.5)

    assert len(hole.heard.events("contact")) == 1


def test_nothing_listens_before_a_name_is_asked_for_and_its_sockets_are_known_as_own() -> None:
    hole = Hole()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", hole.port), 5)
    address = hole.sinkhole.address_of("db.example")

    assert hole.own == {(address, hole.port)}


def test_a_port_that_somebody_has_at_all_addresses_is_left_to_him() -> None:
    hole = Hole()
    with socket.create_server(("0.0.0.0", hole.port)) as companion:
        address = hole.sinkhole.address_of("db.example")
        with socket.create_connection((address, hole.port), 5):
            companion.accept()[0].close()

    assert hole.own == set()
    assert hole.heard.events("contact") == []


def test_names_have_addresses_of_their_own_until_there_are_too_many() -> None:
    hole = Hole()
    addresses = [hole.sinkhole.address_of(f"host{number}.example") for number in range(100)]

    assert len(set(addresses[:31])) == 31
    assert set(addresses[31:]) == {"127.0.0.33"}
    assert hole.sinkhole.address_of("host7.example") == addresses[7]


def test_a_contact_of_those_that_share_an_address_has_no_wrong_name() -> None:
    hole = Hole()
    for number in range(40):
        hole.sinkhole.address_of(f"host{number}.example")
    with hole.connect("last.example") as client:
        assert client.recv(1) == b""

    assert [contact["host"] for contact in hole.heard.wait("contact")] == ["127.0.0.33"]
