"""An engine of the container API that does what a test tells it: a server on a unix socket for the real docker package.

    with FakeEngine(folder / "socket", speed=50) as fake:
        fake.script("app", Pause(2), Say("KeyError: 'OPENAI_API_KEY'\\n", ERRORS), End(1))
        with Session(connect(fake.address)) as session:
            container = session.create(Specification("app", role="target", name="missing"))
            container.start()
            assert container.exit(5).code == 1

A script is what happens to each container of an image after its (next) start; without `End` it runs until it is
killed. `Pause` is in seconds of the container: they pass `speed` times faster here, while the times that the engine
tells are unhurried. For properties over any order of events, draw lists of steps (`Say`, `Pause`, `End`, `CutLog`,
`CloseLog`, `Vanish`) as the script and keep `speed` high: a container then takes milliseconds. An image is known once
it has a script.

Faults: `answer` makes the engine refuse requests, `before` does something when a request comes in and before it is
looked at (an end between two requests, say), `waits` chooses how the wait for the end behaves. `requests` tells what
was asked, `left` what was not removed.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from tests.boot.fake_api import Server

OUTPUT, ERRORS = 1, 2
_BEGIN = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Say:
    """The container writes."""

    text: str | bytes
    stream: int = OUTPUT


@dataclass(frozen=True)
class Pause:
    """Seconds pass."""

    seconds: float


@dataclass(frozen=True)
class End:
    """The main process ends."""

    code: int
    oom: bool = False


@dataclass(frozen=True)
class CutLog:
    """The container writes, and the engine drops the connection of the output in the middle of that."""

    text: str = "cut\n"


@dataclass(frozen=True)
class CloseLog:
    """The engine ends the connection of the output in order, though the container runs on."""


@dataclass(frozen=True)
class GarbleLog:
    """The engine sends what is no frame."""


@dataclass(frozen=True)
class Vanish:
    """The engine goes away with all connections."""


Step = Say | Pause | End | CutLog | CloseLog | GarbleLog | Vanish


@dataclass
class FakeContainer:
    """A container and how far it is."""

    id: str
    name: str
    body: dict[str, Any]
    script: tuple[Step, ...]
    status: str = "created"
    code: int = 0
    oom: bool = False
    error: str = ""
    starts: int = 0
    seconds: float = 0.0
    ended: float = 0.0
    frames: list[bytes] = field(default_factory=list)
    attached: list[socket.socket] = field(default_factory=list)
    input: bytes = b""
    files: dict[str, bytes] = field(default_factory=dict)
    archives: dict[str, bytes] = field(default_factory=dict)  # what is sent for a path instead of an honest archive
    signals: list[str] = field(default_factory=list)

    @property
    def running(self) -> bool:
        """Whether its main process is there."""
        return self.status == "running"

    def described(self) -> dict[str, Any]:
        """What the engine says of it."""
        state = {
            "Status": self.status,
            "Running": self.running,
            "ExitCode": self.code,
            "OOMKilled": self.oom,
            "Error": self.error,
            "Pid": 4711 if self.running else 0,
            "StartedAt": _moment(0.0),
            "FinishedAt": _moment(self.ended),
        }
        return {"Id": self.id, "Name": f"/{self.name}", "State": state, "Config": self.body}


@dataclass
class _Rule:
    method: str
    fragment: str
    times: int
    act: Callable[[FakeContainer | None], tuple[int, str] | None]


class FakeEngine:
    """The server; a context manager."""

    def __init__(self, path: Path, speed: float = 50.0) -> None:
        self.address = f"unix://{path}"
        self.speed = speed
        self.waits = "answers"  # or "silent" (never), "breaks" (at the end, without an answer), "late" (no early head)
        self.stops: dict[str, int] = {"SIGKILL": 137}  # which signals end a container, and how
        self.start_error: tuple[int, str] | None = None  # exit code and message of a command that cannot be executed
        self.is_gone = False
        self.info: dict[str, Any] = {"KernelVersion": "none", "Architecture": "x86_64", "Driver": "overlay2", "NCPU": 2}
        self.version: dict[str, Any] = {"ApiVersion": "1.41", "Version": "20.10.0", "Components": []}
        self.raw: dict[str, bytes] = {}  # what is sent for a path instead of an answer
        self.requests: list[tuple[str, str]] = []
        self.containers: dict[str, FakeContainer] = {}
        self.images: dict[str, dict[str, Any]] = {}
        self.things: dict[str, list[dict[str, Any]]] = {"networks": [], "volumes": [], "images": []}
        self.changed = threading.Condition(threading.RLock())
        self._scripts: dict[str, tuple[Step, ...]] = {}
        self._rules: list[_Rule] = []
        self._connections: list[socket.socket] = []
        self._server = Server(self, path)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> FakeEngine:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.vanish()
        self._thread.join()
        self._server.server_close()

    def script(self, image: str, *steps: Step, labels: Mapping[str, str] | None = None) -> None:
        """Make an image known, and what its containers do from now on."""
        self._scripts[image] = steps
        config = {"Cmd": ["serve"], "Env": ["PATH=/bin"], "Labels": dict(labels or {})}
        config["ExposedPorts"] = {"8000/tcp": {}}
        self.images[image] = {"Id": f"sha256:{image}", "RepoTags": [image], "Size": 1, "Config": config}

    def answer(self, method: str, fragment: str, status: int, message: str = "told to", times: int = 1) -> None:
        """Refuse the next requests whose path holds the fragment."""
        self._rules.append(_Rule(method, fragment, times, lambda _: (status, message)))

    def before(self, method: str, fragment: str, action: Callable[[FakeContainer | None], object]) -> None:
        """Do something when the next such request comes in."""

        def act(container: FakeContainer | None) -> None:
            action(container)

        self._rules.append(_Rule(method, fragment, 1, act))

    @property
    def left(self) -> int:
        """How much is still there: containers, networks, volumes and images with labels."""
        return len(self.containers) + sum(len(things) for things in self.things.values())

    def vanish(self) -> None:
        """Close every connection and take no more."""
        if self.is_gone:
            return
        threading.Thread(target=self._server.shutdown, daemon=True).start()
        with suppress(OSError):
            self._server.socket.shutdown(socket.SHUT_RDWR)
        with self.changed:
            self.is_gone = True
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            self.changed.notify_all()

    def end(self, container: FakeContainer, code: int, oom: bool = False) -> None:
        """End a container as if its process did."""
        with self.changed:
            if not container.running:
                return
            container.status, container.code, container.oom = "exited", code, oom
            container.ended = container.seconds
            self._close_log(container)
            self.changed.notify_all()

    def start(self, container: FakeContainer) -> None:
        """Start it: its script runs in a thread."""
        with self.changed:
            container.status, container.code, container.seconds = "running", 0, 0.0
            container.starts += 1
        threading.Thread(target=self._play, args=(container, container.starts), daemon=True).start()

    def add(self, id: str, name: str, body: dict[str, Any]) -> None:
        """A container that was asked for; it has the labels of its image as well."""
        body["Labels"] = self.images[body["Image"]]["Config"]["Labels"] | (body.get("Labels") or {})
        self.containers[id] = FakeContainer(id, name, body, self._scripts[body["Image"]])

    def ruling(self, method: str, path: str, container: FakeContainer | None) -> tuple[int, str] | None:
        """What the test wants of this request: a refusal, or nothing."""
        for rule in self._rules:
            if rule.times and rule.method == method and rule.fragment in path:
                rule.times -= 1
                return rule.act(container)
        return None

    def connected(self, connection: socket.socket) -> None:
        """Know a connection, so that it can be closed."""
        with self.changed:
            self._connections.append(connection)

    def _play(self, container: FakeContainer, start: int) -> None:
        for step in container.script:
            if not container.running or container.starts != start:
                return
            if isinstance(step, Pause):
                time.sleep(step.seconds / self.speed)
                container.seconds += step.seconds
            elif isinstance(step, Say):
                self._say(container, step)
            elif isinstance(step, End):
                self.end(container, step.code, step.oom)
            elif isinstance(step, Vanish):
                self.vanish()
            else:
                self._spoil(container, step)

    def _say(self, container: FakeContainer, step: Say) -> None:
        with self.changed:
            container.frames.append(_frame(step))
            self._send(container, container.frames[-1])
            self.changed.notify_all()

    def _spoil(self, container: FakeContainer, step: CutLog | CloseLog | GarbleLog) -> None:
        with self.changed:
            if isinstance(step, CutLog):
                frame = _frame(Say(step.text))
                container.frames.append(frame)
                self._send(container, frame[: 8 + len(step.text) // 2])
            elif isinstance(step, GarbleLog):
                self._send(container, b"HTTP/1.1 500 panic")
            self._close_log(container)

    def _send(self, container: FakeContainer, data: bytes) -> None:
        for link in container.attached:
            with suppress(OSError):
                link.sendall(data)

    def _close_log(self, container: FakeContainer) -> None:
        for link in container.attached:
            with suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        container.attached.clear()


def _frame(step: Say) -> bytes:
    data = step.text.encode() if isinstance(step.text, str) else step.text
    return bytes([step.stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


def _moment(seconds: float) -> str:
    """A moment as engines write it, with nine digits."""
    return (_BEGIN + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
