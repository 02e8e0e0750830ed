"""Containers of a session, and what an engine may do in between."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator

import pytest

from aiaudit.boot.engine import connect
from aiaudit.boot.engine_container import EngineContainer
from aiaudit.boot.record import Exit
from aiaudit.boot.session import Session
from aiaudit.boot.world import EngineError, NoEngine, Process, Specification, Usage
from tests.boot.fake_engine import (
    ERRORS,
    CloseLog,
    CutLog,
    End,
    FakeEngine,
    GarbleLog,
    Pause,
    Say,
    Step,
    Vanish,
)

_FAILURE = (Pause(0.5), Say("Traceback\n", ERRORS), Say("KeyError: 'KEY'\n", ERRORS), Pause(0.5), End(3))


def _target(session: Session, **asked: object) -> EngineContainer:
    specification = Specification(**{"image": "app", "role": "target", "name": "target", **asked})  # type: ignore[arg-type]
    container = session.create(specification)
    assert isinstance(container, EngineContainer)
    return container


def _started(fake: FakeEngine, session: Session, *script: Step, **asked: object) -> EngineContainer:
    fake.script("app", *script)
    container = _target(session, **asked)
    container.start()
    return container


@pytest.fixture
def session(fake: FakeEngine) -> Iterator[Session]:
    """A session on the fake engine."""
    fake.script("app")
    with Session(connect(fake.address)) as running:
        yield running


def test_an_end_comes_with_code_time_and_the_whole_log(fake: FakeEngine, session: Session) -> None:
    container = _started(fake, session, *_FAILURE)
    assert container.exit() is None
    assert container.exit(5) == Exit(3, 1.0)
    assert container.log.text() == "Traceback\nKeyError: 'KEY'\n"
    assert not container.log.truncated


@pytest.mark.parametrize("waits", ["silent", "breaks", "late"])
def test_an_end_is_seen_though_the_wait_does_not_tell_it(waits: str, fake: FakeEngine, session: Session) -> None:
    fake.waits = waits
    assert _started(fake, session, *_FAILURE).exit(10) == Exit(3, 1.0)


@pytest.mark.parametrize("spoiled", [CutLog("line 4\n"), CloseLog(), GarbleLog()])
def test_a_log_that_breaks_off_is_read_on_from_where_it_was(spoiled: Step, fake: FakeEngine, session: Session) -> None:
    says = [Say(f"line {number}\n") for number in range(9)]
    missing = says[5:] if isinstance(spoiled, CutLog) else says[4:]
    container = _started(fake, session, *says[:4], spoiled, Pause(2), *missing, End(1))
    assert container.exit(5) == Exit(1, 2.0)
    assert container.log.text().splitlines() == [f"line {number}" for number in range(9)]
    assert not container.log.truncated


def test_an_end_between_a_look_and_the_log_loses_nothing(fake: FakeEngine, session: Session) -> None:
    fake.before("GET", "/logs", lambda container: fake.end(container, 7))
    container = _started(fake, session, Say("first\n"), CloseLog(), Say("last\n"))
    assert container.exit(5) == Exit(7, 0.0)
    assert container.log.text() == "first\nlast\n"


def test_a_log_that_cannot_be_read_on_is_told_to_be_incomplete(fake: FakeEngine, session: Session) -> None:
    fake.answer("GET", "/logs", 500)
    container = _started(fake, session, Say("first\n"), CutLog(), Say("second\n"), End(1))
    assert container.exit(5) == Exit(1, 0.0)
    assert container.log.text().startswith("first\n")
    assert container.log.truncated


def test_out_of_memory_is_told(fake: FakeEngine, session: Session) -> None:
    assert _started(fake, session, End(137, oom=True)).exit(5) == Exit(137, 0.0, oom=True)


def test_a_command_that_cannot_be_executed_is_an_end(fake: FakeEngine, session: Session) -> None:
    fake.start_error = (127, 'exec: "serve": executable file not found')
    assert _started(fake, session).exit() == Exit(127, 0.0, error='exec: "serve": executable file not found')


def test_another_error_of_the_start_is_an_error(fake: FakeEngine, session: Session) -> None:
    fake.answer("POST", "/start", 409, "cannot join network of a non running container")
    with pytest.raises(EngineError, match="did not start the container target: cannot join network"):
        _started(fake, session)


def test_a_second_start_has_its_own_end_and_goes_on_in_the_log(fake: FakeEngine, session: Session) -> None:
    container = _started(fake, session, Say("up\n"), Pause(1), End(0))
    assert container.exit(5) == Exit(0, 1.0)
    container.start()
    assert container.exit() is None
    assert container.exit(5) == Exit(0, 1.0)
    assert container.log.text() == "up\nup\n"


def test_what_is_seen_of_a_container_while_it_runs_and_after(fake: FakeEngine, session: Session) -> None:
    container = _started(fake, session)
    assert container.usage() == Usage(40_000_000, 60_000_000, 1.0, 3)
    assert container.processes()[1] == Process(4712, 4711, "Z", "[worker] <defunct>")
    assert container.catches("SIGTERM") is None  # the engine is on another machine
    assert container.changes() == ("/tmp", "/tmp/new")
    container.kill("SIGTERM")
    container.kill("SIGKILL")
    assert container.exit(5) == Exit(137, 0.0)
    assert (container.usage(), container.processes()) == (None, ())
    container.kill("SIGTERM")
    assert fake.containers[container.id].signals == ["SIGTERM", "SIGKILL"]


def test_input_and_lines(fake: FakeEngine, session: Session) -> None:
    said = (Say('{"a": 1}\n{"b"'), Say("noise\n", ERRORS), Say(": 2}\n"))
    container = _started(fake, session, *said, Pause(5), End(0), stdin=True)
    container.send(b"probe\n")
    assert container.exit(5)
    assert fake.containers[container.id].input == b"probe\n"
    assert list(container.lines()) == ['{"a": 1}', '{"b": 2}']
    assert list(container.lines()) == []


def test_input_of_a_container_that_has_ended_is_an_error(fake: FakeEngine, session: Session) -> None:
    container = _started(fake, session, End(0), stdin=True)
    assert container.exit(5)
    with pytest.raises(EngineError, match="takes no input"):
        container.send(b"probe\n")


def test_files_are_put_and_read(fake: FakeEngine, session: Session) -> None:
    fake.script("app")
    container = _target(session, files={"/etc/probe": b"program"})
    assert container.read("/etc/probe", 100) == b"program"
    assert container.read("/etc/probe", 4) == b"prog"
    assert container.read("/etc/none", 100) == b""


def test_an_archive_that_is_none_or_holds_no_file_is_empty(fake: FakeEngine, session: Session) -> None:
    link = io.BytesIO()
    with tarfile.open(fileobj=link, mode="w") as archive:
        member = tarfile.TarInfo("secret")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/shadow"
        archive.addfile(member)
    container = _target(session)
    answers = {"/link": link.getvalue(), "/torn": link.getvalue()[:100], "/none": b"?" * 999}
    fake.containers[container.id].archives = answers
    assert [container.read(path, 100) for path in answers] == [b"", b"", b""]


@pytest.mark.parametrize("status", [404, 409])
def test_a_container_that_is_gone_or_being_removed_is_removed(status: int, fake: FakeEngine, session: Session) -> None:
    container = _started(fake, session)
    fake.answer("DELETE", "/containers", status)
    container.remove()
    container.remove()
    container.remove()
    assert fake.left == 0


def test_a_removal_that_fails_is_an_error(fake: FakeEngine, session: Session) -> None:
    container = _started(fake, session)
    fake.answer("DELETE", "/containers", 500, "device or resource busy")
    with pytest.raises(EngineError, match="did not remove the container target: device or resource busy"):
        container.remove()


def test_an_engine_that_goes_away_is_told_apart_from_an_end(fake: FakeEngine, session: Session) -> None:
    container = _started(fake, session, Say("up\n"), Pause(1), Vanish())
    with pytest.raises(NoEngine, match="went away when asked to tell the state of the container target"):
        container.exit(10)
