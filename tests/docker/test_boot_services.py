"""The reference services, booted: the golden one passes everything, the leaky one gets what its defects deserve."""

from __future__ import annotations

import os
from concurrent.futures import Future

import pytest

from aiaudit.boot.record import Status, Verdict
from tests.docker.base_images import build_arguments
from tests.docker.boots import Booted, boot_folder, build
from tests.docker.engine import Engine
from tests.services.environment import GOLDEN

_REQUIRED = {"OPENAI_API_KEY", "SERVICE_API_KEY", "STATUS_URL"}
_FAIL_FAST = ("missing", "empty", "invalid", "no-env")
_MATRIX_SECONDS = 60.0


@pytest.fixture(scope="module")
def golden(engine: Engine, address: None) -> Booted:
    """The whole matrix of the golden service."""
    build(engine, GOLDEN, "aiaudit-tests/golden", *build_arguments())
    return boot_folder(GOLDEN, "aiaudit-tests/golden")


@pytest.fixture(scope="module")
def leaky(leaky_begun: Future[Booted]) -> Booted:
    """The whole matrix of the leaky service."""
    return leaky_begun.result()


def test_the_golden_service_passes_everything(golden: Booted) -> None:
    told = {
        outcome.scenario.id: f"{outcome.verdict.value}: {outcome.reason}"
        for outcome in golden.boot.outcomes
        if outcome.status is not Status.PASS and not outcome.reason.endswith("the machine is busy")
    }
    assert told == {}
    assert (golden.findings, golden.boot.problems, golden.boot.leftovers) == ([], (), 0)


def test_it_gets_ready_by_its_own_health_route(golden: Booted) -> None:
    seen = golden.outcome("baseline").observation
    assert seen is not None
    assert (seen.ready_path, seen.assumed, seen.stable) == ("/health/ready", False, True)


def test_it_fails_fast_and_names_each_required_setting(golden: Booted) -> None:
    missing = {outcome.scenario.changed: outcome for outcome in golden.boot.of("missing")}
    assert set(missing) == _REQUIRED
    assert all(outcome.named is not None for outcome in missing.values())
    found = {outcome.verdict for family in _FAIL_FAST for outcome in golden.boot.of(family)}
    assert found == {Verdict.FAILED_FAST}


def test_it_stops_cleanly_also_with_an_open_stream(golden: Booted) -> None:
    assert golden.outcome("stop").verdict is Verdict.STOPPED
    stopped = golden.outcome("stop-stream")
    assert stopped.observation is not None
    assert stopped.observation.stop is not None
    assert (stopped.verdict, stopped.observation.stop.code) == (Verdict.STOPPED, 0)
    assert stopped.observation.stop.stream != ""


def test_it_runs_hardened_and_in_the_memory_that_its_compose_file_declares(golden: Booted) -> None:
    hardened, memory = golden.outcome("hardened"), golden.outcome("memory")
    assert (hardened.scenario.read_only, hardened.scenario.user) == (True, "65532:65532")
    assert memory.scenario.memory == 512 << 20
    assert {hardened.verdict, memory.verdict} == {Verdict.READY}
    assert hardened.observation is not None
    assert hardened.observation.denied == ()


def test_it_contacts_nobody_but_the_api_that_a_setting_names(golden: Booted) -> None:
    contacts = {
        contact.host
        for outcome in golden.boot.outcomes
        if outcome.observation is not None
        for contact in outcome.observation.contacts
    }
    assert contacts == set()


def test_its_whole_matrix_takes_less_than_a_minute(golden: Booted) -> None:
    busy = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
    assert golden.boot.seconds < _MATRIX_SECONDS * busy


def test_the_leaky_service_gets_the_findings_it_deserves(leaky: Booted) -> None:
    """It starts without any of what it needs, asks a host that no setting names, and loads its model in a request."""
    told = {outcome.scenario.id: f"{outcome.verdict.value}: {outcome.reason}" for outcome in leaky.boot.outcomes}
    assert leaky.findings == [
        ("Dockerfile", 16, "downloads-at-startup"),
        ("app/agents/agent.py", 26, "starts-without-required-setting"),
        ("app/api/chat.py", 19, "first-request-initialises"),
        ("app/core/config.py", 11, "starts-without-required-setting"),
        ("app/core/config.py", 15, "starts-without-required-setting"),
        ("app/core/config.py", 16, "starts-without-required-setting"),
    ], told
    assert (leaky.boot.problems, leaky.boot.leftovers) == ((), 0)


def test_what_the_leaky_service_does_well_is_no_finding(leaky: Booted) -> None:
    """Its server is the first process, and it writes nothing."""
    assert leaky.outcome("stop").verdict is Verdict.STOPPED
    assert leaky.outcome("hardened").verdict is Verdict.READY
