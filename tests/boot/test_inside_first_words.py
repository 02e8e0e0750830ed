"""Whom a client wants, by what it says first: TLS in any number of pieces, HTTP, and everything else."""

from __future__ import annotations

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiaudit.boot.inside.first_words import LARGEST, Incomplete, addressee


def hello(name: str | None) -> bytes:
    """What a real client sends first."""
    context = ssl.create_default_context()
    context.check_hostname = False
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def in_records(data: bytes, size: int) -> bytes:
    """The same handshake message in records of this size."""
    message = data[5:]
    parts = [message[at : at + size] for at in range(0, len(message), size)]
    return b"".join(data[:3] + len(part).to_bytes(2, "big") + part for part in parts)


def test_the_server_name_of_a_real_hello() -> None:
    assert addressee(hello("Huggingface.co")) == ("tls", "huggingface.co")


def test_a_hello_without_a_server_name() -> None:
    assert addressee(hello(None)) == ("tls", "")


@pytest.mark.parametrize("size", [1, 3, 50, 200])
def test_a_hello_in_many_records(size: int) -> None:
    assert addressee(in_records(hello("api.openai.com"), size)) == ("tls", "api.openai.com")


def test_every_part_of_a_hello_asks_for_more() -> None:
    data = hello("api.openai.com")
    for size in range(len(data)):
        with pytest.raises(Incomplete):
            addressee(data[:size])


def test_a_hello_that_lies_about_its_lengths_has_no_name() -> None:
    data = bytearray(hello("api.openai.com"))
    data[43] = 255  # the session id reaches beyond the end

    assert addressee(bytes(data)) == ("tls", "")


def test_a_hello_without_end_is_given_up() -> None:
    endless = b"\x16\x03\x01\xff\xff" + b"\x01\xff\xff\xff" + b"a" * LARGEST

    assert addressee(endless) == ("tls", "")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET / HTTP/1.1\r\nAccept: */*\r\nHOST: Example.com:8080\r\n\r\n", ("http", "example.com")),
        (b"POST /v1 HTTP/1.1\r\nHost: [::1]:80\r\n\r\nbody", ("http", "::1")),
        (b"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: proxy\r\n\r\n", ("http", "api.openai.com")),
        (b"GET / HTTP/1.0\r\n\r\n", ("http", "")),
        (b"GET /" + b"a" * LARGEST, ("http", "")),
        (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", None),
        (b"*1\r\n$4\r\nPING\r\n", None),
        (b"\x16\x7f\x00\x00\x01\x00", None),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None),
        (b"\x16\x03\x01\x00\x01\x02", None),
    ],
    ids=["host", "literal", "proxy", "no host", "no end", "postgres", "redis", "no tls", "http2", "no hello"],
)
def test_other_protocols(data: bytes, expected: tuple[str, str] | None) -> None:
    assert addressee(data) == expected


@pytest.mark.parametrize("data", [b"", b"G", b"POS", b"GET / HTTP/1.1\r\nHost: a", b"\x16", b"\x16\x03\x01\x01"])
def test_what_may_become_http_or_tls_asks_for_more(data: bytes) -> None:
    with pytest.raises(Incomplete):
        addressee(data)


@given(st.binary(max_size=400), st.sampled_from([b"", b"GET ", b"\x16\x03\x01", hello("a.example")[:60]]))
def test_any_bytes_are_taken(data: bytes, start: bytes) -> None:
    try:
        found = addressee(start + data)
    except Incomplete:
        return
    assert found is None or found[0] in ("tls", "http")
