"""The container that watches, on a real engine: what a target beside it meets, and what is seen of it."""

from __future__ import annotations

import io
import tarfile
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aiaudit.boot.engine import connect
from aiaudit.boot.record import Exit, Network
from aiaudit.boot.session import Session
from aiaudit.boot.watcher import STUB_PORT, watchers
from aiaudit.boot.world import Container, EngineError, Specification, Watcher
from tests.docker.commands import LABEL
from tests.docker.engine import Engine

_IMAGE = "python:3.11-slim-bookworm"
_WITHIN = 30.0

_SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
"""


class Beside:
    """A target and its watcher while both run."""

    def __init__(self, watcher: Watcher, container: Container) -> None:
        self.watcher = watcher
        self.container = container
        self._events: list[dict[str, Any]] = []

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind so far."""
        self._events += self.watcher.events()
        return [event for event in self._events if event["event"] == kind]

    def wait(self, kind: str, count: int = 1, **values: Any) -> list[dict[str, Any]]:
        """So many events of a kind with these values; what there is after a while."""
        deadline = time.monotonic() + _WITHIN
        while True:
            found = [event for event in self.events(kind) if values.items() <= event.items()]
            if len(found) >= count or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    def contacts(self) -> list[tuple[str, int, str]]:
        """Whom the target wanted."""
        return [(event["host"], event["port"], event["how"]) for event in self.events("contact")]

    def end(self) -> Exit:
        """The end of the target."""
        end = self.container.exit(_WITHIN)
        assert end is not None, "the target does not end"
        return end

    def said(self) -> list[str]:
        """The lines of the target."""
        self.end()
        return self.container.log.text().splitlines()


@pytest.fixture(scope="module")
def session(engine: Engine) -> Iterator[Session]:
    with Session(connect(engine.address or None)) as opened:
        yield opened
    assert opened.leftovers == 0


@pytest.fixture
def boot(session: Session) -> Iterator[Callable[..., Beside]]:
    """Starts a program in a container beside a watcher."""
    started: list[Beside] = []

    def start(
        program: str,
        *words: str,
        network: Network = Network.SINKHOLE,
        free: tuple[int, ...] = (),
        companions: tuple[str, ...] = (),
    ) -> Beside:
        image = session.image(_IMAGE)
        watcher = watchers(session, image, beside=companions).watch("test", network, free)
        command = ("python3", "-u", "-c", textwrap.dedent(program), *words)
        made = Specification(image.id, "target", "test", network=watcher.network, command=command, user="65532:65532")
        container = session.create(made)
        started.append(Beside(watcher, container))
        watcher.probe((), ("/health", "/"))
        watcher.mark()
        container.start()
        return started[-1]

    yield start
    for each in started:
        each.container.remove()
        each.watcher.close()


def test_whom_a_target_wants_is_seen_and_nobody_is_reached(boot: Callable[..., Beside]) -> None:
    seen = boot(
        """
        import socket, urllib.request

        def attempt(name, call):
            try:
                print(name, call())
            except OSError as error:
                print(name, error)

        def talk(host, port):
            with socket.create_connection((host, port), 5) as connection:
                return connection.recv(1)

        attempt("tls", lambda: urllib.request.urlopen("https://huggingface.co/model", timeout=5))
        attempt("http", lambda: urllib.request.urlopen("http://telemetry.example/", timeout=5))
        attempt("tcp", lambda: talk("db.aiaudit.invalid", 5432))
        attempt("single", lambda: talk("cache", 6379))
        attempt("closed", lambda: talk("cache", 6380))
        attempt("literal", lambda: talk("8.8.8.8", 443))
        """
    )
    said = dict(line.split(" ", 1) for line in seen.said())

    assert "EOF" in said["tls"]
    assert "without response" in said["http"]
    assert said["tcp"] == "b''"
    assert said["single"] == "b''"
    assert said["closed"] == "[Errno 111] Connection refused"
    assert said["literal"] == "[Errno 101] Network is unreachable"
    assert seen.wait("unroutable") != []
    assert {
        ("huggingface.co", 0, "dns"),
        ("huggingface.co", 443, "tls"),
        ("telemetry.example", 80, "http"),
        ("db.aiaudit.invalid", 5432, "tcp"),
        ("cache", 6379, "tcp"),
    } <= set(seen.contacts())
    assert {host for host, _, _ in seen.contacts()} == {
        "huggingface.co",
        "telemetry.example",
        "db.aiaudit.invalid",
        "cache",
    }


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_a_server_is_seen_with_its_address_and_asked(boot: Callable[..., Beside], host: str) -> None:
    seen = boot(_SERVER, host, "8000")

    (ready,) = seen.wait("answer", path="/health", status=200)[:1]
    assert [(event["host"], event["port"]) for event in seen.events("listen")] == [(host, 8000)]
    assert ready["body"] == "hello"
    assert 0 < seen.events("listen")[0]["t"] <= ready["t"] < _WITHIN


def test_a_second_start_is_told_like_the_first(boot: Callable[..., Beside]) -> None:
    seen = boot(_SERVER, "0.0.0.0", "8000")
    seen.wait("answer", status=200)
    seen.container.kill("SIGKILL")
    seen.end()
    seen.watcher.mark()
    seen.container.start()

    assert len(seen.wait("listen", count=2)) == 2
    assert seen.wait("answer", status=200)[-1]["status"] == 200


