"""What a boot touches, as protocols: containers, the container beside the image that watches it, the clock.

The docker package stands behind them in `engine`; tests put scripted ones in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from aiaudit.boot.record import EngineFacts, Exit, ImageFacts, Network
from aiaudit.values import dataclass, field


class NoEngine(Exception):
    """No engine can be reached, or it went away; the message says how to get one."""


class EngineError(Exception):
    """The engine refused or failed; the message names what was tried and what it said."""


@dataclass(frozen=True, slots=True)
class Specification:
    """A container to create. Everything else (capabilities, privileges, process and memory limits, labels, log limits,
    restart policy) is the isolation profile's and cannot be asked for.

    `network` is "none" or "container:<id>". `files` are put in place before the start, read-only for nobody in
    particular: absolute path to bytes. `command` and `entrypoint` override the image's where they are not None. `role`
    is "target", "watcher" or "companion". `memory` in bytes, 0 for the profile's limit. `stdin` keeps standard input
    open for `Container.send` and keeps what `Container.lines` gives. `default_capabilities` leaves the engine's default
    capabilities, which are none otherwise: for one more try of an image that fails with "Operation not permitted".
    """

    image: str
    role: str
    name: str
    environment: tuple[tuple[str, str], ...] = ()
    network: str = "none"
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    user: str = ""
    read_only: bool = False
    init: bool = False
    memory: int = 0
    dns: tuple[str, ...] = ()
    stdin: bool = False
    platform: str = ""
    default_capabilities: bool = False
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Usage:
    """Resources at one moment: bytes in use without page cache, the peak (with it; 0 unknown), CPU seconds, processes
    (with their threads, where only the engine can tell)."""

    memory: int
    peak: int
    cpu: float
    processes: int


@dataclass(frozen=True, slots=True)
class Process:
    """A process of a container. `state` is the letter of ps ("Z" for a zombie)."""

    pid: int
    parent: int
    state: str
    command: str


class Log(Protocol):
    """The output of a container from its first byte: head and tail are kept, the middle may be dropped."""

    def text(self) -> str:
        """What is kept, as UTF-8 with replacements, long lines cut."""

    @property
    def length(self) -> int:
        """Bytes seen, dropped ones included."""

    @property
    def truncated(self) -> bool:
        """Whether something was dropped or the engine broke off."""


class Container(Protocol):
    """One container of ours; it is removed at the end of the session whatever happens."""

    @property
    def id(self) -> str:
        """The engine's id."""

    @property
    def log(self) -> Log:
        """Its output, followed since before the start."""

    @property
    def repro(self) -> str:
        """A `docker run` line that does the same by hand."""

    def start(self) -> None:
        """Start it, or start it again after its end; the wait for the end and the log are open before.

        A command that cannot be executed is no error but an end with 126 or 127, as `docker run` has it.
        """

    def exit(self, seconds: float = 0.0) -> Exit | None:
        """Its end, waited for at most so long, and not at all once the run is cancelled; None while it runs. Seconds in
        it count from the (last) start. After it the log is complete."""

    def kill(self, signal: str) -> None:
        """Send a signal to the main process; nothing happens to a container that has ended."""

    def usage(self) -> Usage | None:
        """What it uses now; None for one that has ended, or where the engine cannot tell."""

    def processes(self) -> tuple[Process, ...]:
        """Its processes; empty for one that has ended, or where the engine cannot tell."""

    def catches(self, signal: str) -> bool | None:
        """Whether the main process handles (or waits for) a signal; None where that cannot be read."""

    def changes(self) -> tuple[str, ...]:
        """Paths that it added or changed, in the order of the engine."""

    def read(self, path: str, limit: int) -> bytes:
        """The first bytes of a file of it, also after its end; empty where there is none."""

    def send(self, data: bytes) -> None:
        """Write to its standard input."""

    def lines(self) -> Iterator[str]:
        """The lines of its standard output that are there and have not been given yet; never waits. Only where the
        specification asks for `stdin`."""

    def remove(self) -> None:
        """Remove it with its volumes; no error for one that is gone."""


