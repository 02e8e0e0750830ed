"""A whole run against scripted containers: which boots are made, in which order, and what is told of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aiaudit.boot import matrix
from aiaudit.boot.record import (
    Boot,
    Budgets,
    Companion,
    Endpoint,
    Kind,
    Observation,
    Outcome,
    Plan,
    Purpose,
    Status,
    Variable,
    Verdict,
)
from aiaudit.boot.world import EngineError, NoEngine, Process
from aiaudit.span import Span
from tests.boot import scripted
from tests.boot.scripted import FACTS, Script, World, answers, asks_for, failing, healthy, listens, longer

KEY = Variable("OPENAI_API_KEY", Kind.SECRET, provider="openai", spoken=("openai_api_key",))
URL = Variable("STATUS_URL", Kind.URL, spoken=("status_url",))
HEALTH = Endpoint("GET", "/health", Purpose.HEALTH, span=Span.whole_file("app.py"))
CHAT = Endpoint("POST", "/chat", Purpose.MODEL, '{"message": "hi"}', (("X-Key", "{env:OPENAI_API_KEY}"),))
STREAM = Endpoint("POST", "/stream", Purpose.STREAM)
PLAN = Plan(".", "web:1", variables=(KEY, URL), endpoints=(HEALTH,))

NAMING = {
    "no-env": failing("KeyError: 'OPENAI_API_KEY'"),
    "missing-openai_api_key": failing("KeyError: 'OPENAI_API_KEY'"),
    "empty-openai_api_key": failing("ValueError: OPENAI_API_KEY is empty"),
    "missing-status_url": failing("KeyError: 'STATUS_URL'"),
    "empty-status_url": failing("ValueError: STATUS_URL is empty"),
    "invalid-status_url": failing("ValueError: STATUS_URL is no address"),
}
GOOD: dict[str, Any] = {"": healthy(), **NAMING}


def run(scripts: Mapping[str, Any], plan: Plan = PLAN, world: World | None = None) -> dict[str, Outcome]:
    """The outcomes by scenario."""
    return {outcome.scenario.id: outcome for outcome in boot(scripts, plan, world).outcomes}


def boot(scripts: Mapping[str, Any], plan: Plan = PLAN, world: World | None = None) -> Boot:
    """The whole run; whatever it was, nothing of it is left."""
    world = world or World(scripts)
    done = matrix.run(plan, world, world, world.clock, lambda id, what: None)  # type: ignore[arg-type]
    assert all(container.removed for container in world.containers)
    assert all(watcher.closed for watcher in world.watchers)
    return done


def only(family: str) -> Plan:
    """The plan with one family beside the baseline."""
    others = ("no-env", "missing", "empty", "invalid", "stop", "hardened", "offline", "second-boot", "init")
    return replace(PLAN, skip=tuple(name for name in others if name != family))


def test_a_good_service_passes_everything() -> None:
    outcomes = run(GOOD)
    assert {id: outcome.verdict.value for id, outcome in outcomes.items()} == {
        "baseline": "READY",
        "no-env": "FAILED_FAST",
        "stop": "STOPPED",
        "hardened": "READY",
        "offline": "READY",
        "missing:OPENAI_API_KEY": "FAILED_FAST",
        "empty:OPENAI_API_KEY": "FAILED_FAST",
        "missing:STATUS_URL": "FAILED_FAST",
        "empty:STATUS_URL": "FAILED_FAST",
        "invalid:STATUS_URL": "FAILED_FAST",
        "second-boot": "READY",
    }
    assert {outcome.status for outcome in outcomes.values()} == {Status.PASS}
    assert next(iter(outcomes)) == "baseline"
    assert outcomes["missing:STATUS_URL"].reason == "ends after 1.5 s with code 1 and names STATUS_URL"


def test_a_boot_differs_from_the_baseline_by_one_variable() -> None:
    outcomes = run(GOOD)
    full = dict(outcomes["baseline"].scenario.environment)
    for id, outcome in outcomes.items():
        changed = outcome.scenario.changed
        given = dict(outcome.scenario.environment)
        if id != "no-env":
            assert {name for name in full if given.get(name) != full[name]} == ({changed} if changed else set())


def test_time_and_cost_are_told() -> None:
    done = boot(GOOD)
    assert done.seconds > 5
    assert done.own > done.seconds
    assert all(outcome.observation is not None and outcome.observation.overhead >= 0 for outcome in done.outcomes)
    assert done.problems == ()


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        (healthy(), Verdict.STARTED_WITHOUT_VAR),
        (failing("RuntimeError: bad configuration"), Verdict.FAILED_UNNAMED),
        (failing("ValueError: No API key was provided"), Verdict.FAILED_UNNAMED),
        (failing("KeyError: 'STATUS_URL'"), Verdict.FAILED_UNNAMED),
        (failing("KeyError: 'OPENAI_API_KEY'", code=0), Verdict.EXIT_ZERO),
        (Script(events=(listens(0.3),)), Verdict.LISTENING_NOT_SERVING),
        (Script(), Verdict.HANG),
        (Script(log=((1.0, "Traceback (most recent call last):\n  File 'a'\nKeyError: 'OPENAI_API_KEY'\n"),)),
         Verdict.HANG_AFTER_FATAL_LOG),
        (Script(events=(listens(0.3), answers(1.0, "/health", 500))), Verdict.NOT_READY_5XX),
        (Script(end=(0.1, 127)), Verdict.BAD_COMMAND),
    ],
)  # fmt: skip
def test_a_start_that_does_not_fail_as_it_should_fails_the_contract(script: Script, verdict: Verdict) -> None:
    outcomes = run({**GOOD, "missing-openai_api_key": script}, only("missing"))
    outcome = outcomes["missing:OPENAI_API_KEY"]
    assert (outcome.verdict, outcome.status) == (verdict, Status.FAIL)
    assert outcome.runs == (() if verdict is Verdict.BAD_COMMAND else (verdict, verdict))


def test_later_boots_of_a_variable_are_left_out_once_one_failed() -> None:
    outcomes = run({**GOOD, "missing-status_url": healthy()})
    assert outcomes["missing:STATUS_URL"].status is Status.FAIL
    assert {outcomes[f"{family}:STATUS_URL"].status for family in ("empty", "invalid")} == {Status.SKIPPED}


def test_respawned_workers_that_fail_alike_are_a_loop() -> None:
    trace = "Traceback (most recent call last):\n  File 'a'\nKeyError: 'OPENAI_API_KEY'\n"
    workers = [(Process(1, 0, "S", "uvicorn"), Process(10 + step, 1, "S", "spawn")) for step in range(9)]
    script = Script(
        log=tuple((1.0 + step, trace) for step in range(9)),
        processes=tuple((float(step), those) for step, those in enumerate(workers)),
    )
    outcome = run({**GOOD, "missing-openai_api_key": script}, only("missing"))["missing:OPENAI_API_KEY"]
    assert (outcome.verdict, outcome.status) == (Verdict.CRASH_LOOP_INSIDE, Status.FAIL)


def test_a_worker_that_has_ended_is_gone_though_nobody_looked_at_it() -> None:
    trace = "Traceback (most recent call last):\n  File 'a'\nKeyError: 'OPENAI_API_KEY'\n"
    dead = [Process(10 + step, 1, "Z", "spawn") for step in range(9)]
    workers = [(Process(1, 0, "S", "uvicorn"), *dead[:step], Process(10 + step, 1, "S", "spawn")) for step in range(9)]
    script = Script(
        log=tuple((1.0 + step, trace) for step in range(9)),
        processes=tuple((float(step), those) for step, those in enumerate(workers)),
    )
    outcome = run({**GOOD, "missing-openai_api_key": script}, only("missing"))["missing:OPENAI_API_KEY"]
    assert outcome.verdict is Verdict.CRASH_LOOP_INSIDE


def test_on_a_busy_machine_a_silence_after_a_traceback_is_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = "Traceback (most recent call last):\n  File 'a'\nKeyError: 'OPENAI_API_KEY'\n"
    script = Script(log=((1.0, trace),), end=(9.0, 1))
    boots = {**GOOD, "missing-openai_api_key": script}
    assert run(boots, only("missing"))["missing:OPENAI_API_KEY"].verdict is Verdict.HANG_AFTER_FATAL_LOG

    monkeypatch.setattr("os.getloadavg", lambda: (3.0, 3.0, 3.0))
    outcomes = run(boots, only("missing"), World(boots, replace(FACTS, is_local=True)))
    assert outcomes["missing:OPENAI_API_KEY"].verdict is Verdict.FAILED_FAST


def test_a_message_tells_how_long_it_was_waited() -> None:
    trace = "Traceback (most recent call last):\n  File 'a'\nKeyError: 'A'\n"
    early = run({**GOOD, "missing-openai_api_key": Script(log=((1.0, trace),))}, only("missing"))
    seen = early["missing:OPENAI_API_KEY"].observation
    assert seen is not None
    assert 5 < seen.waited < seen.budget
    silent = run({**GOOD, "missing-openai_api_key": Script()}, only("missing"))["missing:OPENAI_API_KEY"]
    assert silent.observation is not None
    assert f"for {silent.observation.waited:.0f} s" in silent.reason


def test_waiting_for_a_host_is_not_blamed_on_the_variable() -> None:
    log = tuple((float(second), "could not connect to db.aiaudit.invalid, retrying\n") for second in range(60))
    script = Script(events=(asks_for(0.5, "db.aiaudit.invalid"),), log=log)
    outcome = run({**GOOD, "missing-openai_api_key": script}, only("missing"))["missing:OPENAI_API_KEY"]
    assert (outcome.verdict, outcome.status, outcome.host) == (
        Verdict.WAITING_FOR,
        Status.INCONCLUSIVE,
        "db.aiaudit.invalid",
    )


def test_different_outcomes_are_flaky() -> None:
    script = [healthy(), failing("KeyError: 'OPENAI_API_KEY'")]
    outcome = run({**GOOD, "missing-openai_api_key": lambda n: script[n]}, only("missing"))["missing:OPENAI_API_KEY"]
    assert (outcome.verdict, outcome.status) == (Verdict.FLAKY, Status.INCONCLUSIVE)
    assert outcome.runs == (Verdict.STARTED_WITHOUT_VAR, Verdict.FAILED_FAST)


def test_without_a_ready_baseline_nothing_is_proven() -> None:
    outcomes = run({**GOOD, "baseline": Script(events=(listens(1.0), answers(1.2, "/health", 503)))})
    assert outcomes["baseline"].verdict is Verdict.NOT_READY_5XX
    assert {o.status for id, o in outcomes.items() if id != "baseline"} == {Status.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("script", "verdict"),
    [
        (Script(end=(0.4, 0)), Verdict.NOT_A_SERVER),
        (Script(end=(0.0, 127)), Verdict.BAD_COMMAND),
        (failing("RuntimeError: Found no NVIDIA driver on your system"), Verdict.NOT_TESTABLE_HERE),
    ],
)
def test_what_cannot_be_booted_ends_the_run(script: Script, verdict: Verdict) -> None:
    outcomes = run({**GOOD, "baseline": script})
    assert outcomes["baseline"].verdict is verdict
    assert {o.status for id, o in outcomes.items() if id != "baseline"} == {Status.SKIPPED}


def test_a_variable_that_only_the_log_tells_of_is_learned() -> None:
    scripts = {**GOOD, "baseline": lambda n: failing("KeyError: 'JWT_SECRET'") if not n else healthy()}
    scripts["missing-jwt_secret"] = failing("KeyError: 'JWT_SECRET'")
    scripts["empty-jwt_secret"] = failing("ValueError: JWT_SECRET is empty")
    done = boot(scripts)
    assert [variable.name for variable in done.learned] == ["JWT_SECRET"]
    assert done.baseline is not None
    assert done.baseline.verdict is Verdict.READY
    assert [outcome.verdict for outcome in done.of("missing")] == [Verdict.FAILED_FAST] * 3


def test_a_start_that_needs_a_capability_gets_the_engines_own() -> None:
    refused = failing("chown: changing ownership of '/data': Operation not permitted")
    world = World({**GOOD, "baseline": lambda n: refused if not n else healthy()})
    done = boot({}, world=world)
    assert done.baseline is not None
    assert (done.baseline.verdict, done.default_capabilities) == (Verdict.READY, True)
    made = [container.specification for container in world.containers]
    assert [one.name for one in made if not one.default_capabilities] == ["baseline", "hardened"]


def test_a_start_that_no_capability_helps_fails_as_it_does() -> None:
    done = boot({**GOOD, "baseline": failing("mount: Operation not permitted")})
    assert done.baseline is not None
    assert (done.baseline.verdict, done.default_capabilities) == (Verdict.EXITED, True)
    assert not boot(GOOD).default_capabilities


def test_a_loopback_listener_fails_and_still_is_a_baseline() -> None:
    script = Script(events=(listens(1.0, host="127.0.0.1"), *(answers(1.1 + n * 0.5) for n in range(40))))
    outcomes = run({**GOOD, "baseline": script})
    assert outcomes["baseline"].verdict is Verdict.BOUND_TO_LOOPBACK
    assert outcomes["missing:OPENAI_API_KEY"].status is Status.PASS


def test_a_signal_that_nothing_handles_needs_no_long_wait_and_init_is_tried() -> None:
    scripts = {**GOOD, "stop": healthy(stops=None, catches=False), "init": healthy(stops=(0.2, 143))}
    outcomes = run(scripts)
    stop = outcomes["stop"]
    assert (stop.verdict, outcomes["init"].verdict) == (Verdict.IGNORES_STOP, Verdict.STOPPED)
    assert stop.observation is not None
    assert stop.observation.stop is not None
    assert stop.observation.stop.seconds < 4


@pytest.mark.parametrize(
    ("stops", "stream", "verdict"),
    [
        ((3.0, 0), "clean", Verdict.STOPPED),
        ((0.3, 143), "cut", Verdict.STOPPED),
        (None, "open", Verdict.STREAM_BLOCKS_STOP),
        ((0.3, 1), "cut", Verdict.EXITED),
        ((0.3, 0), "refused", Verdict.INCONCLUSIVE),
    ],
)
def test_an_open_stream_may_not_hold_the_stop(stops: tuple[float, int] | None, stream: str, verdict: Verdict) -> None:
    plan = replace(PLAN, endpoints=(HEALTH, STREAM), skip=("stop",))
    scripts = {**GOOD, "stop-stream": healthy(stops=stops, stream=stream)}
    assert run(scripts, plan)["stop-stream"].verdict is verdict


def test_a_hardened_boot_tells_the_paths_it_needs() -> None:
    script = failing("OSError: [Errno 30] Read-only file system: '/srv/cache'")
    outcome = run({**GOOD, "hardened": script})["hardened"]
    assert (outcome.verdict, outcome.status) == (Verdict.NEEDS_ROOT_OR_WRITES, Status.FAIL)
    assert outcome.observation is not None
    assert outcome.observation.denied == ("/srv/cache",)


def test_offline_a_clear_error_is_enough() -> None:
    baseline = healthy(events=(asks_for(1.0, "huggingface.co"),))
    clear = failing("ConnectionError: huggingface.co: name or service not known")
    unclear = failing("ConnectionError: cannot download")
    outcomes = run({**GOOD, "baseline": baseline, "offline": clear})
    assert (outcomes["offline"].verdict, outcomes["offline"].host) == (Verdict.FAILED_FAST, "huggingface.co")
    assert run({**GOOD, "baseline": baseline, "offline": unclear})["offline"].status is Status.FAIL


def test_memory_of_the_deployment_is_tried() -> None:
    plan = replace(PLAN, memory=256 << 20)
    outcomes = run({**GOOD, "memory": Script(end=(1.0, 137), oom=True)}, plan)
    assert (outcomes["memory"].verdict, outcomes["memory"].status) == (Verdict.OOM, Status.FAIL)
    assert run(GOOD, plan)["memory"].status is Status.PASS


def test_memory_is_not_tried_where_the_engine_cannot_limit_it() -> None:
    world = World(GOOD, replace(FACTS, unlimited=("memory", "swap")))
    outcome = run({}, replace(PLAN, memory=256 << 20), world)["memory"]
    assert (outcome.status, outcome.reason) == (Status.SKIPPED, "docker cannot limit memory here")


def test_a_second_boot_that_fails_is_told() -> None:
    scripts = {**GOOD, "second-boot": healthy(), "second-boot+1": failing("RuntimeError: /tmp/pid exists")}
    outcome = run({**scripts}, only("second-boot"))["second-boot"]
    assert (outcome.verdict, outcome.status) == (Verdict.EXITED, Status.FAIL)
    slow = {**GOOD, "second-boot+1": healthy(9.0)}
    assert run(slow, only("second-boot"))["second-boot"].verdict is Verdict.SLOW_SECOND_BOOT
    emulated = World(slow, replace(FACTS, architecture="aarch64"))
    assert run({}, only("second-boot"), emulated)["second-boot"].status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("times", "verdict"),
    [
        (((200, 0.9), (200, 0.01)), Verdict.FIRST_REQUEST_INITIALISES),
        (((200, 0.12), (200, 0.002)), Verdict.NO_LAZY_START),
        (((200, 0.9), (200, 0.4)), Verdict.NO_LAZY_START),
        (((401, 0.9), (401, 0.01)), Verdict.INCONCLUSIVE),
    ],
)
def test_the_first_request_is_compared_with_the_next(times: Any, verdict: Verdict) -> None:
    plan = replace(only("first-request"), endpoints=(HEALTH, CHAT))
    contact = asks_for(2.0, "api.openai.com")
    events = (*(answers(1.0 + n * 0.5) for n in range(80)), {**contact, "t": 2.3})
    script = Script(events=(listens(0.9), *events), requests={"/chat": times})
    world = World({**GOOD, "first-request": script})
    outcome = run({}, plan, world)["first-request"]
    assert outcome.verdict is verdict
    assert ("X-Key", dict(outcome.scenario.environment)["OPENAI_API_KEY"]) in world.requested[-1][2]


def test_a_port_variable_is_obeyed() -> None:
    plan = replace(PLAN, port_variable="PORT")
    assert run(GOOD, plan)["port"].verdict is Verdict.IGNORES_PORT
    obeying = Script(events=(listens(1.0, 18374), *(answers(1.1 + n * 0.5, port=18374) for n in range(20))))
    assert run({**GOOD, "port": obeying}, plan)["port"].verdict is Verdict.READY


def test_a_leaked_dummy_is_found() -> None:
    world = World(GOOD)

    def leaking(attempt: int) -> Script:
        return healthy(log=((1.0, f"settings: {secret}\n"),))

    secret = ""
    first = boot(GOOD, PLAN, world)
    assert first.baseline is not None
    assert first.baseline.observation is not None
    assert first.baseline.observation.leaks == ()
    seen: list[str] = []

    class Telling(World):
        def create(self, specification: Any) -> Any:
            key = dict(specification.environment).get("OPENAI_API_KEY", "")
            seen.append(key)
            self.scripts = {**GOOD, "baseline": healthy(log=((1.0, f"a line\nkey {key[:24]}...\n"),))}
            return super().create(specification)

    outcome = run({}, only("missing"), Telling(GOOD))["baseline"]
    assert outcome.observation is not None
    assert [(leak.variable, leak.place, leak.line) for leak in outcome.observation.leaks] == [
        ("OPENAI_API_KEY", "log", 2)
    ]


def test_the_total_budget_skips_what_is_left_and_passes_nothing() -> None:
    done = boot(GOOD, replace(PLAN, budgets=Budgets(total=5.0)))
    outcomes = {outcome.scenario.id: outcome for outcome in done.outcomes}
    assert done.problems == ("the time for the whole run is over (5 s)",)
    assert outcomes["baseline"].status is Status.PASS
    assert outcomes["second-boot"].status is Status.SKIPPED
    assert "time for the whole run" in outcomes["second-boot"].reason


def test_a_cancelled_run_passes_nothing_more() -> None:
    world = World(GOOD)
    world.cancel_after = 3.0
    outcomes = run({}, PLAN, world)
    assert {outcome.status for outcome in outcomes.values()} == {Status.SKIPPED}


def test_what_fails_because_the_run_ends_is_no_failure_of_the_engine() -> None:
    class Ending(World):
        def watch(self, name: str, network: Any, free: Any) -> Any:
            self.cancel_after = 0.0
            raise EngineError("The run was ended before the container that watches was ready")

    done = boot({}, PLAN, Ending(GOOD))
    assert {outcome.status for outcome in done.outcomes} == {Status.SKIPPED}
    assert done.problems == ()


def test_an_engine_that_goes_away_is_told() -> None:
    for error, rest in ((NoEngine("gone"), Status.SKIPPED), (EngineError("no space"), Status.PASS)):
        done = boot({**GOOD, "no-env": Script(breaks=error)})
        outcomes = {outcome.scenario.id: outcome for outcome in done.outcomes}
        assert outcomes["no-env"].verdict is Verdict.ENGINE_ERROR
        assert outcomes["second-boot"].status is rest
        assert done.problems == (f"no-env: {error}",)


def test_a_cold_baseline_is_made_again() -> None:
    done = boot({**GOOD, "baseline": lambda n: healthy(9.0 if not n else 2.0)})
    assert done.baseline is not None
    assert done.baseline.observation is not None
    assert done.baseline.observation.ready == pytest.approx(2.0)


def test_an_image_that_sets_a_variable_cannot_be_booted_without_it() -> None:
    world = World(GOOD)
    world.image_facts = replace(scripted.IMAGE, environment=(("STATUS_URL", "https://x"),))
    outcomes = run({}, PLAN, world)
    assert outcomes["missing:STATUS_URL"].status is Status.SKIPPED
    assert outcomes["empty:STATUS_URL"].status is Status.PASS


def test_companions_are_started_first() -> None:
    plan = replace(only("missing"), companions=(Companion("db", "postgres:16", port=5432),))
    companion = Script(events=(listens(-1.0, 5432),))
    world = World({**GOOD, "baseline-db": Script(events=(), end=(0.5, 3)), "": healthy()})
    outcomes = run({}, plan, world)
    assert outcomes["baseline"].status is Status.ERROR
    assert "The service db ended with code 3" in outcomes["baseline"].reason
    assert companion.events


def test_progress_is_told_by_one_thread_at_a_time() -> None:
    world = World(GOOD, replace(FACTS, cpus=4))
    told: list[tuple[str, object]] = []
    busy = threading.Lock()

    def progress(id: str, what: Observation | Outcome | None) -> None:
        assert busy.acquire(blocking=False)
        told.append((id, what))
        busy.release()

    done = matrix.run(PLAN, world, world, world.clock, progress)  # type: ignore[arg-type]
    assert {id for id, what in told if isinstance(what, Outcome)} == {o.scenario.id for o in done.outcomes}


def test_a_slow_store_must_be_named() -> None:
    plan = replace(PLAN, variables=(Variable("DATABASE_URL", Kind.URL, provider="postgresql"),), skip=("init",))
    names = {
        f"{family}-database_url": failing("KeyError: 'DATABASE_URL'") for family in ("missing", "empty", "invalid")
    }
    scripts = {"": healthy(), **names, "no-env": failing("KeyError: 'DATABASE_URL'")}
    silent = run({**scripts, "slow-dependency": Script()}, plan)["slow-dependency"]
    assert (silent.verdict, silent.status) == (Verdict.HANG, Status.FAIL)
    host = "database-url.aiaudit.invalid"
    told = Script(events=(asks_for(1.0, host),), log=((2.0, f"waiting for {host}\n"), (4.0, f"waiting for {host}\n")))
    assert run({**scripts, "slow-dependency": told}, plan)["slow-dependency"].verdict is Verdict.SURVIVED
    lazy = run(scripts, plan)["slow-dependency"]
    assert (lazy.verdict, lazy.status) == (Verdict.SURVIVED, Status.PASS)


def test_growth_extends_the_wait() -> None:
    baseline = run({**GOOD, "hardened": longer(healthy(21.5), growth=0.5)})["hardened"]
    assert baseline.status is Status.PASS
    assert run({**GOOD, "hardened": healthy(21.5)})["hardened"].status is Status.FAIL


def test_a_foreign_architecture_is_given_time() -> None:
    slow = {**GOOD, "baseline": healthy(150.0)}
    assert run(slow, only("missing"))["baseline"].status is Status.FAIL
    emulated = World(slow, replace(FACTS, architecture="aarch64"))
    assert run({}, only("missing"), emulated)["baseline"].status is Status.PASS


def test_being_asked_is_no_progress() -> None:
    busy = tuple((float(second), f"GET /health 503 {second}\n") for second in range(300))
    unready = Script(events=tuple(answers(1.0 + n, "/health", 503) for n in range(300)), log=busy, growth=0.5)
    seen = run({**GOOD, "baseline": unready}, only("missing"))["baseline"].observation
    assert seen is not None
    assert seen.extended == 0.0


def test_a_start_that_a_busy_machine_starves_is_no_silent_one() -> None:
    """It is waited for until it has had the processor time that the baseline took; a hang on an idle machine is one."""
    name = "missing-openai_api_key"
    ready = {**GOOD, "baseline": longer(healthy(), growth=1.0)}
    starved = {**ready, name: longer(healthy(150.0), growth=0.01)}
    busy = replace(FACTS, architecture="aarch64")
    plan = only("missing")
    found = run({}, plan, World(starved, busy))["missing:OPENAI_API_KEY"]
    assert found.verdict is Verdict.STARTED_WITHOUT_VAR
    silent = {**ready, name: Script(growth=0.01)}
    found = run({}, plan, World(silent, busy))["missing:OPENAI_API_KEY"]
    assert (found.verdict, found.status) == (Verdict.INCONCLUSIVE, Status.INCONCLUSIVE)
    assert "the machine gave it less time than the baseline took" in found.reason
    assert run(silent, plan)["missing:OPENAI_API_KEY"].verdict is Verdict.HANG
    assert run({}, plan, World({**ready, name: Script()}, busy))["missing:OPENAI_API_KEY"].verdict is Verdict.HANG
