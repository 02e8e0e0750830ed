"""Whom a connection is meant for, by the first bytes that a client sends."""

from __future__ import annotations

from .reports import plain_name

LARGEST = 16 * 1024
_HANDSHAKE, _CLIENT_HELLO, _SERVER_NAME = 22, 1, 0
_METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"OPTIONS ", b"DELETE ", b"PATCH ", b"CONNECT ")


class Incomplete(Exception):
    """More bytes are needed."""


def addressee(data: bytes) -> tuple[str, str] | None:
    """How the client speaks ("tls" or "http") and the host that it names ("" for none); None for another protocol.

    `Incomplete` as long as the bytes may become one of both.
    """
    if not data:
        raise Incomplete
    if data[0] == _HANDSHAKE:
        return _server_name(data)
    longest = max(len(method) for method in _METHODS)
    if data.startswith(_METHODS):
        return _host(data)
    if len(data) < longest and any(method.startswith(data) for method in _METHODS):
        raise Incomplete
    return None


def _host(data: bytes) -> tuple[str, str]:
    """The Host header of a request; the target of CONNECT, which a proxy is asked for."""
    head, end, _ = data.partition(b"\r\n\r\n")
    if not end and len(data) < LARGEST:
        raise Incomplete
    first, *lines = head.split(b"\r\n")
    if first.startswith(b"CONNECT "):
        return "http", _without_port(first.split(b" ")[1])
    for line in lines:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"host":
            return "http", _without_port(value.strip())
    return "http", ""


def _without_port(host: bytes) -> str:
    if host.startswith(b"["):
        return plain_name(host[1:].partition(b"]")[0])
    return plain_name(host.partition(b":")[0])


def _server_name(data: bytes) -> tuple[str, str] | None:
    """The server name that a ClientHello asks for; it may be spread over several records."""
    message, at = b"", 0
    while at + 5 <= len(data) and data[at] == _HANDSHAKE:
        if data[at + 1] != 3:
            return None
        size = int.from_bytes(data[at + 3 : at + 5], "big")
        message += data[at + 5 : at + 5 + size]
        at += 5 + size
    if message and message[0] != _CLIENT_HELLO:
        return None
    whole = 4 + int.from_bytes(message[1:4], "big")
    if len(message) < 4 or len(message) < whole:
        if len(data) >= LARGEST:
            return "tls", ""
        raise Incomplete
    try:
        return "tls", _name_in(message[4:whole])
    except IndexError:
        return "tls", ""


def _name_in(hello: bytes) -> str:
    """The name in the body of a ClientHello; `IndexError` for one that breaks off."""
    at = 34  # version and random
    at += 1 + hello[at]
    at += 2 + _number(hello, at)
    at += 1 + hello[at]
    end = min(len(hello), at + 2 + _number(hello, at))
    at += 2
    while at + 4 <= end:
        kind, size = _number(hello, at), _number(hello, at + 2)
        # the list of names and its only entry have a length each, and a byte stands between them
        if kind == _SERVER_NAME and size > 5 and hello[at + 6] == 0:
            length = _number(hello, at + 7)
            return plain_name(hello[at + 9 : min(at + 4 + size, at + 9 + length)])
        at += 4 + size
    return ""


def _number(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]
