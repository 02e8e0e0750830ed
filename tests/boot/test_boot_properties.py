"""Whatever a container does in whatever order, a start that must fail passes for one reason alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiaudit.boot import matrix
from aiaudit.boot.record import Outcome, Status
from tests.boot.scripted import Script, World, answers, asks_for, listens
from tests.boot.test_matrix import GOOD, PLAN, only

_SECONDS = st.floats(0, 40, allow_nan=False)
_EVENTS = st.one_of(
    st.builds(listens, _SECONDS, st.sampled_from((8000, 9000)), st.sampled_from(("0.0.0.0", "127.0.0.1"))),
    st.builds(
        answers, _SECONDS, st.sampled_from(("/health", "/", "/readyz")), st.sampled_from((0, 200, 404, 500, 503))
    ),
    st.builds(asks_for, _SECONDS, st.sampled_from(("db.example", "api.openai.com"))),
)
_LINES = st.sampled_from(
    (
        "Traceback (most recent call last):\n  File 'a.py', line 1\nKeyError: 'OPENAI_API_KEY'\n",
        "Traceback (most recent call last):\n  File 'a.py', line 1\nKeyError: 'STATUS_URL'\n",
        "ERROR: openai_api_key is required\n",
        "INFO ready to serve\n",
        "Loaded OPENAI_API_KEY=None\n",
        "connection refused\n",
    )
)
_SCRIPTS = st.builds(
    Script,
    events=st.lists(_EVENTS, max_size=8).map(lambda events: tuple(sorted(events, key=lambda event: event["t"]))),
    log=st.lists(st.tuples(_SECONDS, _LINES), max_size=5).map(lambda lines: tuple(sorted(lines))),
    end=st.none() | st.tuples(_SECONDS, st.sampled_from((0, 1, 3, 126, 127, 137))),
    oom=st.booleans(),
    stops=st.none() | st.just((0.2, 0)),
)


def _outcomes(scripts: dict[str, Any], plan: Any, world: World) -> dict[str, Outcome]:
    done = matrix.run(plan, world, world, world.clock, lambda id, what: None)  # type: ignore[arg-type]
    return {outcome.scenario.id: outcome for outcome in done.outcomes}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(_SCRIPTS)
def test_only_an_error_code_with_the_name_in_the_log_passes(script: Script) -> None:
    world = World({**GOOD, "missing-openai_api_key": script})
    outcome = _outcomes({}, only("missing"), world)["missing:OPENAI_API_KEY"]
    if outcome.status is not Status.PASS:
        return
    seen = outcome.observation
    assert seen is not None
    assert seen.exit is not None
    assert seen.exit.code != 0
    assert not seen.exit.oom
    assert seen.ready is None
    assert outcome.named is not None
    assert "openai_api_key" in seen.log.splitlines()[outcome.named.line - 1].lower()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(_SCRIPTS)
def test_without_a_ready_baseline_no_variable_is_judged(script: Script) -> None:
    world = World({**GOOD, "baseline": script})
    outcomes = _outcomes({}, PLAN, world)
    baseline = outcomes["baseline"].observation
    if baseline is not None and baseline.ready is not None and baseline.exit is None:
        return
    about = [outcome.status for outcome in outcomes.values() if outcome.scenario.changed]
    assert not {Status.PASS, Status.FAIL} & set(about)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.floats(0, 60), st.sampled_from(list(GOOD)))
def test_a_run_that_is_cancelled_or_loses_its_engine_passes_nothing_afterwards(seconds: float, broken: str) -> None:
    from aiaudit.boot.world import NoEngine

    world = World({**GOOD, broken: replace(Script(), breaks=NoEngine("gone"))})
    world.cancel_after = seconds
    for outcome in _outcomes({}, PLAN, world).values():
        if outcome.status is Status.PASS:
            assert outcome.observation is not None
        if outcome.observation is None:
            assert outcome.status in (Status.ERROR, Status.SKIPPED, Status.INCONCLUSIVE)
