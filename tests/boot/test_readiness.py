"""The state machine of readiness, and how long is waited."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiaudit.boot.readiness import Growth, Level, Readiness, advance, fail_budget, patience, ready_budget
from aiaudit.boot.record import Budgets
from tests.boot.scripted import answers, listens


def after(*events: dict[str, Any], health: tuple[str, ...] = ("/health",), **more: Any) -> Readiness:
    state = Readiness(health, **more)
    for event in events:
        state = advance(state, event)
    return state


def tick(t: float) -> dict[str, Any]:
    return {"event": "tick", "t": t}


def test_every_level_is_reached_in_order() -> None:
    steps: list[tuple[dict[str, Any], Level]] = [
        ({"event": "start", "t": 0.0}, Level.RUNNING),
        (listens(0.5), Level.LISTENING),
        (answers(1.0, "/health", 503), Level.RESPONDING),
        (answers(1.5, "/", 404), Level.SERVING),
        (answers(2.0), Level.READY),
        (answers(3.0), Level.READY),
        (answers(5.1), Level.STABLE),
        ({"event": "exit", "t": 6.0}, Level.EXITED),
        (answers(7.0), Level.EXITED),
    ]
    state = Readiness(("/health",))
    assert state.level is Level.CREATED
    for event, level in steps:
        state = advance(state, event)
        assert state.level is level
    assert (state.serving, state.ready, state.ready_path, state.port) == (1.5, 2.0, "/health", 8000)


def test_a_connection_or_an_error_is_never_ready() -> None:
    state = after(listens(0.1), answers(0.2, status=0), answers(0.3, status=500), answers(0.4, status=503), tick(9.0))
    assert (state.level, state.ready) == (Level.RESPONDING, None)


def test_readiness_says_more_than_life() -> None:
    paths = ("/live", "/ready")
    state = after(answers(1.0, "/live"), answers(1.1, "/ready", 503), tick(9.0), health=paths)
    assert state.ready is None
    assert advance(state, answers(9.5, "/ready")).ready == 9.5


def test_a_route_that_the_service_does_not_have_is_no_health_route() -> None:
    state = after(answers(1.0, "/health", 404), answers(1.1, "/healthz", 200))
    assert (state.ready, state.ready_path, state.assumed) == (1.1, "/healthz", False)


def test_without_a_health_route_serving_is_assumed_to_be_ready() -> None:
    served = after(answers(1.0, "/", 404), answers(1.0, "/openapi.json", 200), health=())
    assert served.ready is None
    state = advance(served, tick(2.1))
    assert (state.ready, state.assumed) == (1.0, True)
    waiting = after(answers(1.0, "/", 404), answers(1.1, "/readyz", 503), tick(5.0), health=())
    assert waiting.ready is None


def test_failures_break_the_row() -> None:
    row = (answers(1.0), answers(2.0), answers(3.0, status=500), answers(4.1), answers(4.2))
    assert not after(*row).stable
    assert after(*row, answers(4.3)).stable


def test_other_ports_and_requests_of_ours_do_not_count() -> None:
    state = after(
        listens(0.1, 5432), answers(0.2, port=5432), {**answers(0.3), "request": True}, left_out=frozenset({5432})
    )
    assert (state.listeners, state.ready) == ((), None)


_ANSWERS = st.builds(
    answers, st.floats(0, 60), st.sampled_from(("/health", "/", "/ping")), st.sampled_from((0, 500, 503))
)


@given(st.lists(_ANSWERS | st.builds(listens, st.floats(0, 60)) | st.builds(tick, st.floats(0, 60)), max_size=20))
def test_no_order_of_failures_is_ready(events: list[dict[str, Any]]) -> None:
    state = after(*events)
    assert state.ready is None
    assert state.serving is None


@pytest.mark.parametrize(("ready", "fail"), [(None, 30.0), (1.0, 15.0), (10.0, 25.0), (40.0, 60.0)])
def test_the_time_to_fail_follows_the_baseline(ready: float | None, fail: float) -> None:
    assert fail_budget(Budgets(), ready) == fail
    assert fail_budget(Budgets(fail=7.0), ready) == 7.0


def test_the_time_to_get_ready_follows_the_baseline() -> None:
    assert ready_budget(Budgets(), None) == 120.0
    assert ready_budget(Budgets(), 2.0) == 20.0
    assert ready_budget(Budgets(), 20.0) == 70.0
    assert ready_budget(Budgets(ready=30.0), 20.0) == 30.0
    assert ready_budget(Budgets(), None, 3.0) == 360.0


def test_growth_moves_the_deadline_up_to_its_cap() -> None:
    waiting = patience(20.0)
    idle, busy = Growth(15.0, 1.0, 100, 10), Growth(18.0, 2.0, 100, 10)
    assert waiting.with_growth(Growth(10.0, 9.0, 0, 0), Growth(7.0, 0.0, 0, 0)) == waiting
    assert waiting.with_growth(Growth(18.0, 1.0, 100, 10), idle) == waiting
    assert waiting.with_growth(busy, idle).deadline == 21.0
    assert waiting.with_growth(Growth(29.0, 9.0, 100, 10), busy).deadline == 30.0
    assert waiting.with_growth(busy, idle).extended == 1.0


def test_a_start_that_others_keep_from_the_processor_is_waited_for() -> None:
    """Until it has had the time that the baseline took: then it must get on as any other."""
    waiting = patience(20.0, needs=4.0, slowness=2.0)
    idle, slow = Growth(20.0, 1.0, 100, 10), Growth(26.0, 1.1, 100, 10)
    assert not slow.is_more_than(idle)
    assert waiting.is_starved(slow, idle)
    assert waiting.with_growth(slow, idle).deadline == 32.0
    assert waiting.with_growth(Growth(79.0, 1.2, 100, 10), Growth(73.0, 1.1, 100, 10)).deadline == 80.0
    assert not waiting.is_starved(slow, replace(slow, seconds=20.0))
    assert not waiting.is_starved(replace(slow, cpu=4.1), replace(idle, cpu=4.0))
    assert patience(20.0).with_growth(slow, idle).deadline == 20.0
