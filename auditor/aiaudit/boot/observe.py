"""One boot, from its watcher to what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

from aiaudit.boot.companions import ports_of, start_companions
from aiaudit.boot.denials import denied
from aiaudit.boot.leaks import leaks
from aiaudit.boot.readiness import Patience, Readiness, patience
from aiaudit.boot.record import (
    Action,
    Answer,
    Endpoint,
    Exit,
    ImageFacts,
    Latency,
    Observation,
    Plan,
    Purpose,
    Scenario,
    Stopping,
)
from aiaudit.boot.sampling import Samples
from aiaudit.boot.scenarios import BASELINE, endpoint_for
from aiaudit.boot.trail import Trail
from aiaudit.boot.world import Clock, Container, Engine, EngineError, Specification, Watcher, Watchers
from aiaudit.values import dataclass

_POLL, _SAMPLE = 0.1, 0.7
# A first request may load a model; a stream begins with the first token.
_ANSWERS_WITHIN = 30.0
_FOLLOWING, _FOLLOWING_WITHIN = 5, 6.0
_FRESH_BOOTS = 3
# A signal that nothing handles is dropped by the kernel for the first process of a container: no need to wait long.
_SURELY_IGNORED = 3.0
_DRAINED = 1.0
_FILES, _FILE_BYTES = 10, 1 << 16
_NO_TEXT = (".pyc", ".so", ".db", ".gz", ".whl", ".bin", ".safetensors")


class Cancelled(Exception):
    """The user or the total budget ended the run."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the boots of a run share. `health` are the paths known to tell readiness, `secrets` the dummy secrets by
    variable; `usual` is the seconds that the baseline took to get ready, 0 while it is not known."""

    plan: Plan
    image: ImageFacts
    engine: Engine
    watchers: Watchers
    clock: Clock
    health: tuple[str, ...] = ()
    secrets: Mapping[str, str] | None = None
    usual: float = 0.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """How long one boot is waited for: `budget` seconds to get ready or to end, `hold` seconds that it must stay ready,
    `stop` seconds to end after the signal."""

    budget: float
    hold: float = 0.5
    stop: float = 10.0


def observe(bench: Bench, scenario: Scenario, waiting: Waiting) -> Observation:
    """Make the boot and look at it until what it proves is decided; nothing of it is left afterwards.

    `Cancelled` when the run is to end; `EngineError` and `NoEngine` from the engine.
    """
    if scenario.action is Action.FIRST_REQUEST:
        return _first_requests(bench, scenario, waiting)
    return _one(bench, scenario, waiting)


def _one(bench: Bench, scenario: Scenario, waiting: Waiting) -> Observation:
    begun = bench.clock.now()
    with ExitStack() as stack:
        run = _Run(bench, scenario, waiting, stack)
        run.start()
        run.wait()
        run.act()
        seen = run.seen()
    return replace(seen, overhead=max(0.0, bench.clock.now() - begun - run.lasted))


def _first_requests(bench: Bench, scenario: Scenario, waiting: Waiting) -> Observation:
    """Several fresh boots, because one slow call proves nothing; two that agree that nothing is slow are enough."""
    seen = _one(bench, scenario, waiting)
    for _ in range(_FRESH_BOOTS - 1):
        if seen.ready is None or not seen.latencies:
            break
        if len(seen.latencies) > 1 and not any(is_lazy(latency) for latency in seen.latencies):
            break
        again = _one(bench, scenario, waiting)
        seen = replace(
            again,
            latencies=(*seen.latencies, *again.latencies),
            lasted=seen.lasted + again.lasted,
            overhead=seen.overhead + again.overhead,
        )
    return seen


def is_lazy(latency: Latency) -> bool:
    """Whether the first call of a route did work that belongs to the start: much slower than the next ones, beyond what
    a health route's first call costs, with memory that grew or a host asked for the first time."""
    usual = _median(latency.following)
    control = latency.control_first - _median(latency.control_following)
    more = latency.first - usual - max(0.0, control)
    grew = latency.growth >= 8 << 20 or bool(latency.contacts)
    return more >= 0.25 and more >= 20 * usual and grew


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


