"""What a boot is: the plan, the scenarios, what was seen of each, what it proves. Plain values that know no engine."""

from __future__ import annotations

import enum

from aiaudit.finding import Step
from aiaudit.span import Span
from aiaudit.values import dataclass


class Kind(str, enum.Enum):
    """What the value of a variable looks like, as its type, its name or its reader tells."""

    SECRET = "secret"
    URL = "url"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    PATH = "path"
    EMAIL = "email"
    TEXT = "text"

    @property
    def is_typed(self) -> bool:
        """Whether there are values that such a variable cannot have."""
        return self in (Kind.URL, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.CHOICE)


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that the service reads.

    `spoken` are the other words by which a failure may name it: the settings field, its aliases, the form with the
    prefix. `provider` is whose shape a dummy value has ("openai", "postgresql", ...; "" for none), `choices` are the
    values of a CHOICE, `least` is the smallest length that passes. `required` tells that the service cannot do its work
    without it; `default` is what it falls back to, None for nothing. `span` is where it is read (or, of one that a
    library reads by itself, where its client is made), `trace` how that is reached; both are missing for one that a log
    or the configuration taught.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = True
    spoken: tuple[str, ...] = ()
    provider: str = ""
    choices: tuple[str, ...] = ()
    least: int = 0
    default: str | None = None
    span: Span | None = None
    trace: tuple[Step, ...] = ()


