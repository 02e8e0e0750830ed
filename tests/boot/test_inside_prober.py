"""Who listens, as the kernel tells, and what is asked of whom."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aiaudit.boot.inside import sockets
from aiaudit.boot.inside.prober import Prober
from tests.boot.hostile import saying, serving
from tests.boot.inside_reports import Heard

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Kernel:
    """Stands for the kernel's table: only the sockets of a test, not all of this machine's."""

    def __init__(self) -> None:
        self.listeners: set[tuple[str, int]] = set()
        self.unrouted = 0

    def listening(self) -> set[tuple[str, int]]:
        return set(self.listeners)

    def unroutable(self) -> int:
        return self.unrouted


@pytest.fixture
def kernel() -> Iterator[Kernel]:
    made = Kernel()
    yield made
    made.listeners = set()  # the threads of the test find nobody any more


def started(kernel: Kernel, heard: Heard, own: set[tuple[str, int]] | None = None) -> Prober:
    made = Prober(heard.reports, own or set(), kernel)
    made.start()
    return made


@pytest.fixture(params=["diagnostics", "tables"])
def seen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[tuple[str, int]]]:
    """The kernel asked in either way."""
    if request.param == "tables":

        def refused(family: int) -> Any:
            raise OSError("the kernel's diagnostics are not available")

        monkeypatch.setattr(sockets, "_diagnosed", refused)
    return sockets.listening


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_a_listener_is_seen_with_its_address(seen: Callable[[], set[tuple[str, int]]], host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, 0), family=family)
    except OSError as error:
        pytest.skip(f"no {host} here: {error}")
    place = (host, listener.getsockname()[1])
    with listener:
        assert place in seen()
    assert place not in seen()


def test_a_connection_is_no_listener(seen: Callable[[], set[tuple[str, int]]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        assert client.getsockname() not in seen()


def test_many_listeners_are_all_seen(seen: Callable[[], set[tuple[str, int]]]) -> None:
    with contextlib.ExitStack() as stack:
        made = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(300)]

        assert {listener.getsockname() for listener in made} <= seen()


def test_listeners_come_and_go(kernel: Kernel) -> None:
    heard = Heard()
    started(kernel, heard, own={("127.0.0.1", 53)})
    kernel.listeners = {("127.0.0.1", 53), ("::", 8000)}
    assert heard.wait("listen") == [{"host": "::", "port": 8000}]
    kernel.listeners = {("127.0.0.1", 53)}
    assert heard.wait("closed") == [{"host": "::", "port": 8000}]


def test_who_listens_is_told_anew_for_another_start(kernel: Kernel) -> None:
    heard = Heard()
    made = started(kernel, heard)
    kernel.listeners = {("0.0.0.0", 8000)}
    heard.wait("listen")
    made.forget()

    assert heard.wait("listen", count=2) == [{"host": "0.0.0.0", "port": 8000}] * 2
    assert heard.events("closed") == []


def test_paths_are_asked_again_and_again_less_and_less_often(kernel: Kernel) -> None:
    heard = Heard()
    with serving(saying(OK)) as port:
        kernel.listeners = {("127.0.0.1", port)}
        started(kernel, heard).ask_for([port], ["/health"])
        answers = heard.wait("answer", count=5)
    moments = [moment for moment, _ in heard.timed("answer")]

    assert [(each["path"], each["port"], each["status"]) for each in answers] == [("/health", port, 200)] * len(answers)
    assert moments[1] - moments[0] >= 0.1
    assert moments[-1] - moments[-2] > moments[1] - moments[0]
    assert "request" not in answers[0]


def test_a_body_is_told_when_it_is_another(kernel: Kernel) -> None:
    heard = Heard()
    bodies = iter([b"aa", b"aa", b"bb", b"bb", b"aa", *[b"aa"] * 50])

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" + next(bodies))

    with serving(answer) as port:
        kernel.listeners = {("127.0.0.1", port)}
        started(kernel, heard).ask_for([], ["/"])
        answers = heard.wait("answer", count=5)

    assert [each["body"] for each in answers[:5]] == ["aa", "", "bb", "", "aa"]


def test_what_is_not_there_is_asked_for_seldom(kernel: Kernel) -> None:
    heard = Heard()
    with serving(saying(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as port:
        kernel.listeners = {("127.0.0.1", port)}
        started(kernel, heard).ask_for([], ["/nope"])
        heard.wait("answer", count=3)
    moments = [moment for moment, _ in heard.timed("answer")]

    assert moments[2] - moments[1] >= 0.9


def test_a_path_that_hangs_does_not_keep_the_others_waiting(kernel: Kernel) -> None:
    heard = Heard()

    def answer(connection: socket.socket) -> None:
        if b"/hangs" in connection.recv(65536):
            time.sleep(3)
        connection.sendall(OK)

    with serving(answer) as port:
        kernel.listeners = {("127.0.0.1", port)}
        began = time.monotonic()
        started(kernel, heard).ask_for([], ["/hangs", "/health"])
        heard.wait("answer", count=3)

    assert time.monotonic() - began < 2.5


def test_the_same_port_at_two_addresses_is_asked_once(kernel: Kernel) -> None:
    heard = Heard()
    connections = []

    def answer(connection: socket.socket) -> None:
        connections.append(connection)
        time.sleep(1)

    with serving(answer) as port:
        kernel.listeners = {("0.0.0.0", port), ("::", port)}
        started(kernel, heard).ask_for([], ["/"])
        time.sleep(0.5)

    assert len(connections) == 1


def test_no_paths_end_the_asking(kernel: Kernel) -> None:
    heard = Heard()
    with serving(saying(OK)) as port:
        kernel.listeners = {("127.0.0.1", port)}
        made = started(kernel, heard)
        made.ask_for([], ["/"])
        heard.wait("answer")
        made.ask_for([], [])
        time.sleep(0.3)
        count = len(heard.events("answer"))
        time.sleep(0.5)

    assert len(heard.events("answer")) == count


def test_many_listeners_and_paths_are_not_asked_without_bound(kernel: Kernel) -> None:
    heard = Heard()
    with contextlib.ExitStack() as stack:
        connections: list[Any] = []

        def answer(connection: socket.socket) -> None:
            connections.append(connection)
            time.sleep(2)

        ports = [stack.enter_context(serving(answer)) for _ in range(20)]
        kernel.listeners = {("127.0.0.1", port) for port in ports}
        started(kernel, heard).ask_for(ports[-1:], [f"/{number}" for number in range(10)])
        time.sleep(1)

        assert len(connections) == 64
        first = [connection for connection in connections if connection.getsockname()[1] == ports[-1]]
        assert len(first) == 10


def test_of_very_many_listeners_the_expected_one_is_told(kernel: Kernel) -> None:
    heard = Heard()
    kernel.listeners = {("0.0.0.0", port) for port in range(1, 60000)}
    made = Prober(heard.reports, set(), kernel)
    made.ask_for([50000], [])
    made.start()
    told = heard.wait("listen", count=200)

    assert (len(told), {"host": "0.0.0.0", "port": 50000} in told) == (200, True)


def test_what_no_route_leads_to_is_counted(kernel: Kernel) -> None:
    heard = Heard()
    kernel.unrouted = 4
    started(kernel, heard)
    time.sleep(0.2)
    kernel.unrouted = 7

    assert heard.wait("unroutable") == [{"count": 3}]


def test_a_table_that_cannot_be_read_is_a_problem() -> None:
    class Closed(Kernel):
        def listening(self) -> set[tuple[str, int]]:
            raise PermissionError(13, "Permission denied")

    heard = Heard()
    started(Closed(), heard)

    assert heard.wait("problem") == [{"detail": "listening sockets cannot be seen: [Errno 13] Permission denied"}]