class Engine(Protocol):
    """An engine within one session: everything it makes carries the session's labels and is removed with it."""

    facts: EngineFacts

    @property
    def address(self) -> str:
        """Where it listens, as DOCKER_HOST writes it: the client program has to build at the very same engine."""

    @property
    def client(self) -> Any:
        """The docker package's own client (`docker.DockerClient`), for what is no container: builds, image archives."""

    @property
    def labels(self) -> Mapping[str, str]:
        """What everything that this session makes carries, images too: removed with it, or by the next sweep."""

    def image(self, name: str) -> ImageFacts:
        """What the engine knows of an image; `EngineError` names one that is not there."""

    def adopt(self, images: Sequence[str]) -> None:
        """Images that a build added, labelled or not: they go with the session, unless somebody tagged or uses them."""

    def create(self, specification: Specification) -> Container:
        """Create a container under the isolation profile, noted in the journal before it can start."""

    @property
    def cancelled(self) -> bool:
        """Whether the run must end: the user wants it (a signal), or the total budget is used up."""

    @property
    def cancelled_by(self) -> str:
        """What ended it: "SIGINT", "SIGTERM", "SIGHUP", "budget"; "" while it may go on."""


class Watcher(Protocol):
    """The container that owns the network namespace of a target and sees it from inside: listeners, HTTP answers,
    names asked for. What it sees are events, dicts with `t` (seconds after `mark`) and `event`:

    - `listen`: `host` and `port` of a socket that began to listen (those of the watcher itself are left out);
    - `closed`: the same of one that listens no more;
    - `answer`: `method`, `port`, `path`, `status` (0: connected, no response), `took` (seconds), `length` (bytes),
      `body` (its first 16 KiB as text; left out by the probe where it is what this path answered before), `detail`
      (what went wrong, "" for nothing), `server` and `location` (headers, where they are there); `request` is true for
      one that `request` asked for, and `status` 0 with the detail "refused" then also tells that nobody listens;
    - `contact`: `host`, `port` (0 for a look-up), `how` ("dns", "tls", "http", "tcp");
    - `call`: `method`, `path` and `stream` of a request to the stub of the API;
    - `unroutable`: `count` of packets to literal addresses, which cannot be seen, since the last such event;
    - `stream`: `state` ("open", "clean", "cut", or "refused" with `status` and `detail`);
    - `problem`: `detail` of what cannot be seen or offered here.
    """

    @property
    def network(self) -> str:
        """The network mode for containers beside it: `container:<id>`."""

    @property
    def base_url(self) -> str:
        """Where the stub of the OpenAI-style API listens in this network, `http://127.0.0.1:<port>/v1`; "" for none."""

    def mark(self) -> None:
        """The target starts now: seconds of later events count from here."""

    def probe(self, ports: Sequence[int], paths: Sequence[str]) -> None:
        """Ask these paths again and again (0.1 s, slower later) on every listener that appears, and report answers."""

    def events(self) -> Iterator[dict[str, Any]]:
        """The events since the last call; never waits."""

    def request(self, method: str, port: int, path: str, body: str, headers: Sequence[tuple[str, str]]) -> None:
        """Make one request; its `answer` event carries this method and path and a true `request`."""

    def open_stream(self, method: str, port: int, path: str, body: str, headers: Sequence[tuple[str, str]]) -> None:
        """Open a request, read its first bytes (event `stream` with state "open") and keep reading until it ends
        (event `stream` with state "clean" or "cut"). The stub API keeps the stream going for as long."""

    def close(self) -> None:
        """Remove it."""


class Watchers(Protocol):
    """Makes a watcher for each boot."""

    @property
    def base_url(self) -> str:
        """Where the stub of the API listens beside every container, one without a network as well; "" for nowhere."""

    def watch(self, name: str, network: Network, free: Sequence[int]) -> Watcher:
        """A running watcher; the ports in `free` are left to the target."""


class Clock(Protocol):
    """Time, so that tests need none."""

    def now(self) -> float:
        """Seconds of a clock that only goes forward."""

    def sleep(self, seconds: float) -> None:
        """Wait."""
