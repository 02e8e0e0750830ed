"""The name server of the container that watches: what it answers, what it reports, what it makes of garbage."""

from __future__ import annotations

import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiaudit.boot.inside import names
from aiaudit.boot.inside.names import Malformed, question_of, reply
from tests.boot.inside_reports import Heard

A, PTR, AAAA, SRV = 1, 12, 28, 33


def query(name: str, kind: int = A, flags: int = 0x0100, number: int = 7) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label)
    return struct.pack("!6H", number, flags, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", kind, 1)


def code(answer: bytes | None) -> int:
    assert answer is not None
    return answer[3] & 15


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def server(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(names, "search_domains", lambda: ("corp.example",))
    started = names.NameServer(heard.reports, lambda name: "127.0.0.9", local=["cache"], port=0)
    started.start()
    return started.port


def asked_by_udp(port: int, message: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.settimeout(5)
        asker.sendto(message, ("127.0.0.1", port))
        return asker.recv(4096)


def asked_by_tcp(port: int, message: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), 5) as asker:
        framed = struct.pack("!H", len(message)) + message
        asker.sendall(framed[:3])
        asker.sendall(framed[3:])
        with asker.makefile("rb") as answers:
            return answers.read(struct.unpack("!H", answers.read(2))[0])


@pytest.mark.parametrize("ask", [asked_by_udp, asked_by_tcp])
def test_every_name_has_an_address_and_is_told(server: int, heard: Heard, ask: Any) -> None:
    message = query("API.OpenAI.com")

    answer = ask(server, message)

    assert answer[:2] == message[:2]
    assert struct.unpack("!H", answer[6:8]) == (1,)
    assert answer.endswith(socket.inet_aton("127.0.0.9"))
    assert heard.events("contact") == [{"host": "api.openai.com", "port": 0, "how": "dns"}]


def test_garbage_does_not_end_the_server(server: int) -> None:
    for garbage in (b"", b"\0", b"\xff" * 700, query("x")[:-3]):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.sendto(garbage, ("127.0.0.1", server))
        with socket.create_connection(("127.0.0.1", server), 5) as asker:
            asker.sendall(garbage)
    assert asked_by_udp(server, query("still.here")).endswith(socket.inet_aton("127.0.0.9"))
    assert asked_by_tcp(server, query("still.here")).endswith(socket.inet_aton("127.0.0.9"))


def test_the_domain_that_a_resolver_puts_behind_a_name_is_taken_off(server: int, heard: Heard) -> None:
    asked_by_udp(server, query("db.corp.example"))

    assert [contact["host"] for contact in heard.events("contact")] == ["db"]


@pytest.mark.parametrize("name", ["localhost", "app.localhost", socket.gethostname(), "Cache", "cache.corp.example"])
def test_names_of_this_place_are_no_contacts(server: int, heard: Heard, name: str) -> None:
    answer = asked_by_udp(server, query(name))

    assert answer.endswith(socket.inet_aton("127.0.0.1"))
    assert heard.events("contact") == []


@pytest.mark.parametrize("kind", [AAAA, SRV, 65])
def test_other_records_are_empty_and_the_name_is_told_all_the_same(kind: int) -> None:
    told: list[str] = []

    answer = reply(query("cluster.example", kind), lambda name: told.append(name) or "127.0.0.9")

    assert answer is not None
    assert (code(answer), struct.unpack("!H", answer[6:8])[0]) == (0, 0)
    assert told == ["cluster.example"]


@pytest.mark.parametrize("kind", [A, AAAA])
def test_a_name_without_an_address_does_not_exist(kind: int) -> None:
    answer = reply(query("hub.example", kind), lambda name: "")

    assert (code(answer), answer and struct.unpack("!H", answer[6:8])[0]) == (3, 0)


def test_an_address_that_is_asked_for_its_name_is_no_contact() -> None:
    told: list[str] = []

    answer = reply(query("9.0.0.127.in-addr.arpa", PTR), lambda name: told.append(name) or "127.0.0.9")

    assert (code(answer), told) == (0, [])


def _without_end(message: bytes) -> bytes:
    return message[:-5]


@pytest.mark.parametrize(
    "message",
    [
        query("a.b")[:14],
        _without_end(query("a.b")),
        query("a.b")[:-1],
        struct.pack("!6H", 7, 0, 0, 0, 0, 0),
        struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",
        struct.pack("!6H", 7, 0, 1, 0, 0, 0) + (b"\x3f" + b"a" * 63) * 5 + b"\0\0\1\0\1",
    ],
    ids=["cut in the name", "no kind", "cut in the class", "no question", "a pointer", "too long"],
)
def test_what_cannot_be_read_is_called_a_format_error(message: bytes) -> None:
    with pytest.raises(Malformed):
        question_of(message)
    assert code(reply(message, lambda name: "127.0.0.9")) == 1


def test_other_operations_are_not_implemented_and_answers_get_none() -> None:
    assert code(reply(query("a.b", flags=0x2800), lambda name: "127.0.0.9")) == 4
    assert reply(query("a.b", flags=0x8000), lambda name: "127.0.0.9") is None
    assert reply(b"\0\1", lambda name: "127.0.0.9") is None


@given(st.binary(max_size=600))
def test_any_bytes_give_an_answer_or_none(message: bytes) -> None:
    answer = reply(message, lambda name: "127.0.0.9")

    assert answer is None or answer[:2] == message[:2]


def test_odd_bytes_in_a_name_are_made_harmless() -> None:
    message = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + b"\x05\x1b[2Jx\x02\xff\n\0\0\1\0\1"

    assert question_of(message).name == "?[2jx.??"


def test_search_domains_are_read_from_the_resolvers_file(tmp_path: Any) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text("search Corp.Example. other.example\noptions ndots:0\n\ndomain third.example\n")

    assert names.search_domains(str(file)) == ("corp.example", "other.example", "third.example")
    assert names.search_domains(str(tmp_path / "none")) == ()