class _Run:
    """One container and its watcher while they run."""

    def __init__(self, bench: Bench, scenario: Scenario, waiting: Waiting, stack: ExitStack) -> None:
        self.bench, self.scenario, self.waiting = bench, scenario, waiting
        plan = bench.plan
        name = scenario.id.replace(":", "-").lower()
        free = tuple(dict.fromkeys((*self._ports(), *ports_of(plan.companions))))
        self.watcher: Watcher = bench.watchers.watch(name, scenario.network, free)
        stack.callback(self.watcher.close)
        left_out = frozenset(ports_of(plan.companions))
        start_companions(plan.companions, bench.engine, self.watcher, bench.clock, stack, name)
        self.container: Container = bench.engine.create(self._specification(name))
        stack.callback(self.container.remove)
        self.trail = Trail(Readiness(bench.health, left_out))
        self.samples = Samples(self.container)
        self.exit: Exit | None = None
        self.started = 0.0
        self.sampled = 0.0
        self.patience: Patience = patience(waiting.budget)
        self.catches: bool | None = None
        self.stopping: Stopping | None = None
        self.latencies: tuple[Latency, ...] = ()
        self.earlier: float | None = None
        self.memory = 0
        self.lasted = 0.0

    @property
    def now(self) -> float:
        """Seconds since the (last) start."""
        return self.bench.clock.now() - self.started

    def start(self) -> None:
        """Start the container under the eyes of its watcher."""
        self.watcher.probe(self._ports(), self.trail.state.paths)
        self.watcher.mark()
        self.started = self.bench.clock.now()
        self.sampled = 0.0
        self.container.start()
        self.trail.take({"event": "start", "t": 0.0})
        self.trail.note(0.0, "start")

    def wait(self) -> None:
        """Until it is decided: it ended, got ready and stayed so, loops, hangs, or the time is over."""
        while not self._is_decided():
            self._poll(_POLL)
        self._drain()
        if self.trail.state.ready is not None and self.exit is None:
            self._sample()
            self.memory = self.samples.memory
            self.catches = self.container.catches(self.bench.image.stop_signal)

    def act(self) -> None:
        """What the scenario does with a service that is ready."""
        ready = self.trail.state.ready is not None and self.exit is None
        match self.scenario.action:
            case Action.FAIL if ready and self.scenario.family in ("no-env", "missing", "empty"):
                self._call_late()
            case Action.STOP if ready:
                self._stop()
            case Action.STOP_STREAM if ready:
                self._stop_stream()
            case Action.SECOND_BOOT if ready:
                self._start_again()
            case Action.FIRST_REQUEST if ready:
                self._time_requests()
        self.lasted += self.now if self.exit is None else self.exit.seconds

    def seen(self) -> Observation:
        """Everything about it, with the container still there."""
        trail, state, samples = self.trail, self.trail.state, self.samples
        samples.read_log()
        log = self.container.log
        text = log.text()
        written = self._written() if self.scenario.family == BASELINE else ()  # an engine may take seconds to tell it
        return Observation(
            self.scenario,
            timeline=tuple(trail.timeline),
            exit=self.exit,
            listeners=state.listeners,
            serving=state.serving,
            ready=state.ready,
            ready_path=state.ready_path,
            ready_port=state.port,
            assumed=state.assumed,
            stable=state.stable,
            answers=tuple(trail.answers),
            contacts=tuple(trail.contacts),
            respawns=samples.respawns,
            churn=samples.is_crash_loop,
            processes=samples.processes,
            zombies=samples.zombies,
            catches_stop=self.catches,
            memory=self.memory,
            peak=samples.peak,
            written=written,
            denied=denied(text),
            leaks=leaks(self.bench.secrets or {}, self._places(text, written)),
            stop=self.stopping,
            latencies=self.latencies,
            earlier=self.earlier,
            budget=self.patience.budget,
            extended=self.patience.extended,
            log=text,
            log_truncated=log.truncated,
            command=self.container.repro,
            lasted=self.lasted,
        )

    def _specification(self, name: str) -> Specification:
        scenario, plan = self.scenario, self.bench.plan
        return Specification(
            self.bench.image.id,
            "target",
            name,
            environment=scenario.environment,
            network=self.watcher.network,
            command=plan.command or None,
            user=scenario.user,
            read_only=scenario.read_only,
            init=scenario.init,
            memory=scenario.memory,
            platform=plan.platform,
        )

    def _ports(self) -> tuple[int, ...]:
        plan = self.bench.plan
        given = dict(self.scenario.environment).get(plan.port_variable, "")
        own = (int(given),) if given.isdecimal() else ()
        return tuple(dict.fromkeys((*own, *plan.ports, *self.bench.image.ports)))

    def _poll(self, seconds: float) -> None:
        """Let so much time pass, or less when it ends, and take in what happened."""
        if self.bench.engine.cancelled:
            raise Cancelled
        if self.exit is None:
            self.exit = self.container.exit(seconds)
            if self.exit is not None:
                self._ended(self.exit)
        else:
            self.bench.clock.sleep(seconds)
        self._take_events()
        self.trail.take({"event": "tick", "t": self.now})
        if self.exit is None and self.now - self.sampled >= _SAMPLE:
            self._sample()

    def _take_events(self) -> None:
        for event in self.watcher.events():
            if event["event"] == "problem":
                raise EngineError(f"What watches the boot failed: {event['detail']}")
            self.trail.take(event)

    def _ended(self, end: Exit) -> None:
        self.trail.note(end.seconds, f"exit {end.code}{' (out of memory)' if end.oom else ''}")

    def _sample(self) -> None:
        self.sampled = self.now
        growth = self.samples.take(self.sampled)
        earlier = self.samples.earlier(self.sampled - self.patience.window)
        if growth is not None and earlier is not None:
            self.patience = self.patience.with_growth(growth, earlier)

    def _is_decided(self) -> bool:
        state = self.trail.state
        if self.exit is not None:
            return True
        if state.ready is not None and self.now - state.ready >= self.waiting.hold:
            return state.stable or self.waiting.hold < 3 or self.now - state.ready > 3 * self.waiting.hold
        if self.samples.is_crash_loop and state.ready is None:
            return True
        quiet = max(5.0, self.bench.usual)
        if self.samples.has_traceback and not state.listeners and self.samples.quiet(self.now) > quiet:
            return True
        return self.now >= self.patience.deadline

    def _drain(self) -> None:
        """After the end, wait for the rest of the log and of the events; they come by other ways than the end."""
        if self.exit is None:
            return
        end = self.bench.clock.now() + _DRAINED
        length = -1
        while length != self.container.log.length and self.bench.clock.now() < end:
            length = self.container.log.length
            self.bench.clock.sleep(0.05)
        self._take_events()
        self.trail.take({"event": "exit", "t": self.exit.seconds})

    def _until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Poll until something is so, or so many seconds; whether it came to be."""
        end = self.now + seconds
        while not done() and self.now < end:
            self._poll(_POLL)
        return done()

    def _call(self, endpoint: Endpoint, seconds: float = _ANSWERS_WITHIN) -> Answer | None:
        """The answer of a route; None for none in time."""
        count = len(self.trail.requested)
        self.watcher.request(
            endpoint.method, self.trail.state.port, endpoint.path, endpoint.body, self._headers(endpoint)
        )
        answered = self._until(lambda: len(self.trail.requested) > count or self.exit is not None, seconds)
        return self.trail.requested[count] if answered and len(self.trail.requested) > count else None

    def _headers(self, endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
        """Headers with `{env:NAME}` replaced by that variable's value."""
        environment = dict(self.scenario.environment)

        def filled(text: str) -> str:
            for name, value in environment.items():
                text = text.replace(f"{{env:{name}}}", value)
            return text

        return tuple((name, filled(value)) for name, value in endpoint.headers)

    def _call_late(self) -> None:
        """What callers see of a service that started without a variable."""
        endpoint = endpoint_for(self.bench.plan, Purpose.MODEL)
        if endpoint is not None:
            self._call(endpoint)

    def _stop(self) -> None:
        self._signal()
        self.stopping = self._stopped()

    def _stop_stream(self) -> None:
        endpoint = endpoint_for(self.bench.plan, Purpose.STREAM)
        assert endpoint is not None
        trail = self.trail
        self.watcher.open_stream(
            endpoint.method, trail.state.port, endpoint.path, endpoint.body, self._headers(endpoint)
        )
        self._until(lambda: bool(trail.stream) or self.exit is not None, _ANSWERS_WITHIN)
        if trail.stream != "open":
            return
        self._signal()
        stopped = self._stopped()
        self._take_events()
        self.stopping = replace(stopped, stream=trail.stream)

    def _signal(self) -> None:
        self.trail.note(self.now, f"{self.bench.image.stop_signal} sent")
        self.signalled = self.now
        self.container.kill(self.bench.image.stop_signal)

    def _stopped(self) -> Stopping:
        """Wait for the end after the signal."""
        grace = self.waiting.stop if self.catches is not False else min(self.waiting.stop, _SURELY_IGNORED)
        self._until(lambda: self.exit is not None, grace)
        self._drain()
        code = None if self.exit is None else self.exit.code
        return Stopping(self.bench.image.stop_signal, self.now - self.signalled, code)

    def _start_again(self) -> None:
        """Kill the container, so that nothing is tidied up, and start it a second time."""
        self.earlier = self.trail.state.ready
        self.container.kill("SIGKILL")
        if not self._until(lambda: self.exit is not None, _ANSWERS_WITHIN):
            raise EngineError("The engine did not end a container that was killed")
        self._take_events()
        self.lasted += self.now
        self.trail.state = Readiness(self.bench.health, self.trail.state.left_out)
        self.exit = None
        self.patience = patience(self.waiting.budget)
        self.samples = Samples(self.container)
        self.start()
        self.wait()

    def _time_requests(self) -> None:
        endpoint = endpoint_for(self.bench.plan, Purpose.MODEL)
        assert endpoint is not None
        health = Endpoint("GET", self.trail.state.ready_path, Purpose.HEALTH)
        control = [answer for _ in range(_FOLLOWING + 1) if (answer := self._call(health)) is not None]
        before = self.samples.memory
        contacted = len(self.trail.contacts)
        first = self._call(endpoint)
        if first is None or not control:
            return
        self._sample()
        growth = max(0, self.samples.memory - before)
        contacts = tuple(self.trail.contacts[contacted:])
        following: list[Answer] = []
        end = self.now + _FOLLOWING_WITHIN
        while len(following) < _FOLLOWING and (len(following) < 2 or self.now < end):
            again = self._call(endpoint)
            if again is None:
                return
            following.append(again)
        self.latencies = (
            Latency(
                endpoint,
                first.took,
                tuple(answer.took for answer in following),
                control[0].took,
                tuple(answer.took for answer in control[1:]),
                growth,
                contacts,
            ),
        )

    def _written(self) -> tuple[str, ...]:
        """Changed files, without the folders above them."""
        paths = self.container.changes()
        folders = {path.rpartition("/")[0] for path in paths}
        return tuple(path for path in paths if path not in folders)

    def _places(self, log: str, written: Sequence[str]) -> Iterator[tuple[str, str]]:
        yield "log", log
        yield from self.trail.bodies.items()
        for path in [path for path in written if not path.endswith(_NO_TEXT)][:_FILES]:
            yield path, self.container.read(path, _FILE_BYTES).decode("utf-8", "replace")
