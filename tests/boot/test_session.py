"""Sessions: what they let through, what ends them, and that they leave nothing."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from aiaudit.boot import sweep
from aiaudit.boot.engine import connect
from aiaudit.boot.journal import Journal, Owner, journal_folder, this_process
from aiaudit.boot.session import Session
from aiaudit.boot.world import EngineError, Specification
from tests.boot.fake_engine import FakeContainer, FakeEngine, Pause, Vanish

_DEAD = Owner(this_process().host, this_process().machine, os.getpid(), "1")  # our number, but an earlier process


def _specification(**asked: str) -> Specification:
    return Specification(**{"image": "app", "role": "target", "name": "target", **asked})  # type: ignore[arg-type]


def _left_by(fake: FakeEngine, owner: Owner, expires: float = 9e9, session: str = "5e5510", kept: bool = False) -> str:
    """A container that some session made, by its id."""
    fake.script("app")
    labels = sweep.labels_for(session, owner, expires, kept)
    made = connect(fake.address).api.create_container("app", name=sweep.container_name(session, "1-x"), labels=labels)
    return str(made["Id"])


def test_what_a_session_makes_goes_with_it(fake: FakeEngine) -> None:
    fake.script("app")
    fake.things["networks"] = [{"Id": "n", "Labels": {sweep.SESSION: "other"}}]
    with Session(connect(fake.address)) as session:
        session.create(_specification()).start()
        session.create(_specification())
        fake.things["volumes"] = [{"Name": "v", "Labels": dict(session.labels)}]
        fake.things["images"] = [{"Id": "i", "Labels": dict(session.labels)}]
        assert len(list(journal_folder().iterdir())) == 1
    assert (session.leftovers, fake.left) == (0, 1)  # the other's network
    assert list(journal_folder().iterdir()) == []


def test_a_container_is_noted_before_it_can_start(fake: FakeEngine) -> None:
    fake.script("app")
    with Session(connect(fake.address)) as session:
        container = session.create(_specification())
        head, noted = next(journal_folder().iterdir()).read_text().splitlines()
    assert (json.loads(head)["session"], json.loads(head)["address"]) == (session.id, fake.address)
    assert json.loads(noted) == {"container": container.id}


def test_everything_carries_who_made_it_and_until_when(fake: FakeEngine) -> None:
    fake.script("app")
    with Session(connect(fake.address), budget=100) as session:
        session.create(_specification())
        (made,) = fake.containers.values()
    labels = made.body["Labels"]
    assert labels["dev.aiaudit.session"] == session.id
    assert labels["dev.aiaudit.pid"] == str(os.getpid())
    assert 100 < int(labels["dev.aiaudit.expires"]) - time.time() < 1000
    assert made.name.startswith(f"aiaudit-{session.id[:12]}-1-target")


@pytest.mark.parametrize(("engine", "expected"), [("podman", b"nameserver 127.0.0.1\n"), ("docker", None)])
def test_podman_is_told_the_name_server_by_a_file(fake: FakeEngine, engine: str, expected: bytes | None) -> None:
    fake.script("app")
    with Session(connect(fake.address)) as session:
        session.facts = replace(session.facts, name=engine)
        holder = session.create(Specification("app", "watcher", "watcher", dns=("127.0.0.1",)))
        session.create(_specification(network=f"container:{holder.id}"))
        alone = session.create(_specification())
        written = [made.files.get("/etc/resolv.conf") for made in fake.containers.values() if made.id != alone.id]
        assert written == [expected, expected]
        assert "/etc/resolv.conf" not in fake.containers[alone.id].files
        asked = fake.containers[holder.id].body["HostConfig"]
    assert (asked["Dns"], asked["Sysctls"]) == (["127.0.0.1"], {"net.ipv4.ip_unprivileged_port_start": "0"})


def test_nothing_is_made_outside_of_a_session(fake: FakeEngine) -> None:
    fake.script("app")
    session = Session(connect(fake.address))
    with pytest.raises(EngineError, match="is not created"):
        session.create(_specification())
    with session:
        pass
    with pytest.raises(EngineError, match="is not created"):
        session.create(_specification())


@pytest.mark.parametrize("network", ["host", "bridge", "container:stranger"])
def test_no_network_but_none_and_that_of_an_own_container(network: str, fake: FakeEngine) -> None:
    fake.script("app")
    with Session(connect(fake.address)) as session:
        own = session.create(_specification())
        session.create(_specification(network=f"container:{own.id}"))
        with pytest.raises((EngineError, ValueError)):
            session.create(_specification(network=network))
        assert len(fake.containers) == 2


def test_a_missing_image_is_told_with_what_to_do(fake: FakeEngine) -> None:
    session = Session(connect(fake.address))
    with pytest.raises(EngineError, match=r"There is no image nowhere/app:1; .*docker pull nowhere/app:1"):
        session.image("nowhere/app:1")
    fake.script("team/app:1")
    assert session.image("team/app:1").ports == (8000,)


def test_kept_things_stay_for_good_and_are_counted(fake: FakeEngine) -> None:
    fake.script("app")
    with Session(connect(fake.address), keep=True) as session:
        session.create(_specification())
    assert (session.leftovers, fake.left) == (1, 1)
    with Session(connect(fake.address)):
        pass
    assert fake.left == 1


def test_what_cannot_be_removed_is_counted_and_found_by_the_next_run(
    fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "_APART", 0.0)
    fake.script("app")
    with Session(connect(fake.address)) as session:
        session.create(_specification())
        fake.answer("DELETE", "/containers", 500, "busy", times=99)
    assert session.leftovers == 1
    assert len(list(journal_folder().iterdir())) == 1


def test_an_engine_that_goes_away_ends_a_session_without_a_crash(fake: FakeEngine) -> None:
    fake.script("app", Pause(1), Vanish())
    with Session(connect(fake.address)) as session:
        session.create(_specification()).start()
        time.sleep(0.3)
    assert session.leftovers == 1
    assert len(list(journal_folder().iterdir())) == 1


def test_a_container_that_is_made_while_a_session_ends_is_removed(fake: FakeEngine) -> None:
    fake.script("app")
    made: list[str] = []

    def create() -> None:
        made.append(session.create(_specification()).id)

    with Session(connect(fake.address)) as session:
        fake.before("POST", "/containers/create", lambda _: time.sleep(0.3))
        thread = threading.Thread(target=create)
        thread.start()
        time.sleep(0.1)
    thread.join()
    assert len(made) == 1
    assert (session.leftovers, fake.left) == (0, 0)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_only_sets_a_mark_and_ends_waits(name: str, fake: FakeEngine) -> None:
    fake.script("app")
    number = getattr(signal, name)
    before = signal.signal(number, signal.default_int_handler)
    try:
        with Session(connect(fake.address)) as session:
            container = session.create(_specification())
            container.start()
            assert not session.cancelled
            threading.Timer(0.2, os.kill, (os.getpid(), number)).start()
            started = time.monotonic()
            assert container.exit(20) is None
            assert time.monotonic() - started < 5
            assert (session.cancelled, session.cancelled_by) == (True, name)
        assert signal.getsignal(number) is signal.default_int_handler
        assert fake.left == 0
    finally:
        signal.signal(number, before)


def test_an_ignored_signal_stays_ignored(fake: FakeEngine) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Session(connect(fake.address)) as session:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not session.cancelled
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_third_interrupt_acts_as_ever(fake: FakeEngine) -> None:
    def interrupt() -> None:
        os.kill(os.getpid(), signal.SIGINT)

    session = Session(connect(fake.address))
    with session:
        interrupt()
        interrupt()
        assert session.cancelled_by == "SIGINT"
        with pytest.raises(KeyboardInterrupt):
            interrupt()


def test_a_budget_ends_a_session(fake: FakeEngine) -> None:
    with Session(connect(fake.address), budget=0.05) as session:
        time.sleep(0.1)
        assert (session.cancelled, session.cancelled_by) == (True, "budget")


def test_another_thread_can_hold_a_session(fake: FakeEngine) -> None:
    left: list[int] = []

    def run() -> None:
        with Session(connect(fake.address)) as session:
            pass
        left.append(session.leftovers)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert left == [0]


def test_what_a_dead_process_left_is_removed(fake: FakeEngine) -> None:
    _left_by(fake, _DEAD)
    with Session(connect(fake.address)):
        assert fake.left == 0


def test_what_has_expired_is_removed_whoever_made_it(fake: FakeEngine) -> None:
    _left_by(fake, Owner("elsewhere", "other", 1, "1"), expires=time.time() - 1)
    with Session(connect(fake.address)):
        assert fake.left == 0


@pytest.mark.parametrize(
    "owner",
    [
        this_process(),
        Owner("elsewhere", this_process().machine, _DEAD.pid, "1"),
        Owner(_DEAD.host, "another start of the kernel", _DEAD.pid, "1"),
    ],
)
def test_what_may_belong_to_somebody_alive_is_left_alone(owner: Owner, fake: FakeEngine) -> None:
    _left_by(fake, owner)
    with Session(connect(fake.address)):
        assert fake.left == 1
    assert fake.left == 1


def test_what_was_kept_by_a_dead_process_is_left_alone(fake: FakeEngine) -> None:
    _left_by(fake, _DEAD, kept=True)
    Journal("5e5510", fake.address, _DEAD)
    with Session(connect(fake.address)):
        assert fake.left == 1


def test_labels_of_an_image_make_nobody_elses_container_or_image_ours(fake: FakeEngine) -> None:
    hostile = Owner(_DEAD.host, "guessed", _DEAD.pid, "1")
    labels = sweep.labels_for("5e5510", hostile, time.time() - 1, kept=False)
    fake.script("hostile", labels=labels)
    fake.things["images"] = [{"Id": "hostile", "Labels": labels}]
    connect(fake.address).api.create_container("hostile", name="somebodys")
    with Session(connect(fake.address)) as session:
        session.create(_specification(image="hostile"))
    assert fake.left == 2
    assert session.leftovers == 0


def test_an_image_of_a_process_of_this_machine_that_died_is_removed(fake: FakeEngine) -> None:
    fake.things["images"] = [{"Id": "built", "Labels": sweep.labels_for("5e5510", _DEAD, 9e9, kept=False)}]
    with Session(connect(fake.address)):
        assert fake.left == 0


def test_what_a_dead_process_was_making_is_waited_for(fake: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_APART", 0.3)
    Journal("5e5510", fake.address, _DEAD)
    fake.script("app")
    threading.Timer(0.15, _left_by, (fake, _DEAD)).start()
    with Session(connect(fake.address)):
        assert fake.left == 0
    assert ("POST", "/containers/create") in fake.requests


def test_another_engine_that_a_dead_process_used_is_swept_too(fake: FakeEngine, tmp_path: Path) -> None:
    with FakeEngine(Path(fake.address.removeprefix("unix://")).with_name("other")) as other:
        _left_by(other, _DEAD)
        Journal("5e5510", other.address, _DEAD)
        Journal("90e0", f"unix://{tmp_path}/nobody", _DEAD)
        with Session(connect(fake.address)):
            assert other.left == 0
        assert [path.stem for path in journal_folder().iterdir()] == ["90e0"]


def test_a_journal_that_was_cut_short_is_read_as_far_as_it_goes(fake: FakeEngine) -> None:
    Journal("5e5510", fake.address, _DEAD).add("one")
    path = next(journal_folder().iterdir())
    path.write_bytes(path.read_bytes() + b'{"contai')
    (journal_folder() / "torn.journal").write_bytes(b"{")
    with Session(connect(fake.address)):
        assert [found.stem for found in journal_folder().iterdir() if found != path] != []
    assert not path.exists()


def test_two_sessions_at_once_leave_each_other_alone(fake: FakeEngine) -> None:
    fake.script("app")
    with Session(connect(fake.address)) as first:
        mine = first.create(_specification())
        mine.start()
        with Session(connect(fake.address)) as second:
            second.create(_specification()).start()
        remaining: list[FakeContainer] = list(fake.containers.values())
        assert [container.id for container in remaining] == [mine.id]
    assert fake.left == 0
