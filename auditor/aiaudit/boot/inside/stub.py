"""A server that speaks like the APIs of OpenAI and Anthropic, so that a service can work without key and network."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import replies
from .reports import Reports
from .wire import Broken, Incoming

ADDRESS = "127.0.0.1"
_REQUEST_SECONDS = 30.0
_MOST_BODY = 8 * 1024 * 1024
_MOST_SERVED = 32
_PIECE_SECONDS = 0.2
_NOT_UNDERSTOOD = (TypeError, ValueError, AttributeError, LookupError)
_SLOW_ROUNDS = 38  # of eight pieces, which is a minute

_WHOLE: dict[str, Callable[[Any], Any]] = {
    "chat/completions": replies.chat,
    "completions": replies.completion,
    "embeddings": replies.embeddings,
    "moderations": replies.moderations,
    "responses": replies.response,
    "messages": replies.message,
    "messages/count_tokens": lambda asked: {"input_tokens": 1},
}
_STREAMED: dict[str, Callable[[Any, int], Iterator[replies.Part]]] = {
    "chat/completions": replies.chat_stream,
    "completions": replies.completion_stream,
    "responses": replies.response_stream,
    "messages": replies.message_stream,
}


def operation(path: str) -> str:
    """What a path asks for, whatever base URL stands before it: its last word, or two that go together."""
    words = path.partition("?")[0].strip("/").split("/")
    two = "/".join(words[-2:])
    return two if two in _WHOLE or words[-2:-1] == ["models"] else words[-1]


class Stub:
    """Serves on a port of the loopback address; `slow` makes streams go on for a minute."""

    def __init__(self, reports: Reports, port: int) -> None:
        self._reports = reports
        self._listener = socket.create_server((ADDRESS, port), backlog=64)
        self._serving = threading.Semaphore(_MOST_SERVED)
        self.port = self._listener.getsockname()[1]
        self.slow = False

    def start(self) -> None:
        """Serve from now on."""
        threading.Thread(target=self._accept_all, daemon=True).start()

    def _accept_all(self) -> None:
        while True:
            self._serving.acquire()
            try:
                connection, _ = self._listener.accept()
            except OSError:
                self._serving.release()
                time.sleep(0.01)
                continue
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                self._answer(connection)
        except (OSError, Broken, *_NOT_UNDERSTOOD):  # the client went away, or is none of these APIs
            pass
        finally:
            self._serving.release()

    def _answer(self, connection: socket.socket) -> None:
        incoming = Incoming(connection, time.monotonic() + _REQUEST_SECONDS)
        method, path = [*incoming.line().decode("latin-1").split(" "), ""][:2]
        headers = incoming.headers()
        body = b""
        for piece in incoming.body(headers, until_end=False):
            body += piece
            if len(body) > _MOST_BODY:
                raise Broken("the request is longer than 8 MiB")
        connection.settimeout(_REQUEST_SECONDS)
        wanted, asked = operation(path), _fields(body)
        streamed = _STREAMED.get(wanted) if asked.get("stream") else None
        self._reports.say("call", method=method[:10], path=path[:200], stream=streamed is not None)
        if streamed:
            self._stream(connection, streamed(asked, _SLOW_ROUNDS if self.slow else 1))
        else:
            connection.sendall(_whole(*_reply(wanted, asked)))

    def _stream(self, connection: socket.socket, parts: Iterator[replies.Part]) -> None:
        """Send parts as server-sent events, in chunks, so that the client can tell the end from a break."""
        connection.sendall(_head(200, "text/event-stream") + b"Transfer-Encoding: chunked\r\n\r\n")
        for event, data in parts:
            text = data if data == replies.DONE else json.dumps(data)
            block = (f"event: {event}\n" if event else "") + f"data: {text}\n\n"
            raw = block.encode("utf-8")
            connection.sendall(b"%x\r\n%s\r\n" % (len(raw), raw))
            if self.slow:
                time.sleep(_PIECE_SECONDS)
        connection.sendall(b"0\r\n\r\n")


def _fields(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return asked if isinstance(asked, dict) else {}


def _reply(wanted: str, asked: dict[str, Any]) -> tuple[int, Any]:
    """Status and value of an answer that is no stream."""
    first, _, name = wanted.partition("/")
    if first == "models":
        return 200, replies.models(name)
    if wanted in _WHOLE:
        try:
            return 200, _WHOLE[wanted](asked)
        except _NOT_UNDERSTOOD as error:
            return 400, _error(f"the stub does not understand this: {error}", "invalid_request_error")
    return 404, _error("the stub has no such operation", "not_found_error")


def _error(text: str, kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"message": text, "type": kind, "param": None, "code": None}}


def _whole(status: int, value: Any) -> bytes:
    raw = json.dumps(value).encode("utf-8")
    return _head(status, "application/json") + b"Content-Length: %d\r\n\r\n" % len(raw) + raw


def _head(status: int, kind: str) -> bytes:
    reason = {200: "OK", 400: "Bad Request", 404: "Not Found"}[status]
    return f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nConnection: close\r\n".encode("ascii")
