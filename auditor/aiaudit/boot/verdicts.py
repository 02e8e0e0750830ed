"""What one boot proves: from what was seen, and from the boot with everything set that it is compared with."""

from __future__ import annotations

from collections.abc import Callable

from aiaudit.boot.fail_fast import judge_fail_fast
from aiaudit.boot.latencies import is_lazy, median
from aiaudit.boot.readiness import BUSY
from aiaudit.boot.record import Observation, Outcome, Plan, Status, Verdict
from aiaudit.boot.states import Judgement, alive, ended, listed
from aiaudit.boot.symptoms import host_blamed, host_named, needs_gpu, waited_for

_STOPPED = {"SIGTERM": (0, 143), "SIGINT": (0, 130), "SIGQUIT": (0, 131)}
# A second start may take so much longer than the first: a fifth, and the noise of a busy machine.
_SLOWER, _NOISE = 1.2, 2.0
_MIB = 1 << 20


def judge(plan: Plan, seen: Observation, baseline: Observation | None) -> Outcome:
    """The outcome of a boot; `baseline` is the observation of the one with everything set, None for itself."""
    judged = _JUDGES[seen.scenario.family](plan, seen, baseline)
    status = judged.status
    if seen.log_truncated and judged.verdict in (Verdict.FAILED_UNNAMED, Verdict.MASKED):
        status = Status.INCONCLUSIVE  # the name may stand in what was dropped
    return Outcome(seen.scenario, judged.verdict, status, judged.reason, seen, judged.named, judged.host)


def is_usable(baseline: Observation | None) -> bool:
    """Whether others can be compared with it: it got ready and went on."""
    return baseline is not None and baseline.ready is not None and baseline.exit is None


