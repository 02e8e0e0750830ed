"""Every fixture of booting gets the verdicts and findings it expects, from a real engine.

Several are booted at a time, beside the tests that look at them: most of a boot is waiting. What was seen is written to
`RECORD`, which `scripts/boot_verdicts.py` makes the documentation of.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.boot_fixtures import RECORD, Twin, twins
from tests.docker.boots import Booted, boot_folder, build, build_base
from tests.docker.engine import Engine
from tests.support import expected_in

_TWINS = {twin.id: twin for twin in twins()}
_AT_A_TIME = 8
# Verdicts that take a wait until its end; most of it the processor is idle.
_WAITED_FOR = frozenset(
    ("HANG", "HANG_AFTER_FATAL_LOG", "NOT_READY_5XX", "LISTENING_NOT_SERVING", "WAITING_FOR", "CRASH_LOOP_INSIDE",
     "IGNORES_STOP", "STREAM_BLOCKS_STOP")
)  # fmt: skip

Boots = Callable[[Twin], Booted]


@pytest.fixture(scope="module")
def boots(engine: Engine, address: None, request: pytest.FixtureRequest) -> Iterator[Boots]:
    """Gives the boot of a twin; those of all the tests to come are under way."""
    build_base(engine)
    begun: dict[str, Future[Booted]] = {}
    with ThreadPoolExecutor(_AT_A_TIME) as pool:

        def begin(twin: Twin) -> Future[Booted]:
            return begun.setdefault(twin.id, pool.submit(_boot, engine, twin))

        for twin in _mixed(list(_to_come(request))):
            begin(twin)
        if any("leaky_begun" in item.fixturenames for item in _functions(request)):
            request.getfixturevalue("leaky_begun")
        yield lambda twin: (begun.get(twin.id) or begin(twin)).result()
        for future in begun.values():
            future.cancel()


@pytest.mark.parametrize("twin", _TWINS.values(), ids=_TWINS)
def test_a_twin_gets_what_it_expects(twin: Twin, boots: Boots) -> None:
    booted = boots(twin)
    _write_down(twin, booted)
    told = {id: f"{booted.outcome(id).verdict.value} ({booted.outcome(id).reason})" for id in twin.verdicts}
    assert {id: booted.outcome(id).verdict.value for id in twin.verdicts} == twin.verdicts, told
    assert booted.findings == expected_in(twin.folder), told
    assert {name: _seen(booted, name) for name in twin.seen} == twin.seen
    assert (booted.boot.problems, booted.boot.leftovers) == ((), 0)


def _boot(engine: Engine, twin: Twin) -> Booted:
    build(engine, twin.folder, twin.tag)
    return boot_folder(twin.folder, twin.tag, tuple(twin.verdicts))


def _to_come(request: pytest.FixtureRequest) -> Iterator[Twin]:
    """The twins that this process is going to look at; the processes of pytest-xdist do not know beforehand."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return
    for item in _functions(request):
        if item.path == request.path:
            twin = item.callspec.params["twin"]
            assert isinstance(twin, Twin)
            yield twin


def _mixed(twins: list[Twin]) -> Iterator[Twin]:
    """One that is waited for, two that work, and so on: none of the long waits is left for the end."""
    waits = [twin for twin in twins if not _WAITED_FOR.isdisjoint(twin.verdicts.values())]
    works = [twin for twin in twins if twin not in waits]
    for number, twin in enumerate(works):
        yield from waits[number // 2 : number // 2 + 1] if number % 2 == 0 else ()
        yield twin
    yield from waits[(len(works) + 1) // 2 :]


def _functions(request: pytest.FixtureRequest) -> Iterator[pytest.Function]:
    """The tests of this run."""
    return (item for item in request.session.items if isinstance(item, pytest.Function))


def _seen(booted: Booted, name: str) -> object:
    """What else the baseline shows."""
    seen = booted.outcome("baseline").observation
    assert seen is not None
    return {"zombies": seen.zombies > 0, "contacts": sorted({contact.host for contact in seen.contacts})}[name]


def _write_down(twin: Twin, booted: Booted) -> None:
    """Put what was seen of a twin in the place of what was seen before."""
    known = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    known[twin.id] = {id: [booted.outcome(id).verdict.value, booted.outcome(id).reason] for id in twin.verdicts}
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(known, indent=1), "utf-8")
