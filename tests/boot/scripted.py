"""A world of boots that is data: what each container does and when, on a clock that nobody waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from aiaudit.boot.record import EngineFacts, Exit, ImageFacts, Network
from aiaudit.boot.world import EngineError, Process, Specification, Usage

IMAGE = ImageFacts("sha256:1", ("web:1",), 1, "amd64", command=("web",))
FACTS = EngineFacts("docker", "27.0", "x86_64", cpus=1, memory=8 << 30)


@dataclass(frozen=True)
class Script:
    """What a container does: `events` as its watcher sees them, `log` and `processes` from a second on, its `end`
    (second, code), what a stop signal does (`stops`: seconds and code, None for nothing), answers to `requests`
    (status and seconds by path), what a `stream` becomes at the end."""

    events: tuple[dict[str, Any], ...] = ()
    log: tuple[tuple[float, str], ...] = ()
    end: tuple[float, int] | None = None
    oom: bool = False
    processes: tuple[tuple[float, tuple[Process, ...]], ...] = ()
    stops: tuple[float, int] | None = (0.2, 0)
    catches: bool | None = True
    requests: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    stream: str = "clean"
    changes: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    growth: float = 0.0
    breaks: Exception | None = None


def listens(t: float, port: int = 8000, host: str = "0.0.0.0") -> dict[str, Any]:
    """A socket begins to listen."""
    return {"t": t, "event": "listen", "host": host, "port": port}


def answers(t: float, path: str = "/health", status: int = 200, port: int = 8000, body: str = "") -> dict[str, Any]:
    """A probe is answered."""
    return {
        "t": t,
        "event": "answer",
        "method": "GET",
        "port": port,
        "path": path,
        "status": status,
        "took": 0.01,
        "length": len(body),
        "body": body,
        "detail": "",
        "request": False,
    }


def asks_for(t: float, host: str, port: int = 0, how: str = "dns") -> dict[str, Any]:
    """A host is looked up or connected to."""
    return {"t": t, "event": "contact", "host": host, "port": port, "how": how}


def healthy(ready: float = 2.0, **more: Any) -> Script:
    """A service that is ready after so many seconds and stays so."""
    row = tuple(answers(ready + step * 0.5) for step in range(200))
    return Script(events=(listens(ready - 0.1), *row, *more.pop("events", ())), **more)


def failing(message: str, code: int = 1, seconds: float = 1.5) -> Script:
    """A start that ends with a traceback."""
    lines = f'Traceback (most recent call last):\n  File "app.py", line 1, in <module>\n    start()\n{message}\n'
    return Script(log=((seconds - 0.1, lines),), end=(seconds, code))


class Clock:
    """Time that passes when somebody waits, for each thread its own: boots side by side do not hurry each other."""

    def __init__(self) -> None:
        self.latest = 100.0
        self.own = threading.local()

    @property
    def seconds(self) -> float:
        if not hasattr(self.own, "seconds"):
            self.own.seconds = self.latest
        return float(self.own.seconds)

    def now(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.own.seconds = self.seconds + seconds
        self.latest = max(self.latest, self.own.seconds)


class ScriptedLog:
    def __init__(self, container: ScriptedContainer) -> None:
        self.container = container
        self.truncated = False

    def text(self) -> str:
        return self.container.earlier_log + "".join(
            text for second, text in self.container.script.log if second <= self.container.seconds
        )

    @property
    def length(self) -> int:
        return len(self.text())


class ScriptedContainer:
    """A container that follows its script."""

    def __init__(self, world: World, specification: Specification, script: Script) -> None:
        self.world, self.specification, self.script = world, specification, script
        self.id = specification.name
        self.log = ScriptedLog(self)
        self.repro = f"docker run {specification.image}"
        self.earlier_log = ""
        self.started: float | None = None
        self.starts = 0
        self.ends_at: tuple[float, int] | None = None
        self.removed = False

    @property
    def seconds(self) -> float:
        if self.started is None:
            return -1.0
        last = self.ends_at[0] if self.ends_at else float("inf")
        return min(self.world.clock.now() - self.started, last)

    def start(self) -> None:
        if self.script.breaks is not None:
            raise self.script.breaks
        if self.starts:
            self.earlier_log = self.log.text()
            self.script = self.world.script(f"{self.id}+{self.starts}") or self.script
        self.starts += 1
        self.started = self.world.clock.now()
        self.ends_at = self.script.end

    def exit(self, seconds: float = 0.0) -> Exit | None:
        assert self.started is not None
        left = None if self.ends_at is None else self.started + self.ends_at[0] - self.world.clock.now()
        if left is None or left > seconds:
            self.world.clock.sleep(seconds)
            return None
        self.world.clock.sleep(max(0.0, left))
        assert self.ends_at is not None
        return Exit(self.ends_at[1], self.ends_at[0], oom=self.script.oom)

    def kill(self, signal: str) -> None:
        if signal == "SIGKILL":
            self.ends_at = (self.seconds, 137)
        elif self.script.stops is not None:
            self.ends_at = (self.seconds + self.script.stops[0], self.script.stops[1])

    def usage(self) -> Usage | None:
        return Usage(64 << 20, 80 << 20, self.seconds * self.script.growth, 1)

    def processes(self) -> tuple[Process, ...]:
        current = [those for second, those in self.script.processes if second <= self.seconds]
        return current[-1] if current else (Process(1, 0, "S", "web"),)

    def catches(self, signal: str) -> bool | None:
        return self.script.catches

    def changes(self) -> tuple[str, ...]:
        return self.script.changes

    def read(self, path: str, limit: int) -> bytes:
        return self.script.files.get(path, b"")[:limit]

    def send(self, data: bytes) -> None:
        raise AssertionError("nothing is sent to a target")

    def lines(self) -> Iterator[str]:
        return iter(())

    def remove(self) -> None:
        self.removed = True


class ScriptedWatcher:
    """Sees what the script of the container beside it holds."""

    def __init__(self, world: World, name: str, network: Network) -> None:
        self.world, self.name, self.kind = world, name, network
        self.network = f"container:{name}"
        self.base_url = World.base_url
        self.marked: float | None = None
        self.given: set[int] = set()
        self.extra: list[dict[str, Any]] = []
        self.calls: dict[str, int] = {}
        self.stream = ""
        self.closed = False

    @property
    def container(self) -> ScriptedContainer | None:
        beside = [container for container in self.world.containers if container.specification.network == self.network]
        return beside[-1] if beside else None

    def mark(self) -> None:
        self.marked = self.world.clock.now()
        self.given = set()

    def probe(self, ports: Sequence[int], paths: Sequence[str]) -> None:
        pass

    def events(self) -> Iterator[dict[str, Any]]:
        container = self.container
        if container is None or self.marked is None:
            return
        if self.stream == "open" and container.ends_at and container.ends_at[0] <= self._now():
            self.stream = container.script.stream
            self.extra.append({"t": self._now(), "event": "stream", "state": self.stream})
        for number, event in enumerate(container.script.events):
            is_over = container.ends_at is not None and event["t"] > container.ends_at[0]
            if number not in self.given and event["t"] <= self._now() and not is_over:
                self.given.add(number)
                yield event
        extra, self.extra = self.extra, []
        yield from extra

    def request(self, method: str, port: int, path: str, body: str, headers: Sequence[tuple[str, str]]) -> None:
        container = self.container
        assert container is not None
        self.world.requested.append((method, path, tuple(headers)))
        count = self.calls.get(path, 0)
        self.calls[path] = count + 1
        planned = container.script.requests.get(path, ((200, 0.01),))
        status, took = planned[min(count, len(planned) - 1)]
        self.world.clock.sleep(took)
        event = answers(self._now(), path, status, port)
        self.extra.append({**event, "method": method, "took": took, "request": True})

    def open_stream(self, method: str, port: int, path: str, body: str, headers: Sequence[tuple[str, str]]) -> None:
        container = self.container
        assert container is not None
        self.stream = "refused" if container.script.stream == "refused" else "open"
        self.extra.append({"t": self._now(), "event": "stream", "state": self.stream, "status": 401})

    def close(self) -> None:
        self.closed = True

    def _now(self) -> float:
        assert self.marked is not None
        return self.world.clock.now() - self.marked


class World:
    """An engine, its watchers and its clock; `scripts` by the name of a container, "" for every other."""

    client = None
    labels: Mapping[str, str] = {}
    base_url = "http://127.0.0.1:9/v1"

    def __init__(self, scripts: Mapping[str, Script | Callable[[int], Script]], facts: EngineFacts = FACTS) -> None:
        self.scripts = scripts
        self.facts = facts
        self.clock = Clock()
        self.containers: list[ScriptedContainer] = []
        self.watchers: list[ScriptedWatcher] = []
        self.requested: list[tuple[str, str, tuple[tuple[str, str], ...]]] = []
        self.made: dict[str, int] = {}
        self.image_facts = IMAGE
        self.cancel_after: float | None = None
        self.memory: dict[str, int] = {}

    @property
    def cancelled(self) -> bool:
        return self.cancel_after is not None and self.clock.now() - 100.0 >= self.cancel_after

    def image(self, name: str) -> ImageFacts:
        if name != "web:1":
            raise EngineError(f"There is no image {name}")
        return self.image_facts

    def create(self, specification: Specification) -> ScriptedContainer:
        script = self.script(specification.name)
        assert script is not None, specification.name
        container = ScriptedContainer(self, specification, script)
        self.containers.append(container)
        return container

    def watch(self, name: str, network: Network, free: Sequence[int]) -> ScriptedWatcher:
        watcher = ScriptedWatcher(self, f"{name}#{len(self.watchers)}", network)
        self.watchers.append(watcher)
        return watcher

    def script(self, name: str) -> Script | None:
        """The next script of this name; one that is a function is given the number of the attempt."""
        number = self.made.get(name, 0)
        found = self.scripts.get(name, None if "+" in name else self.scripts[""])
        if found is None:
            return None
        self.made[name] = number + 1
        return found if isinstance(found, Script) else found(number)


def longer(script: Script, **changes: Any) -> Script:
    """The script with changes."""
    return replace(script, **changes)
