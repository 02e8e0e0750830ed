"""The client inside, against servers that answer as they should and as they should not."""

from __future__ import annotations

import socket
import ssl
import struct
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from aiaudit.boot.inside.client import KEPT, Refused, Request, addresses, ask, stream
from tests.boot.hostile import Answer, saying, serving

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: uvicorn\r\n\r\nok"
EARLY = "the connection ends within the answer"


def answer_of(server: Answer, seconds: float = 1.5, method: str = "GET") -> dict[str, Any]:
    with serving(server) as port:
        return ask(Request(method, port, "/health"), seconds)


def drip(data: bytes, pause: float) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause)

    return answer


def forever(start: bytes, data: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(start)
        while True:
            connection.sendall(data)

    return answer


def reset(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silence(connection: socket.socket) -> None:
    time.sleep(5)


def test_an_answer() -> None:
    answer = answer_of(saying(OK))

    assert {name: answer[name] for name in ("method", "path", "status", "length", "body", "detail", "server")} == {
        "method": "GET",
        "path": "/health",
        "status": 200,
        "length": 2,
        "body": "ok",
        "detail": "",
        "server": "uvicorn",
    }
    assert 0 <= answer["took"] < 1


@pytest.mark.parametrize(
    ("data", "status", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nto the end", 200, "to the end"),
        (b"HTTP/1.1 200\nContent-Length: 1\n\nx", 200, "x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\n\r\n", 200, "ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK, 200, "ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, ""),
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nwait", 503, "wait"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n\xff\x00a", 200, "�\0a"),
    ],
    ids=["1.0", "bare line feeds", "chunked", "interim answers", "no content", "unavailable", "no text"],
)
def test_forms_of_good_answers(data: bytes, status: int, body: str) -> None:
    answer = answer_of(saying(data))

    assert (answer["status"], answer["body"], answer["detail"]) == (status, body, "")


def test_a_redirect_is_told_and_not_followed() -> None:
    asked = []

    def redirect(connection: socket.socket) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /health/\r\nContent-Length: 0\r\n\r\n")

    answer = answer_of(redirect)

    assert (answer["status"], answer["location"], len(asked)) == (307, "/health/", 1)


@pytest.mark.parametrize(
    ("server", "detail"),
    [
        (saying(b""), "closed without an answer"),
        (reset, "reset"),
        (silence, "no answer in time"),
        (saying(b"HTTP/1.1 200 OK\r\nA: b\r\n"), EARLY),
        (saying(b"\x15\x03\x01\x00\x02\x02\x46"), "TLS"),
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n"), "not HTTP: 'SSH-2.0-OpenSSH_9.2'"),
        (saying(b"\x1b[31m\0garbage\n"), "not HTTP: '\\x1b[31m\\x00garbage'"),
        (saying(b"HTTP/1.1 -20 OK\r\n\r\n"), "not HTTP: 'HTTP/1.1 -20 OK'"),
        (saying(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300 + b"\r\n"), "more than 200 header lines"),
        (forever(b"HTTP/1.1 200 OK\r\nA: ", b"a" * 4096), "a header line is longer than 16 KiB"),
        (forever(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"), "more than 200 header lines"),
        (forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "only interim answers (1xx)"),
        (drip(b"HTTP/1.1 200 OK\r\n" * 10, 0.05), "the answer does not end in time"),
    ],
    ids=[
        "closed",
        "reset",
        "silent",
        "half a head",
        "tls alert",
        "ssh",
        "garbage",
        "no status",
        "many headers",
        "a long header",
        "endless headers",
        "interim for ever",
        "drops",
    ],
)
def test_what_is_no_answer_has_status_0_and_a_reason(server: Answer, detail: str) -> None:
    began = time.monotonic()
    answer = answer_of(server)

    assert (answer["status"], answer["detail"]) == (0, detail)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("server", "detail"),
    [
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"), EARLY),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nab"), "a length is no number"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab"), "a length is no number"),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "a length is no number"),
        (saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n"), EARLY),
        (forever(b"HTTP/1.1 200 OK\r\n\r\n", b"a" * 65536), "the body is longer than 1 MiB; the rest was not read"),
        (drip(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 100, 0.03), "the answer does not end in time"),
    ],
    ids=["cut", "no number", "negative", "no chunk", "cut chunks", "endless", "drops"],
)
def test_a_bad_body_keeps_the_status_and_tells_what_is_wrong(server: Answer, detail: str) -> None:
    answer = answer_of(server)

    assert (answer["status"], answer["detail"]) == (200, detail)


def test_a_long_body_is_kept_in_part() -> None:
    size = 100_000
    answer = answer_of(saying(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"a" * size))

    assert (answer["length"], len(answer["body"]), answer["detail"]) == (size, KEPT, "")


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(Refused, match=r"^refused$"):
        ask(Request("GET", port, "/"), 1)


def test_the_request_is_what_was_asked_for_and_has_no_foreign_headers() -> None:
    asked = []

    def keep(connection: socket.socket) -> None:
        asked.append(connection.recv(65536).decode())
        connection.sendall(OK)

    with serving(keep) as port:
        headers = {"x-api-key": "k\r\nEvil: yes", "content-length": "999"}
        ask(Request("POST", port, "/chat?a=b\r\nEvil: yes", '{"a": "ü"}', headers), 2)

    head, _, body = asked[0].partition("\r\n\r\n")
    assert head.splitlines()[0] == "POST /chat?a=bEvil: yes HTTP/1.1"
    assert {"X-Api-Key: kEvil: yes", "Content-Length: 11", "Content-Type: application/json"} < set(head.splitlines())
    assert f"Host: localhost:{port}" in head.splitlines()
    assert body == '{"a": "ü"}'


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    both = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=nobody",
        "-keyout",
    ]
    subprocess.run([*command, str(both), "-out", f"{both}.crt"], check=True, capture_output=True)
    both.write_bytes(both.read_bytes() + Path(f"{both}.crt").read_bytes())
    return both


def test_a_server_that_speaks_tls_is_asked_in_tls(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def answer(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            saying(OK)(secure)

    with serving(answer) as port:
        answered = ask(Request("GET", port, "/"), 5)
        again = ask(Request("GET", port, "/", tls=True), 5)

    assert (answered["status"], answered["body"], answered["tls"]) == (200, "ok", True)
    assert again["status"] == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [("0.0.0.0", ("127.0.0.1",)), ("::", ("127.0.0.1", "::1")), ("127.0.0.1", ("127.0.0.1",)), ("::1", ("::1",))],
)
def test_where_to_connect(host: str, expected: tuple[str, ...]) -> None:
    assert addresses(host) == expected


def states_of(server: Answer, seconds: float = 2) -> list[tuple[str, Any]]:
    states: list[tuple[str, Any]] = []
    with serving(server) as port:
        stream(Request("POST", port, "/chat"), seconds, lambda state, **more: states.append((state, more["detail"])))
    return states


def in_chunks(*parts: bytes, end: bytes) -> Answer:
    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in parts:
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            time.sleep(0.05)
        connection.sendall(end)

    return answer


def test_a_stream_that_ends_well() -> None:
    assert states_of(in_chunks(b"a", b"b", end=b"0\r\n\r\n")) == [("open", ""), ("clean", "")]


@pytest.mark.parametrize("end", [b"", b"5\r\nab"])
def test_a_stream_that_breaks_off(end: bytes) -> None:
    states = states_of(in_chunks(b"a", b"b", end=end))

    assert [state for state, _ in states] == ["open", "cut"]


def test_a_stream_that_is_reset() -> None:
    def answer(connection: socket.socket) -> None:
        in_chunks(b"a", end=b"")(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    assert states_of(answer) == [("open", ""), ("cut", "reset")]


@pytest.mark.parametrize(
    ("server", "detail"),
    [
        (saying(b"HTTP/1.1 422 No\r\nContent-Length: 3\r\n\r\nbad"), "bad"),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), "the answer is empty"),
        (saying(b""), "closed without an answer"),
        (silence, "no answer in time"),
    ],
    ids=["status", "empty", "closed", "silent"],
)
def test_a_stream_that_does_not_open(server: Answer, detail: str) -> None:
    assert states_of(server) == [("refused", detail)]
