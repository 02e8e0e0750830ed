"""One boot, from its watcher to what is left of it: what a scenario does with the service, and all that was seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from aiaudit.boot.bench import Bench, Waiting
from aiaudit.boot.denials import denied
from aiaudit.boot.latencies import is_lazy, time_requests
from aiaudit.boot.leaks import leaks
from aiaudit.boot.record import Action, Latency, Observation, Purpose, Scenario, Stopping
from aiaudit.boot.scenarios import BASELINE, endpoint_for, model_endpoint
from aiaudit.boot.watching import Watching
from aiaudit.boot.world import EngineError
from aiaudit.values import replace

_FRESH_BOOTS = 3
# A signal that nothing handles is dropped by the kernel for the first process of a container: no need to wait long.
_SURELY_IGNORED = 3.0
_FILES, _FILE_BYTES = 10, 1 << 16
_NO_TEXT = (".pyc", ".so", ".db", ".gz", ".whl", ".bin", ".safetensors")


def observe(bench: Bench, scenario: Scenario, waiting: Waiting) -> Observation:
    """Make the boot and look at it until what it proves is decided; nothing of it is left afterwards.

    `Cancelled` when the run is to end; `EngineError` and `NoEngine` from the engine.
    """
    seen = _one(bench, scenario, waiting)
    return _with_more_boots(bench, seen, waiting) if scenario.action is Action.FIRST_REQUEST else seen


def _one(bench: Bench, scenario: Scenario, waiting: Waiting) -> Observation:
    begun = bench.clock.now()
    with ExitStack() as stack:
        boot = _Boot(Watching(bench, scenario, waiting, stack))
        boot.run()
        seen = boot.seen()
    return replace(seen, overhead=max(0.0, bench.clock.now() - begun - seen.lasted))


def _with_more_boots(bench: Bench, seen: Observation, waiting: Waiting) -> Observation:
    """Several fresh boots, because one slow call proves nothing; two that agree that nothing is slow are enough."""
    for _ in range(_FRESH_BOOTS - 1):
        if seen.ready is None or not seen.latencies:
            break
        if len(seen.latencies) > 1 and not any(is_lazy(latency) for latency in seen.latencies):
            break
        again = _one(bench, seen.scenario, waiting)
        seen = replace(
            again,
            latencies=(*seen.latencies, *again.latencies),
            lasted=seen.lasted + again.lasted,
            overhead=seen.overhead + again.overhead,
        )
    return seen


class _Boot:
    """What is done with one container."""

    def __init__(self, watching: Watching) -> None:
        self.watching = watching
        self.bench = watching.bench
        self.catches: bool | None = None
        self.stopping: Stopping | None = None
        self.latencies: tuple[Latency, ...] = ()
        self.earlier: float | None = None
        self.memory = 0

    def run(self) -> None:
        """Start it, wait for what it proves, and do what the scenario is about."""
        watching = self.watching
        watching.start()
        watching.wait()
        if not watching.is_up:
            return
        self.memory = watching.samples.memory
        self.catches = watching.container.catches(self.bench.image.stop_signal)
        match watching.scenario.action:
            case Action.FAIL if watching.scenario.family in ("no-env", "missing", "empty"):
                self._call_late()
            case Action.STOP:
                self.stopping = self._stop()
            case Action.STOP_STREAM:
                self._stop_with_stream()
            case Action.SECOND_BOOT:
                self._start_again()
            case Action.FIRST_REQUEST:
                self.latencies = time_requests(watching)

    def seen(self) -> Observation:
        """Everything about it, with the container still there."""
        watching = self.watching
        trail, state, samples = watching.trail, watching.trail.state, watching.samples
        samples.read_log()
        log = watching.container.log
        text = log.text()
        # an engine may take seconds to tell what changed
        written = self._written() if watching.scenario.family == BASELINE else ()
        return Observation(
            watching.scenario,
            timeline=tuple(trail.timeline),
            exit=watching.exit,
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
            leaks=leaks(self.bench.secrets, self._places(text, written)),
            stop=self.stopping,
            latencies=self.latencies,
            earlier=self.earlier,
            budget=watching.patience.budget,
            extended=watching.patience.extended,
            waited=watching.waited,
            cpu=samples.cpu_at(state.ready) if state.ready is not None else 0.0,
            starved=watching.starved,
            log=text,
            log_truncated=log.truncated,
            command=watching.container.repro,
            load=watching.waiting.load,
            lasted=watching.lasted + (watching.now if watching.exit is None else watching.exit.seconds),
        )

    def _call_late(self) -> None:
        """What callers see of a service that started without a variable."""
        endpoint = model_endpoint(self.bench.plan)
        if endpoint is not None:
            self.watching.call(endpoint)

    def _stop_with_stream(self) -> None:
        """The stop signal while a response is being streamed; nothing is sent when none can be opened."""
        endpoint = endpoint_for(self.bench.plan, Purpose.STREAM)
        assert endpoint is not None
        watching, trail = self.watching, self.watching.trail
        headers = watching.headers(endpoint)
        watching.watcher.open_stream(endpoint.method, trail.state.port, endpoint.path, endpoint.body, headers)
        watching.until(lambda: bool(trail.stream) or watching.exit is not None, watching.answers_within)
        if trail.stream == "open":
            self.stopping = replace(self._stop(), stream=trail.stream)

    def _stop(self) -> Stopping:
        """Send the stop signal and wait for the end."""
        watching, signal = self.watching, self.bench.image.stop_signal
        watching.trail.note(watching.now, f"{signal} sent")
        sent = watching.now
        watching.container.kill(signal)
        grace = watching.waiting.stop if self.catches is not False else min(watching.waiting.stop, _SURELY_IGNORED)
        watching.until(lambda: watching.exit is not None, grace)
        watching.drain()
        took = (watching.now if watching.exit is None else watching.exit.seconds) - sent
        return Stopping(signal, max(0.0, took), None if watching.exit is None else watching.exit.code)

    def _start_again(self) -> None:
        """Kill the container, so that nothing is tidied up, and start it a second time."""
        watching = self.watching
        self.earlier = watching.trail.state.ready
        watching.container.kill("SIGKILL")
        if not watching.until(lambda: watching.exit is not None, watching.answers_within):
            raise EngineError("The engine did not end a container that was killed")
        watching.start_again()
        watching.wait()

    def _written(self) -> tuple[str, ...]:
        """Changed files, without the folders above them."""
        paths = self.watching.container.changes()
        folders = {path.rpartition("/")[0] for path in paths}
        return tuple(path for path in paths if path not in folders)

    def _places(self, log: str, written: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Where secrets are looked for."""
        yield "log", log
        yield from self.watching.trail.bodies.items()
        for path in [path for path in written if not path.endswith(_NO_TEXT)][:_FILES]:
            yield path, self.watching.container.read(path, _FILE_BYTES).decode("utf-8", "replace")
