"""Finding an engine, and what it says of itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from aiaudit.boot import engine
from aiaudit.boot.engine import address_of, asking, connect
from aiaudit.boot.engine_facts import engine_facts, image_facts
from aiaudit.boot.record import EngineFacts
from aiaudit.boot.world import EngineError, NoEngine
from tests.boot.fake_engine import FakeEngine
from tests.support import write_tree

_NAMED = ("DOCKER_HOST", "CONTAINER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")


@pytest.fixture(autouse=True)
def _nothing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in _NAMED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setattr(engine, "usual_sockets", lambda: (str(tmp_path / "usual"),))


def _context(folder: Path, address: str) -> None:
    """A docker context `team` with that endpoint, chosen as the current one."""
    meta = {"Name": "team", "Metadata": {}, "Endpoints": {"docker": {"Host": address, "SkipTLSVerify": False}}}
    digest = sha256(b"team").hexdigest()
    files = {
        "config.json": json.dumps({"currentContext": "team"}),
        f"contexts/meta/{digest}/meta.json": json.dumps(meta),
    }
    write_tree(folder / "docker", dict(files))


def test_the_address_that_is_given(fake: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    assert address_of(connect(fake.address)) == fake.address


@pytest.mark.parametrize("name", ["DOCKER_HOST", "CONTAINER_HOST"])
def test_the_address_of_the_environment(name: str, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, fake.address)
    assert address_of(connect()) == fake.address


def test_the_endpoint_of_the_current_context(fake: FakeEngine, tmp_path: Path) -> None:
    _context(tmp_path, fake.address)
    assert address_of(connect()) == fake.address


def test_the_context_that_the_environment_chooses(
    fake: FakeEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _context(tmp_path, fake.address)
    (tmp_path / "docker" / "config.json").write_text("{}")
    monkeypatch.setenv("DOCKER_CONTEXT", "team")
    assert address_of(connect()) == fake.address


def test_a_socket_at_a_usual_place(fake: FakeEngine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dead = tmp_path / "dead"
    dead.touch()
    places = ("/nowhere", str(dead), fake.address.removeprefix("unix://"))
    monkeypatch.setattr(engine, "usual_sockets", lambda: places)
    assert address_of(connect()) == fake.address


def test_usual_places_hold_podman_and_engines_without_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    found = engine.usual_sockets()
    assert found[0] == "/var/run/docker.sock"
    assert {"/run/user/7/docker.sock", "/run/user/7/podman/podman.sock", "/run/podman/podman.sock"} <= set(found)


def test_no_engine_at_all_is_told_with_how_to_get_one() -> None:
    with pytest.raises(
        NoEngine, match=r"nothing listens at the usual places.*docs.docker.com.*podman.socket.*DOCKER_HOST"
    ):
        connect()


def _environment(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")


def _context_of_nobody(_: pytest.MonkeyPatch, folder: Path) -> None:
    _context(folder, "unix:///nowhere")


def _missing_context(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "gone")


def _broken_context(_: pytest.MonkeyPatch, folder: Path) -> None:
    _context(folder, "")
    next((folder / "docker" / "contexts" / "meta").rglob("meta.json")).write_text("{")


def _strange_address(monkeypatch: pytest.MonkeyPatch, _: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "carrier-pigeon://x")


def _no_certificates(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(folder))


@pytest.mark.parametrize(
    ("named", "message"),
    [
        (_environment, r"DOCKER_HOST unix:///nowhere: no such file or directory"),
        (_context_of_nobody, r"the docker context team unix:///nowhere: no such file"),
        (_missing_context, r"the docker context gone names no engine"),
        (_broken_context, r"the docker context team cannot be read"),
        (_strange_address, r"DOCKER_HOST carrier-pigeon://x: "),
        (_no_certificates, r"TLS"),
    ],
)
def test_an_engine_that_was_named_is_not_replaced_by_another(
    named: Callable[[pytest.MonkeyPatch, Path], None],
    message: str,
    fake: FakeEngine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(engine, "usual_sockets", lambda: (fake.address.removeprefix("unix://"),))
    named(monkeypatch, tmp_path)
    with pytest.raises(NoEngine, match=message):
        connect()


def test_what_is_no_engine_is_told(tmp_path: Path, fake: FakeEngine) -> None:
    fake.answer("GET", "/version", 500, "panic", times=9)
    with pytest.raises(NoEngine, match="500"):
        connect(fake.address)


def test_an_answer_that_cannot_be_read_is_no_end_of_the_engine(fake: FakeEngine) -> None:
    fake.raw["/info"] = b"<html>"
    with pytest.raises(EngineError, match="did not describe itself: its answer cannot be read"):
        engine_facts(connect(fake.address))


def test_docker_and_what_it_can_limit(fake: FakeEngine) -> None:
    fake.info |= {"MemoryLimit": True, "SwapLimit": False, "NCPU": 8, "MemTotal": 10, "CgroupVersion": "1"}
    expected = EngineFacts("docker", "20.10.0", "x86_64", "overlay2", cpus=8, memory=10, unlimited=("swap",))
    assert engine_facts(connect(fake.address)) == expected


def test_docker_without_root(fake: FakeEngine) -> None:
    fake.info |= {"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"], "CgroupVersion": "2"}
    found = engine_facts(connect(fake.address))
    assert (found.rootless, found.unlimited) == (True, ())


def test_podman_without_root_on_the_first_control_groups_limits_nothing(fake: FakeEngine) -> None:
    fake.version["Components"] = [{"Name": "Podman Engine"}, {"Name": "Conmon"}]
    fake.info |= {"Rootless": True, "CgroupVersion": "1", "MemoryLimit": True}
    found = engine_facts(connect(fake.address))
    assert (found.name, found.rootless) == ("podman", True)
    assert found.unlimited == ("memory", "swap", "cpu", "processes")


def test_an_image(fake: FakeEngine) -> None:
    fake.script("app:1")
    fake.images["app:1"]["Config"] = {
        "Entrypoint": ["/start"],
        "Cmd": None,
        "Env": ["A=b=c", "EMPTY="],
        "User": "app",
        "WorkingDir": "/srv",
        "ExposedPorts": {"9000/tcp": {}, "53/udp": {}, "80": {}},
        "Healthcheck": {"Test": ["CMD-SHELL", "curl -f localhost"]},
        "StopSignal": "SIGQUIT",
    }
    found = image_facts(connect(fake.address), "app:1")
    assert (found.id, found.tags, found.size) == ("sha256:app:1", ("app:1",), 1)
    assert (found.entrypoint, found.command) == (("/start",), ())
    assert found.environment == (("A", "b=c"), ("EMPTY", ""))
    assert (found.user, found.folder, found.ports) == ("app", "/srv", (80, 9000))
    assert (found.health, found.stop_signal) == (("CMD-SHELL", "curl -f localhost"), "SIGQUIT")


def test_an_error_of_the_engine_is_one_message(fake: FakeEngine) -> None:
    client = connect(fake.address)
    fake.answer("GET", "/info", 500, "panic: out of disk")
    with pytest.raises(EngineError, match=r"^The engine did not look: panic: out of disk$"), asking("look"):
        client.api.info()


def test_an_engine_that_went_away_is_told_with_what_to_do(fake: FakeEngine) -> None:
    client = connect(fake.address)
    fake.vanish()
    with pytest.raises(NoEngine, match=r"went away when asked to look.*Start Docker"), asking("look"):
        client.api.info()
