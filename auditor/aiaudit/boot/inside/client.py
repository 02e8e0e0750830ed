"""Asks servers that may answer anything, each time within limits."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from .wire import Broken, Incoming, request_bytes

KEPT = 16 * 1024
_MOST_READ = 1024 * 1024
_MOST_INTERIM = 8
_TOLD = ("server", "location")
_AS_OF_TLS = ("reset", "closed without an answer", "TLS")
_HOSTS = {"0.0.0.0": ("127.0.0.1",), "::": ("127.0.0.1", "::1")}


class Refused(Exception):
    """Nobody takes the connection."""


class Request(NamedTuple):
    """What is asked; `hosts` are the addresses to try, `tls` tells that the server was seen to speak TLS."""

    method: str
    port: int
    path: str
    body: str = ""
    headers: dict[str, str] = {}
    hosts: tuple[str, ...] = ("127.0.0.1", "::1")
    tls: bool = False


def addresses(host: str) -> tuple[str, ...]:
    """Where to connect to a socket that listens at this address."""
    return _HOSTS.get(host, (host,))


def ask(request: Request, seconds: float) -> dict[str, Any]:
    """Make a request and read the answer: values of an `answer` event, and `tls` where that was needed.

    `Refused` where nobody listens. Redirects are told and not followed.
    """
    began = time.monotonic()
    answer: dict[str, Any] = {"method": request.method, "path": request.path, "port": request.port}
    answer.update(status=0, length=0, body="", detail="")
    try:
        with _connected(request, began + seconds) as connection:
            incoming = Incoming(connection, began + seconds)
            answer["status"], headers = _exchange(connection, incoming, request)
            answer.update({name: headers[name][:200] for name in _TOLD if name in headers})
            answer.update(_body_values(incoming, headers, request.method, answer["status"]))
    except Broken as error:
        answer["detail"] = str(error)
    may_be_tls = not answer["status"] and not request.tls and answer["detail"] in _AS_OF_TLS
    if may_be_tls and _speaks_tls(request, began + seconds):
        return {**ask(request._replace(tls=True), seconds), "tls": True}
    answer["took"] = round(time.monotonic() - began, 4)
    return answer


def stream(request: Request, seconds: float, say: Callable[..., None]) -> None:
    """Make a request and read its answer to the end, which may be far; `say` gets the state as it changes."""
    is_open, deadline = False, time.monotonic() + seconds
    try:
        with _connected(request, deadline) as connection:
            incoming = Incoming(connection, deadline)
            status, headers = _exchange(connection, incoming, request)
            body = incoming.body(headers, until_end=True)
            if status >= 400:
                say("refused", status=status, detail=_text(next(body, b"")[:500]))
                return
            for _ in body:
                if not is_open:
                    is_open = True
                    say("open", status=status, detail="")
        say("clean" if is_open else "refused", status=status, detail="" if is_open else "the answer is empty")
    except (Broken, Refused) as error:
        say("cut" if is_open else "refused", status=0, detail=str(error))


def _connected(request: Request, deadline: float) -> socket.socket:
    """A connection to the first address that takes one."""
    reasons = []
    for host in request.hosts:
        try:
            plain = socket.create_connection((host, request.port), max(0.05, deadline - time.monotonic()))
        except OSError as error:
            reasons.append("refused" if isinstance(error, ConnectionRefusedError) else str(error))
            continue
        return _with_tls(plain) if request.tls else plain
    raise Refused(reasons[0])


def _with_tls(plain: socket.socket) -> socket.socket:
    """TLS without a look at the certificate: it is asked whether the service answers, not who it is."""
    import ssl  # takes longer to import than all else, and is needed by few

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return context.wrap_socket(plain, server_hostname="localhost")
    except OSError as error:
        plain.close()
        raise Broken(f"TLS fails: {error}") from None


def _speaks_tls(request: Request, deadline: float) -> bool:
    try:
        _connected(request._replace(tls=True), min(deadline, time.monotonic() + 2)).close()
    except (Broken, Refused, ImportError):
        return False
    return True


def _exchange(connection: socket.socket, incoming: Incoming, request: Request) -> tuple[int, dict[str, str]]:
    """Send the request; status and headers of the final answer."""
    body = request.body.encode("utf-8", "replace")
    with suppress(OSError):  # a server may answer before it has read everything
        connection.sendall(request_bytes(request.method, request.port, request.path, body, request.headers))
    for _ in range(_MOST_INTERIM):
        status = _status(incoming.line().decode("latin-1"))
        headers = incoming.headers()
        if status >= 200:
            return status, headers
    raise Broken("only interim answers (1xx)")


def _status(line: str) -> int:
    """The status in the first line; `Broken` where that is none of HTTP."""
    protocol, _, rest = line.partition(" ")
    number = rest[:3]
    if protocol.startswith("HTTP/") and len(number) == 3 and number.isascii() and number.isdigit() and number >= "100":
        return int(number)
    if line[:2] in ("\x15\x03", "\x16\x03"):
        raise Broken("TLS")
    raise Broken(f"not HTTP: {line[:60]!a}")


def _body_values(incoming: Incoming, headers: dict[str, str], method: str, status: int) -> dict[str, Any]:
    """Length and beginning of the body, and what is wrong with it."""
    kept, length, detail = b"", 0, ""
    if method == "HEAD" or status in (204, 304):
        return {}
    try:
        for piece in incoming.body(headers, until_end=True):
            length += len(piece)
            kept += piece[: KEPT - len(kept)]
            if length > _MOST_READ:
                detail = "the body is longer than 1 MiB; the rest was not read"
                break
    except Broken as error:
        detail = str(error)
    return {"length": length, "body": _text(kept), "detail": detail}


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
