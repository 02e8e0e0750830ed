"""A tiny model server that speaks the OpenAI protocol on loopback, and does what a test tells it to."""

from __future__ import annotations

import json
import math
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VECTOR_LENGTH = 64
PIECES = ("Twenty", "-eight ", "days", " a year.")


class StubModel:
    """Its mode: "answer", "gated" (waits for `release` after the first piece), "endless", "hang", "fail", "tools"."""

    def __init__(self, port: int = 0) -> None:
        self.mode = "answer"
        self.release = threading.Event()
        self.left = threading.Event()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", port), _handler(self))
        self._server.daemon_threads = True

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """What was posted to a path, in order."""
        return [body for posted, body in self.requests if posted == path]

    @contextmanager
    def serving(self) -> Iterator[StubModel]:
        """Serve until the block ends; calls that hang are let go."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.release.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()


def _handler(stub: StubModel) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200, "text/plain", b"payroll: up\ncalendar: down\n")

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            stub.requests.append((self.path, body))
            if stub.mode == "hang":
                stub.release.wait(60)
            if stub.mode in ("hang", "fail"):
                self._answer(400, "application/json", b'{"error": {"message": "out of order"}}')
            elif self.path == "/v1/embeddings":
                self._answer(200, "application/json", json.dumps(_embeddings(body)).encode())
            elif self.path == "/v1/chat/completions" and body.get("stream"):
                self._stream(body)
            else:
                self._answer(404, "application/json", b'{"error": {"message": "the stub only streams"}}')

        def _stream(self, body: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for number, chunk in enumerate(_chunks(stub, body)):
                    if stub.mode == "gated" and number == 1:
                        stub.release.wait(60)
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                    self.wfile.flush()
                self.wfile.write(b"data: [DONE]\n\n")
            except ConnectionError:
                stub.left.set()
            self.close_connection = True

        def _answer(self, status: int, kind: str, content: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except ConnectionError:
                stub.left.set()

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing: tests read the recorded requests."""

    return Handler


def _embeddings(body: dict[str, Any]) -> dict[str, Any]:
    """Vectors that are close when texts share words."""
    data = [
        {"object": "embedding", "index": number, "embedding": _vector(text)}
        for number, text in enumerate(body["input"])
    ]
    usage = {"prompt_tokens": 7, "total_tokens": 7}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def _vector(text: str) -> list[float]:
    vector = [0.0] * VECTOR_LENGTH
    for word in text.lower().split():
        vector[sum(map(ord, word.strip("#.,;?"))) % VECTOR_LENGTH] += 1.0
    length = math.hypot(*vector) or 1.0
    return [value / length for value in vector]


def _chunks(stub: StubModel, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The chunks of one streamed completion."""
    answered = any(message["role"] == "tool" for message in body["messages"])
    if body.get("tools") and (stub.mode == "tools" or not answered):
        function = {"name": "search_handbook", "arguments": '{"query": "days of leave"}'}
        call = {"index": 0, "id": "call_1", "type": "function", "function": function}
        yield _chunk(body, {"role": "assistant", "tool_calls": [call]}, None)
        yield _chunk(body, {}, "tool_calls")
        return
    for piece in PIECES:
        yield _chunk(body, {"role": "assistant", "content": piece}, None)
    while stub.mode == "endless" and not stub.release.wait(0.02):
        yield _chunk(body, {"content": "more "}, None)
    yield _chunk(body, {}, "stop")
    usage = {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25}
    yield {**_chunk(body, {}, None), "choices": [], "usage": usage}


def _chunk(body: dict[str, Any], delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    shape = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": body["model"]}
    return {**shape, "choices": [choice]}


if __name__ == "__main__":  # in a container of its own
    with StubModel(int(sys.argv[1])).serving():
        threading.Event().wait()