class Purpose(str, enum.Enum):
    """What an endpoint is asked for."""

    HEALTH = "health"
    MODEL = "model"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route that can be called without a human: `body` is text that passes its model, "" for none.

    JSON, unless `headers` name another type. In headers `{env:NAME}` stands for the value that the variable NAME has in
    the boot. A health route without `span` is a guess.
    """

    method: str
    path: str
    purpose: Purpose
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """A service started beside the image, in its network: `[tool.aiaudit.boot.services.<name>]`."""

    name: str
    image: str
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()
    port: int = 0


@dataclass(frozen=True, slots=True)
class Budgets:
    """Seconds: to get ready, to fail (0 for relative to the baseline), to stop after SIGTERM, and for everything."""

    ready: float = 120.0
    fail: float = 0.0
    stop: float = 10.0
    total: float = 1800.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be booted and how, as the static model, the configuration and the command line tell.

    `dockerfile` is its path below the root, "" for an image that is only named. `start` is the place of the command
    that runs, None without a Dockerfile. `server` is the program that serves, with so many `workers`; `reloads` tells
    that it watches its sources. `command` overrides the image's own where it is not empty. `ports` are candidates, the
    likeliest first. `environment` holds values the user gave (masked in every output). `memory` is the limit in bytes
    that a deploy file declares, at `memory_span`; 0 for none. `stop_seconds` is how long a deploy file lets the
    container stop, 0 where none says. `skip` and
    `only` (none for all) are scenario ids or their families; the baseline is always booted.
    """

    root: str
    image: str
    dockerfile: str = ""
    start: Span | None = None
    command: tuple[str, ...] = ()
    server: str = ""
    workers: int = 1
    reloads: bool = False
    ports: tuple[int, ...] = (8000,)
    port_variable: str = ""
    variables: tuple[Variable, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    companions: tuple[Companion, ...] = ()
    memory: int = 0
    memory_span: Span | None = None
    stop_seconds: float = 0.0
    budgets: Budgets = Budgets()
    skip: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    platform: str = ""


class Network(str, enum.Enum):
    """What a container reaches: a sinkhole that answers every name; one that accepts and keeps silent; nothing."""

    SINKHOLE = "sinkhole"
    BLACKHOLE = "blackhole"
    NONE = "none"


class Action(str, enum.Enum):
    """What is done with the container: wait until it is ready or ends; then stop it, time requests, start it anew."""

    READY = "ready"
    FAIL = "fail"
    STOP = "stop"
    STOP_STREAM = "stop-stream"
    FIRST_REQUEST = "first-request"
    SECOND_BOOT = "second-boot"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One boot. `id` is its family, with `:VARIABLE` for those about one variable: `baseline`, `no-env`,
    `missing:OPENAI_API_KEY`, `empty:...`, `invalid:...`, `stop`, `stop-stream`, `hardened`, `offline`, `memory`,
    `second-boot`, `first-request`, `slow-dependency`, `init`, `port`.

    `environment` is all of it; `changed` the variable that differs from the baseline, "" for none.
    """

    id: str
    action: Action
    environment: tuple[tuple[str, str], ...]
    changed: str = ""
    network: Network = Network.SINKHOLE
    user: str = ""
    read_only: bool = False
    init: bool = False
    memory: int = 0

    @property
    def family(self) -> str:
        """The part of the id before the variable."""
        return self.id.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in seconds after the start."""

    seconds: float
    what: str


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening TCP socket of the container."""

    host: str
    port: int
    seconds: float

    @property
    def is_loopback(self) -> bool:
        """Whether nothing outside of the container can connect."""
        return self.host.startswith("127.") or self.host == "::1"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response: seconds after the start, seconds it took, status (0 for a connection without a response).

    `port` is 0 where it is not known.
    """

    seconds: float
    took: float
    method: str
    path: str
    status: int
    length: int = 0
    detail: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class Contact:
    """A host the service wanted to reach, and what gave it away: "dns", "tls", "http" or "tcp"."""

    host: str
    port: int
    how: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of the main process."""

    code: int
    seconds: float
    oom: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class Leak:
    """A secret dummy value that came out: in the log, a response or a written file (`place`), at `line` of it."""

    variable: str
    place: str
    line: int


@dataclass(frozen=True, slots=True)
class Stopping:
    """What a stop signal did: seconds until the end, the exit code (None: killed after the grace), what an open stream
    saw ("" for none: "clean", "cut", "open")."""

    signal: str
    seconds: float
    code: int | None
    stream: str = ""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds of the first call of a route and of the next ones; the same of a health route, as control; bytes of
    memory that the first call added."""

    endpoint: Endpoint
    first: float
    following: tuple[float, ...]
    control_first: float = 0.0
    control_following: tuple[float, ...] = ()
    growth: int = 0
    contacts: tuple[Contact, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen of one boot. Seconds count from the start of the container.

    `serving` is the first response below 500, `ready` the first good one of `ready_path` on `ready_port`; `assumed`
    tells that no health route is known and serving was taken for ready. `stable` tells that it stayed ready. `respawns`
    counts child processes that ended and were started again, `churn` whether they failed alike. `catches_stop` tells
    whether the main process handles the stop signal (None: could not be read). `written` are files it changed, `denied`
    places where it could not write. `stop`, `latencies` belong to their actions; `earlier` is how long the first start
    took to get ready where this is the second of the same container. `budget` is how long it would have been waited
    for, `extended` how much of that growth (CPU, memory, log) added, `waited` how long it took until it was decided.
    `cpu` are the seconds of processor time that it had had when it got ready; `starved` tells that on a busy machine it
    did not get ready, was at work, and had less of them than the baseline.
    `log` is the raw log: masked by whatever shows it.
    `lasted` are the seconds that the container ran, `overhead` those that everything around it took;
    `load` is how many times longer things take than on an idle machine of the image's own architecture.
    """

    scenario: Scenario
    timeline: tuple[Event, ...] = ()
    exit: Exit | None = None
    listeners: tuple[Listener, ...] = ()
    serving: float | None = None
    ready: float | None = None
    ready_path: str = ""
    ready_port: int = 0
    assumed: bool = False
    stable: bool = False
    answers: tuple[Answer, ...] = ()
    contacts: tuple[Contact, ...] = ()
    respawns: int = 0
    churn: bool = False
    processes: tuple[str, ...] = ()
    zombies: int = 0
    catches_stop: bool | None = None
    memory: int = 0
    peak: int = 0
    written: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    leaks: tuple[Leak, ...] = ()
    stop: Stopping | None = None
    latencies: tuple[Latency, ...] = ()
    earlier: float | None = None
    budget: float = 0.0
    extended: float = 0.0
    waited: float = 0.0
    cpu: float = 0.0
    starved: bool = False
    log: str = ""
    log_truncated: bool = False
    command: str = ""
    lasted: float = 0.0
    overhead: float = 0.0
    load: float = 1.0


class Verdict(str, enum.Enum):
    """What one boot proved."""

    READY = "READY"
    FAILED_FAST = "FAILED_FAST"
    FAILED_UNNAMED = "FAILED_UNNAMED"
    STOPPED = "STOPPED"
    SURVIVED = "SURVIVED"
    EXIT_ZERO = "EXIT_ZERO"
    STARTED_WITHOUT_VAR = "STARTED_WITHOUT_VAR"
    STARTED_WITH_INVALID = "STARTED_WITH_INVALID"
    CRASH_LOOP_INSIDE = "CRASH_LOOP_INSIDE"
    HANG_AFTER_FATAL_LOG = "HANG_AFTER_FATAL_LOG"
    LISTENING_NOT_SERVING = "LISTENING_NOT_SERVING"
    WAITING_FOR = "WAITING_FOR"
    NOT_READY_5XX = "NOT_READY_5XX"
    BOUND_TO_LOOPBACK = "BOUND_TO_LOOPBACK"
    EXITED = "EXITED"
    HANG = "HANG"
    OOM = "OOM"
    BAD_COMMAND = "BAD_COMMAND"
    MASKED = "MASKED"
    IGNORES_PORT = "IGNORES_PORT"
    IGNORES_STOP = "IGNORES_STOP"
    STREAM_BLOCKS_STOP = "STREAM_BLOCKS_STOP"
    NEEDS_ROOT_OR_WRITES = "NEEDS_ROOT_OR_WRITES"
    SLOW_SECOND_BOOT = "SLOW_SECOND_BOOT"
    FIRST_REQUEST_INITIALISES = "FIRST_REQUEST_INITIALISES"
    NO_LAZY_START = "NO_LAZY_START"
    NOT_A_SERVER = "NOT_A_SERVER"
    NOT_TESTABLE_HERE = "NOT_TESTABLE_HERE"
    FLAKY = "FLAKY"
    INCONCLUSIVE = "INCONCLUSIVE"
    SKIPPED = "SKIPPED"
    ENGINE_ERROR = "ENGINE_ERROR"


class Status(str, enum.Enum):
    """How a scenario ended for whoever asked."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SKIPPED = "skipped"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Named:
    """The line of the log that names the variable: its number from 1, the words, and whether a traceback or an error
    block stands around it."""

    line: int
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """One scenario and what it proved. `reason` is one sentence with the values seen, `host` the one waited for,
    `named` where the log names the variable. `runs` are the verdicts of all attempts when a failure was run again."""

    scenario: Scenario
    verdict: Verdict
    status: Status
    reason: str
    observation: Observation | None = None
    named: Named | None = None
    host: str = ""
    runs: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """The engine that ran it: `name` is "docker" or "podman"; `is_local` tells that /proc shows its processes.

    `unlimited` names what it cannot limit ("memory", "swap", "cpu", "processes"): containers run without that limit.
    """

    name: str
    version: str
    architecture: str
    storage: str = ""
    rootless: bool = False
    is_local: bool = False
    cpus: int = 1
    memory: int = 0
    unlimited: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the engine says of an image; `size` in bytes, `ports` what it exposes."""

    id: str
    tags: tuple[str, ...]
    size: int
    architecture: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    user: str = ""
    folder: str = ""
    ports: tuple[int, ...] = ()
    health: tuple[str, ...] = ()
    stop_signal: str = "SIGTERM"


@dataclass(frozen=True, slots=True)
class Boot:
    """A whole run: what subjects of the RUN rules are and what reports show.

    `learned` are variables that only the log told of. `seconds` is the wall time beside the build, `own` the sum of the
    containers' own times, `built` the seconds of the build (0 for an image that was there). `leftovers` counts what
    still carried our label at the end. `default_capabilities` tells that the containers had those, since with none at
    all the baseline failed. `problems` say what could not be looked at: the run is incomplete with any.
    """

    plan: Plan
    image: ImageFacts
    engine: EngineFacts
    outcomes: tuple[Outcome, ...]
    learned: tuple[Variable, ...] = ()
    seconds: float = 0.0
    own: float = 0.0
    built: float = 0.0
    leftovers: int = 0
    default_capabilities: bool = False
    problems: tuple[str, ...] = ()

    @property
    def baseline(self) -> Outcome | None:
        """The boot with everything set, which the others are compared with."""
        return next((outcome for outcome in self.outcomes if outcome.scenario.family == "baseline"), None)

    def of(self, family: str) -> tuple[Outcome, ...]:
        """The outcomes of one family of scenarios."""
        return tuple(outcome for outcome in self.outcomes if outcome.scenario.family == family)