def test_ports_that_are_left_free_are_the_targets(boot: Callable[..., Beside]) -> None:
    program = 'import socket; socket.getaddrinfo("hub.example", 80)' + _SERVER
    taken = boot(program, "0.0.0.0", "80")
    free = boot(program, "0.0.0.0", "80", free=(80,))

    assert taken.said()[-1] == "OSError: [Errno 98] Address already in use"
    assert free.wait("answer", port=80, status=200) != []


def test_a_black_hole_takes_connections_and_keeps_silent(boot: Callable[..., Beside]) -> None:
    seen = boot(
        """
        import socket
        connection = socket.create_connection(("db.example", 5432), 5)
        connection.settimeout(3)
        try:
            print(connection.recv(1))
        except TimeoutError:
            print("silence")
        """,
        network=Network.BLACKHOLE,
    )

    assert seen.said() == ["silence"]
    assert ("db.example", 5432, "tcp") in seen.contacts()


def test_without_a_network_no_name_has_an_address_and_the_stub_is_there(boot: Callable[..., Beside]) -> None:
    seen = boot(
        """
        import socket, sys
        look_up = lambda: socket.getaddrinfo("hub.example", 443)
        call_stub = lambda: socket.create_connection(("127.0.0.1", int(sys.argv[1]))).getpeername()
        for call in (look_up, call_stub):
            try:
                print(call())
            except OSError as error:
                print(error)
        """,
        str(STUB_PORT),
        network=Network.NONE,
    )

    assert seen.said() == ["[Errno -3] Temporary failure in name resolution", str(("127.0.0.1", STUB_PORT))]
    assert seen.contacts() == []
    assert seen.events("unroutable") == []


@pytest.mark.parametrize("network", [Network.SINKHOLE, Network.NONE])
def test_a_companion_is_reached_by_its_name_and_is_no_contact(boot: Callable[..., Beside], network: Network) -> None:
    seen = boot(
        """
        import socket
        companion = socket.create_server(("0.0.0.0", 5432))
        print(socket.create_connection(("db", 5432), 5).getpeername())
        try:
            print(socket.gethostbyname("hub.example"))
        except OSError as error:
            print(error)
        """,
        network=network,
        companions=("db",),
    )
    reached, other = seen.said()

    assert reached == "('127.0.0.1', 5432)"
    assert (other == "[Errno -2] Name or service not known") == (network is Network.NONE)
    assert "db" not in {host for host, _, _ in seen.contacts()}


_RELAY = """
import http.server, os, sys, urllib.request
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        request = urllib.request.Request(sys.argv[1] + "/chat/completions", b'{"stream": true}')
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        with urllib.request.urlopen(request) as stream:
            for line in stream:
                self.wfile.write(b"%x\\r\\n%s\\r\\n" % (len(line), line))
                if sys.argv[2] == "stops" and b"content" in line:
                    break
        self.wfile.write(b"0\\r\\n\\r\\n")
    do_GET = do_POST
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""


@pytest.mark.parametrize("how", ["stops", "goes on"])
def test_a_stream_through_the_stub_lasts_and_its_end_is_seen(boot: Callable[..., Beside], how: str) -> None:
    base_url = f"http://127.0.0.1:{STUB_PORT}/v1"
    seen = boot(_RELAY, base_url, how)
    assert seen.watcher.base_url == base_url
    seen.watcher.probe((), ())
    seen.wait("listen")
    seen.watcher.open_stream("POST", 8000, "/chat", "{}", ())
    seen.wait("stream", state="open")
    if how == "goes on":
        time.sleep(2)
        assert [event["state"] for event in seen.events("stream")] == ["open"]
        seen.container.kill("SIGKILL")

    assert [event["state"] for event in seen.wait("stream", count=2)] == ["open", "clean" if how == "stops" else "cut"]
    assert {"method": "POST", "path": "/v1/chat/completions", "stream": True}.items() <= seen.events("call")[-1].items()


def test_a_python_that_is_not_on_the_path_is_found(session: Session, engine: Engine) -> None:
    image = _built(session, f"FROM {_IMAGE}\nENV PATH=/nowhere\nLABEL {LABEL}=run\n")
    try:
        watchers(session, session.image(image)).watch("test", Network.SINKHOLE, ()).close()
    finally:
        session.client.images.remove(image, force=True)


def test_an_image_without_python_is_named_and_another_can_watch(session: Session, engine: Engine) -> None:
    image = _built(session, f'FROM scratch\nLABEL {LABEL}=run\nCMD ["/server"]\n')
    try:
        facts = session.image(image)
        with pytest.raises(EngineError, match=r"No Python runs in .* to watch it with"):
            watchers(session, facts).watch("test", Network.SINKHOLE, ())
        watchers(session, facts, instead=_IMAGE).watch("test", Network.SINKHOLE, ()).close()
    finally:
        session.client.images.remove(image, force=True)


def _built(session: Session, dockerfile: str) -> str:
    """An image of a Dockerfile without a context."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as context:
        member = tarfile.TarInfo("Dockerfile")
        member.size = len(dockerfile)
        context.addfile(member, io.BytesIO(dockerfile.encode()))
    archive.seek(0)
    image, _ = session.client.images.build(fileobj=archive, custom_context=True, rm=True)
    return str(image.id)