def _baseline(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    if seen.exit is not None:
        return _baseline_ended(seen)
    if seen.ready is None:
        return _not_ready(seen)
    return _ready(seen)


def _baseline_ended(seen: Observation) -> Judgement:
    judged = ended(seen)
    if judged.verdict is Verdict.EXIT_ZERO and not seen.listeners:
        return Judgement(
            Verdict.NOT_A_SERVER, Status.INCONCLUSIVE, f"{judged.reason} without ever listening: this is no server"
        )
    host = waited_for(seen) or host_blamed(seen)
    if judged.verdict is Verdict.EXITED and host:
        reason = f"{judged.reason} because {host} does not answer: name a service to start beside it"
        return Judgement(Verdict.WAITING_FOR, Status.INCONCLUSIVE, reason, host=host)
    return judged


def _not_ready(seen: Observation) -> Judgement:
    judged = alive(seen)
    if judged.verdict is Verdict.WAITING_FOR:
        return Judgement(judged.verdict, Status.INCONCLUSIVE, judged.reason, host=judged.host)
    return judged


def _ready(seen: Observation) -> Judgement:
    reason = f"ready after {seen.ready:.1f} s ({seen.ready_path}{', assumed' if seen.assumed else ''})"
    reachable = [listener for listener in seen.listeners if listener.port == seen.ready_port] or list(seen.listeners)
    if reachable and all(listener.is_loopback for listener in reachable):
        where = f"{reachable[0].host}:{reachable[0].port}"
        return Judgement(Verdict.BOUND_TO_LOOPBACK, Status.FAIL, f"{reason}, but listens on {where} alone")
    if seen.memory:
        reason += f", {seen.memory // _MIB} MiB in use"
    return Judgement(Verdict.READY, Status.PASS, reason)


def _gets_ready(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    """Boots that differ from the baseline and must get ready all the same."""
    if seen.exit is not None:
        return ended(seen)
    return alive(seen) if seen.ready is None else _ready_as_before(seen)


def _ready_as_before(seen: Observation) -> Judgement:
    """Where it listens was told by the baseline."""
    judged = _ready(seen)
    return Judgement(Verdict.READY, Status.PASS, judged.reason)


def _hardened(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    judged = _gets_ready(plan, seen, baseline)
    if judged.verdict in (Verdict.READY, Verdict.OOM, Verdict.NOT_TESTABLE_HERE):
        refused = f"; it could not write {listed(seen.denied)} and goes on" if seen.denied else ""
        return Judgement(judged.verdict, judged.status, judged.reason + refused)
    why = f"could not write {listed(seen.denied)}" if seen.denied else "says of no path that it could not be written"
    reason = f"with a read-only root and user {seen.scenario.user} it {why}: {judged.reason}"
    return Judgement(Verdict.NEEDS_ROOT_OR_WRITES, Status.FAIL, reason)


def _offline(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    judged = _gets_ready(plan, seen, baseline)
    host = host_named(seen.log, baseline.contacts if baseline else ())
    if judged.verdict is Verdict.EXITED and host:
        reason = f"without a network, {judged.reason} and names {host}"
        return Judgement(Verdict.FAILED_FAST, Status.PASS, reason, host=host)
    if judged.status is Status.PASS:
        return judged
    status = Status.FAIL if judged.verdict is not Verdict.NOT_TESTABLE_HERE else judged.status
    return Judgement(judged.verdict, status, f"without a network, {judged.reason}", host=host or judged.host)


def _memory(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    judged = _gets_ready(plan, seen, baseline)
    limit = f"{seen.scenario.memory // _MIB} MiB"
    peak = f", {seen.peak // _MIB} MiB at most" if seen.peak else ""
    return Judgement(judged.verdict, judged.status, f"within {limit}: {judged.reason}{peak}", host=judged.host)


def _port(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    judged = _gets_ready(plan, seen, baseline)
    wanted = dict(seen.scenario.environment).get(seen.scenario.changed, "")
    ports = sorted({listener.port for listener in seen.listeners})
    if not ports or wanted in map(str, ports):
        return judged
    reason = f"{seen.scenario.changed}={wanted}, but it listens on {listed([str(port) for port in ports])}"
    return Judgement(Verdict.IGNORES_PORT, Status.FAIL, reason)


def _stop(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    stop = seen.stop
    if stop is None:
        return _never_acted(seen)
    if stop.code is None:
        handles = {True: "handles", False: "does not handle", None: "may handle"}[seen.catches_stop]
        first = f": its first process {handles} the signal"
        return Judgement(
            Verdict.IGNORES_STOP, Status.FAIL, f"still running {stop.seconds:.1f} s after {stop.signal}{first}"
        )
    reason = f"ends {stop.seconds:.1f} s after {stop.signal} with code {stop.code}"
    if stop.code in _STOPPED.get(stop.signal, (0,)):
        return Judgement(Verdict.STOPPED, Status.PASS, reason)
    return Judgement(Verdict.EXITED, Status.FAIL, f"{reason}, as if it had failed")


def _stop_stream(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    stop = seen.stop
    if stop is None and seen.ready is not None and seen.exit is None:
        told = next((event.what for event in reversed(seen.timeline) if event.what.startswith("stream: ")), "no answer")
        return Judgement(Verdict.INCONCLUSIVE, Status.INCONCLUSIVE, f"no stream could be opened ({told})")
    judged = _stop(plan, seen, baseline)
    if stop is None:
        return judged
    reason = f"with an open stream, {judged.reason}"
    if judged.verdict is Verdict.IGNORES_STOP:
        return Judgement(Verdict.STREAM_BLOCKS_STOP, Status.FAIL, reason)
    return Judgement(judged.verdict, judged.status, f"{reason}; the stream was {_stream(stop.stream)}")


def _stream(state: str) -> str:
    return {"clean": "ended cleanly", "cut": "cut"}.get(state, "left open")


def _never_acted(seen: Observation) -> Judgement:
    """It did not even get as far as the baseline did: nothing is learned about what was to follow."""
    judged = ended(seen) if seen.exit is not None else alive(seen)
    return Judgement(Verdict.INCONCLUSIVE, Status.INCONCLUSIVE, f"this time it did not get ready: {judged.reason}")


def _second_boot(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    if seen.earlier is None:
        return _never_acted(seen)
    judged = _gets_ready(plan, seen, baseline)
    if seen.ready is None or judged.status is not Status.PASS:
        return Judgement(judged.verdict, judged.status, f"started a second time, {judged.reason}", host=judged.host)
    reason = f"ready {seen.ready:.1f} s after the second start, {seen.earlier:.1f} s after the first"
    if seen.ready > seen.earlier * _SLOWER and seen.ready - seen.earlier > _NOISE:
        if seen.load > BUSY:
            return Judgement(Verdict.INCONCLUSIVE, Status.INCONCLUSIVE, f"{reason}, but the machine is busy")
        return Judgement(Verdict.SLOW_SECOND_BOOT, Status.FAIL, reason)
    return Judgement(Verdict.READY, Status.PASS, reason)


def _first_request(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    if seen.ready is None or seen.exit is not None:
        return _never_acted(seen)
    if not seen.latencies:
        return Judgement(Verdict.INCONCLUSIVE, Status.INCONCLUSIVE, "the route did not answer in time")
    endpoint = seen.latencies[0].endpoint
    statuses = {answer.status for answer in seen.answers if answer.path == endpoint.path}
    route = f"{endpoint.method} {endpoint.path}"
    if statuses & {401, 403, 404, 405, 415, 422}:
        told = listed(sorted(map(str, statuses)))
        return Judgement(Verdict.INCONCLUSIVE, Status.INCONCLUSIVE, f"{route} refuses the request: it answers {told}")
    lazy = [latency for latency in seen.latencies if is_lazy(latency)]
    first = max(seen.latencies, key=lambda latency: latency.first)
    slowest = f"{first.first * 1000:.0f} ms, then {median(first.following) * 1000:.0f} ms"
    if len(lazy) >= 2:
        boots = f"in {len(lazy)} of {len(seen.latencies)} fresh boots"
        return Judgement(Verdict.FIRST_REQUEST_INITIALISES, Status.FAIL, f"the first {route} takes {slowest}, {boots}")
    return Judgement(Verdict.NO_LAZY_START, Status.PASS, f"the first {route} takes {slowest}")


def _slow_dependency(plan: Plan, seen: Observation, baseline: Observation | None) -> Judgement:
    if needs_gpu(seen.log):
        return ended(seen)
    if seen.ready is not None and seen.exit is None:
        return Judgement(Verdict.SURVIVED, Status.PASS, f"ready after {seen.ready:.1f} s though no store answers")
    hosts = baseline.contacts if baseline else ()
    host = host_named(seen.log, (*hosts, *seen.contacts))
    if seen.exit is not None:
        judged = ended(seen)
        told = f" and names {host}" if host else ""
        return Judgement(
            judged.verdict, Status.PASS if host else judged.status, f"no store answers: {judged.reason}{told}"
        )
    judged = alive(seen)
    if host:
        reason = f"no store answers: it waits for {host}, and says so"
        return Judgement(Verdict.SURVIVED, Status.PASS, reason, host=host)
    return Judgement(
        judged.verdict, Status.FAIL, f"no store answers: {judged.reason}, and says of no host that it waits"
    )


_JUDGES: dict[str, Callable[[Plan, Observation, Observation | None], Judgement]] = {
    "baseline": _baseline,
    "no-env": judge_fail_fast,
    "missing": judge_fail_fast,
    "empty": judge_fail_fast,
    "invalid": judge_fail_fast,
    "stop": _stop,
    "stop-stream": _stop_stream,
    "init": _stop,
    "hardened": _hardened,
    "offline": _offline,
    "memory": _memory,
    "port": _port,
    "second-boot": _second_boot,
    "first-request": _first_request,
    "slow-dependency": _slow_dependency,
}
