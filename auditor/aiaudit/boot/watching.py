"""A container and its watcher while they run: what happens is taken in until what it proves is decided."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from aiaudit.boot.bench import Bench, Cancelled, Waiting
from aiaudit.boot.companions import ports_of, start_companions
from aiaudit.boot.readiness import BUSY, STABLE_SECONDS, Patience, Readiness, patience
from aiaudit.boot.record import Answer, Endpoint, Exit, Scenario
from aiaudit.boot.sampling import Samples
from aiaudit.boot.trail import Trail
from aiaudit.boot.world import EngineError, Specification

_POLL, _SAMPLE = 0.1, 0.7
# After a traceback with nothing that listens, so long a silence means that nothing more comes.
_SILENCE = 5.0
# A first request may load a model; a stream begins with the first token.
_ANSWERS_WITHIN = 30.0
_DRAINED = 1.0


class Watching:
    """One boot. Seconds count from the (last) start; `lasted` are those of the starts before."""

    def __init__(self, bench: Bench, scenario: Scenario, waiting: Waiting, stack: ExitStack) -> None:
        self.bench, self.scenario, self.waiting = bench, scenario, waiting
        taken = ports_of(bench.plan.companions)
        name = scenario.id.replace(":", "-").lower()
        self.watcher = bench.watchers.watch(name, scenario.network, (*self._ports(), *taken))
        stack.callback(self.watcher.close)
        start_companions(bench.plan.companions, bench.engine, self.watcher, bench.clock, stack, name)
        self.container = bench.engine.create(self._specification(name))
        stack.callback(self.container.remove)
        self.trail = Trail(Readiness(bench.health, frozenset(taken)))
        self.samples = Samples(self.container)
        self.patience = self._patience()
        self.starved = False
        self.exit: Exit | None = None
        self.started = 0.0
        self.lasted = 0.0
        self.waited = 0.0
        self._sampled = 0.0
        self._asks_all = True

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.bench.clock.now() - self.started

    @property
    def answers_within(self) -> float:
        """Seconds that one answer may take here."""
        return _ANSWERS_WITHIN * self.waiting.load

    @property
    def is_up(self) -> bool:
        """Whether it got ready and runs."""
        return self.trail.state.ready is not None and self.exit is None

    def start(self) -> None:
        """Start the container under the eyes of its watcher."""
        self._asks_all = True
        self.watcher.probe(self._ports(), self.trail.state.paths)
        self.watcher.mark()
        self.started = self.bench.clock.now()
        self._sampled = 0.0
        self.container.start()
        self.trail.take({"event": "start", "t": 0.0})
        self.trail.note(0.0, "start")

    def start_again(self) -> None:
        """Start the container that has ended anew."""
        self.lasted += self.now
        self.trail.state = Readiness(self.bench.health, self.trail.state.left_out)
        self.samples = Samples(self.container)
        self.patience = self._patience()
        self.starved = False
        self.exit = None
        self.start()

    def wait(self) -> None:
        """Until it is decided: it ended, got ready and stayed so, loops, hangs, or the time is over."""
        while not self._is_decided():
            self._poll(_POLL)
        self.waited = self.now
        self.drain()
        if self.is_up:
            self.sample()

    def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Take in what happens until something is so, or for so many seconds; whether it came to be."""
        end = self.now + seconds
        while not done() and self.now < end:
            self._poll(_POLL)
        return done()

    def call(self, endpoint: Endpoint) -> Answer | None:
        """The answer of a route; None for none in time."""
        count = len(self.trail.requested)
        port = self.trail.state.port
        self.watcher.request(endpoint.method, port, endpoint.path, endpoint.body, self.headers(endpoint))
        self.until(lambda: len(self.trail.requested) > count or self.exit is not None, self.answers_within)
        return next(iter(self.trail.requested[count:]), None)

    def headers(self, endpoint: Endpoint) -> tuple[tuple[str, str], ...]:
        """The headers of a request, with `{env:NAME}` replaced by that variable's value."""

        def filled(text: str) -> str:
            for name, value in self.scenario.environment:
                text = text.replace(f"{{env:{name}}}", value)
            return text

        return tuple((name, filled(value)) for name, value in endpoint.headers)

    def sample(self) -> None:
        """Look at what it uses and at its processes; growth counts until it answers: then it grows by being asked."""
        self._sampled = self.now
        growth = self.samples.take(self._sampled)
        earlier = self.samples.earlier(self._sampled - self.patience.window)
        if growth is not None and earlier is not None and self.trail.state.responding is None:
            self.patience = self.patience.with_growth(growth, earlier)
            self.starved = self.patience.is_starved(growth, earlier)

    def drain(self) -> None:
        """After the end, wait for the rest of the log and of the events; they come by other ways than the end."""
        if self.exit is None:
            return
        end = self.bench.clock.now() + _DRAINED
        length = -1
        while length != self.container.log.length and self.bench.clock.now() < end:
            length = self.container.log.length
            self.bench.clock.sleep(_POLL / 2)
        self._take_events()
        self.trail.take({"event": "exit", "t": self.exit.seconds})

    def _patience(self) -> Patience:
        load = self.waiting.load
        return patience(self.waiting.budget, self.bench.usual_cpu if load > BUSY else 0.0, load)

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
            default_capabilities=self.bench.default_capabilities and not scenario.user,
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
                memory = " (out of memory)" if self.exit.oom else ""
                self.trail.note(self.exit.seconds, f"exit {self.exit.code}{memory}")
        else:
            self.bench.clock.sleep(seconds)
        self._take_events()
        self.trail.take({"event": "tick", "t": self.now})
        if self.is_up and self._asks_all:
            self._ask_less()
        if self.exit is None and self.now - self._sampled >= _SAMPLE:
            self.sample()

    def _take_events(self) -> None:
        for event in self.watcher.events():
            if event["event"] == "problem":
                raise EngineError(f"What watches the boot failed: {event['detail']}")
            self.trail.take(event)

    def _ask_less(self) -> None:
        """From now on only whether it stays ready, so that the log is about something else."""
        self._asks_all = False
        state = self.trail.state
        self.watcher.probe((state.port,), (state.ready_path,))

    def _is_decided(self) -> bool:
        state = self.trail.state
        if self.exit is not None:
            return True
        if state.ready is not None:
            held = self.now - state.ready
            must_be_stable = self.waiting.hold >= STABLE_SECONDS
            return held >= self.waiting.hold and (not must_be_stable or state.stable or held > 3 * STABLE_SECONDS)
        if self.samples.is_crash_loop:
            return True
        silence = max(_SILENCE * self.waiting.load, self.bench.usual)
        if self.samples.has_traceback and not state.listeners and self.samples.quiet(self.now) > silence:
            return True
        return self.now >= self.patience.deadline
