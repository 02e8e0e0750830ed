"""Sessions and containers on a real engine: isolation as the engine sees it, and nothing left, however a run ends."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aiaudit.boot import sweep
from aiaudit.boot.engine import connect
from aiaudit.boot.engine_container import EngineContainer
from aiaudit.boot.record import Exit
from aiaudit.boot.session import Session
from aiaudit.boot.world import EngineError, Specification
from tests.docker.engine import Engine

IMAGE = "python:3.11-slim-bookworm"
_ENDLESS = Path(__file__).with_name("endless_session.py")


@pytest.fixture
def session(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A session with a cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with Session(connect(engine.address or None)) as running:
        yield running
    assert running.leftovers == 0


def _python(session: Session, program: str, **asked: Any) -> EngineContainer:
    """A started container that runs a program."""
    asked = {"role": "target", "name": "target", "command": ("python3", "-uc", program), **asked}
    container = session.create(Specification(image=IMAGE, **asked))
    assert isinstance(container, EngineContainer)
    container.start()
    return container


def _inspected(session: Session, container: EngineContainer) -> dict[str, Any]:
    found: dict[str, Any] = session.client.api.inspect_container(container.id)
    return found


def _needs_docker_with_limits(session: Session) -> None:
    """Skip what podman spells in its own way, and what an engine without limits cannot show."""
    if session.facts.name != "docker" or session.facts.unlimited:
        pytest.skip(f"THIS ENGINE IS NO DOCKER WITH ALL LIMITS: {session.facts}")


def test_every_flag_of_the_profile_reaches_the_engine(session: Session) -> None:
    _needs_docker_with_limits(session)
    container = _python(session, "", memory=3 * 1024**3, stdin=True, user="1000:1000")
    found = _inspected(session, container)
    settings = found["HostConfig"]
    assert settings["CapDrop"] == ["ALL"]
    assert settings["CapAdd"] is None
    assert settings["SecurityOpt"] == ["no-new-privileges:true"]
    assert settings["Memory"] == settings["MemorySwap"] == 2 * 1024**3
    assert (settings["NanoCpus"], settings["PidsLimit"]) == ((session.facts.cpus >= 2 and 2 * 10**9) or 10**9, 256)
    assert settings["Ulimits"] == [{"Name": "nofile", "Soft": 1024, "Hard": 1024}]
    assert settings["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "8m", "max-file": "1"}}
    assert settings["RestartPolicy"]["Name"] == "no"
    assert (settings["IpcMode"], settings["NetworkMode"], settings["UsernsMode"]) == ("private", "none", "")
    assert (settings["OomScoreAdj"], settings["Privileged"], settings["AutoRemove"]) == (500, False, False)
    assert not settings["Binds"]
    assert not settings["PortBindings"]
    assert not settings["PublishAllPorts"]
    assert not settings["Devices"]
    assert not settings.get("Tmpfs")
    assert (settings["ReadonlyRootfs"], settings["PidMode"], found["Mounts"]) == (False, "", [])
    assert found["Config"]["Labels"] | session.labels == found["Config"]["Labels"]
    assert (found["Config"]["Tty"], found["Config"]["User"]) == (False, "1000:1000")


def test_a_read_only_root_has_a_temporary_folder_where_programs_run(session: Session) -> None:
    program = """
import os, subprocess
open('/tmp/x', 'w').write('#!/bin/sh\\necho ran')
os.chmod('/tmp/x', 0o755)
print(subprocess.run(['/tmp/x'], capture_output=True).stdout)
open('/x', 'w')
"""
    container = _python(session, program, read_only=True, user="65532:65532")
    temporary = _inspected(session, container)["HostConfig"]["Tmpfs"]["/tmp"]
    assert {"rw", "exec", "nosuid", "nodev", "size=256m"} <= set(temporary.split(","))
    assert container.exit(30) == Exit(1, container.exit().seconds)  # type: ignore[union-attr]
    assert "b'ran\\n'" in container.log.text()
    assert "Read-only file system: '/x'" in container.log.text()


def test_inside_there_are_no_capabilities_no_network_and_no_environment_of_ours(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"proxies": {"default": {"httpProxy": "http://secret@proxy"}}}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("SECRET_OF_THE_USER", "secret")
    program = """
import os, re, socket
status = open('/proc/self/status').read()
print(re.findall(r'(CapEff|CapBnd|NoNewPrivs):\\s*(\\w+)', status))
print([name for _, name in socket.if_nameindex() if name not in ('tunl0', 'sit0', 'gre0', 'gretap0', 'erspan0')])
print(sorted(os.environ))
"""
    session.client.api.reload_config()
    container = _python(session, program, environment=(("ONLY", "this"),))
    assert container.exit(30)
    capabilities, networks, names = container.log.text().splitlines()
    assert capabilities == str([("CapEff", "0" * 16), ("CapBnd", "0" * 16), ("NoNewPrivs", "1")])
    assert "eth" not in networks
    own = {name for name, _ in session.image(IMAGE).environment}
    assert set(json.loads(names.replace("'", '"'))) - {"container", "TERM"} == own | {"ONLY", "HOME", "HOSTNAME"}


def test_the_engines_default_capabilities_only_when_asked_for(session: Session) -> None:
    program = "print(open('/proc/self/status').read().split('CapEff:')[1].split()[0])"
    container = _python(session, program, default_capabilities=True)
    assert container.exit(30)
    assert int(container.log.text(), 16) > 0


def test_a_container_that_takes_too_much_memory_is_killed(session: Session) -> None:
    _needs_docker_with_limits(session)
    container = _python(session, "print('up'); x = bytearray(200 * 1024**2)", memory=64 * 1024**2)
    end = container.exit(30)
    assert end is not None
    assert (end.code, end.oom) == (137, True)


def test_what_is_seen_of_a_container(session: Session) -> None:
    program = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(4))
open('/tmp/written', 'w').write('x' * 100)
child = subprocess.Popen(['true'])
print('ready', file=sys.stderr)
signal.pause()
"""
    container = _python(session, program, files={"/given/file": b"given"})
    _wait_for(lambda: "ready" in container.log.text())
    if session.facts.is_local and not session.facts.unlimited:
        usage = container.usage()
        assert usage is not None
        assert 1024**2 < usage.memory <= usage.peak < 100 * 1024**2
        _wait_for(lambda: len(container.processes()) > 1)
        main, child = container.processes()
        assert main.command.startswith("python3 -uc")
        assert (child.parent, child.state) == (main.pid, "Z")
        assert [container.catches(name) for name in ("SIGTERM", "SIGINT", "SIGUSR1")] == [True, True, False]
    assert container.read("/given/file", 100) == b"given"
    assert container.read("/tmp/written", 10) == b"x" * 10
    assert {"/tmp/written", "/given/file"} <= set(container.changes())
    container.kill("SIGTERM")
    end = container.exit(30)
    assert end is not None
    assert end.code == 4
    assert container.read("/tmp/written", 10) == b"x" * 10


def test_a_process_that_only_waits_for_its_signals_handles_them(session: Session) -> None:
    if not session.facts.is_local or session.facts.unlimited:
        pytest.skip("NOTHING READ FROM /proc: the engine is elsewhere, or without control groups of its own")
    first = session.create(Specification(IMAGE, "target", "init", command=("sleep", "60"), init=True))
    shell = session.create(Specification(IMAGE, "target", "shell", command=("sh", "-c", "sleep 60; true")))
    first.start()
    shell.start()
    _wait_for(lambda: len(first.processes()) == 2 and len(shell.processes()) == 2)
    assert (first.catches("SIGTERM"), shell.catches("SIGTERM")) == (True, False)


@pytest.mark.parametrize(("command", "code"), [(("no-such-program",), 127), (("/etc",), 126)])
def test_a_command_that_cannot_be_executed(command: tuple[str, ...], code: int, session: Session) -> None:
    container = session.create(Specification(IMAGE, "target", "bad", command=command))
    container.start()
    end = container.exit()
    assert end is not None
    assert (end.code, "exec" in end.error) == (code, True)


def test_a_flood_of_output_keeps_its_first_and_last_bytes(session: Session) -> None:
    program = "import sys\nprint('first')\nfor _ in range(12 * 64): print('x' * 16383)\nprint('last')"
    container = _python(session, program)
    assert container.exit(60)
    text = container.log.text()
    assert text.startswith("first\n")
    assert text.endswith("last\n")
    assert container.log.length == 12 * 1024**2 + len("first\nlast\n")
    assert container.log.truncated
    assert len(text) < 5 * 1024**2


def test_a_second_start_of_the_same_container(session: Session) -> None:
    program = "import os, sys; print(os.path.exists('/tmp/mark')); open('/tmp/mark', 'w'); sys.exit(5)"
    container = _python(session, program)
    assert container.exit(30)
    container.start()
    end = container.exit(30)
    assert end is not None
    assert (end.code, container.log.text()) == (5, "False\nTrue\n")


def test_one_container_in_the_network_of_another_and_of_no_strangers(session: Session, engine: Engine) -> None:
    server = "import http.server as h; h.HTTPServer(('127.0.0.1', 8000), h.BaseHTTPRequestHandler).serve_forever()"
    holder = _python(session, server)
    asking = "import socket, time\nwhile True:\n try: socket.create_connection(('127.0.0.1', 8000)); break\n "
    target = _python(session, f"{asking}except OSError: time.sleep(0.1)", network=f"container:{holder.id}")
    end = target.exit(30)
    assert end is not None
    assert end.code == 0
    with Session(connect(engine.address or None)) as other, pytest.raises(EngineError, match="not ours"):
        other.create(Specification(IMAGE, "target", "x", network=f"container:{holder.id}"))


def test_the_line_for_the_shell_does_the_same(session: Session, engine: Engine) -> None:
    program = "import os; print(os.environ['A'], open('/proc/self/status').read().split('CapEff:')[1].split()[0])"
    container = _python(session, program, environment=(("A", 'it\'s "$HOME"'),))
    assert container.exit(30)
    line = container.repro.replace(session.facts.name, engine.client, 1)
    environment = os.environ | ({"DOCKER_HOST": engine.address} if engine.address else {})
    done = subprocess.run(line, shell=True, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == container.log.text() == f'it\'s "$HOME" {"0" * 16}\n'


def test_killed_at_any_moment_the_next_run_leaves_nothing(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    moments = random.Random(20)
    seen = 0
    for _ in range(20):
        process = _endless(engine)
        time.sleep(moments.uniform(0.0, 1.2))
        process.kill()
        process.wait()
        seen += len(_left_by(engine, process.pid))
        with Session(connect(engine.address or None)) as session:
            assert _left_by(engine, process.pid) == []
        assert session.leftovers == 0
    assert seen > 10  # there was something to remove


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_at_any_moment_a_run_leaves_nothing(
    number: int, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    moments = random.Random(number)
    for _ in range(5):
        process = _endless(engine)
        time.sleep(moments.uniform(0.0, 1.2))
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        assert out == f"{signal.Signals(number).name} 0\n"
        assert _left_by(engine, process.pid) == []


def _endless(engine: Engine) -> subprocess.Popen[str]:
    """A process whose session makes and removes things without end; it has begun."""
    command = [sys.executable, str(_ENDLESS), engine.address, IMAGE]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return process


def _left_by(engine: Engine, pid: int) -> list[str]:
    """What carries the labels of sessions of a process."""
    api = connect(engine.address or None).api
    wanted = {"label": [sweep.SESSION, f"dev.aiaudit.pid={pid}"]}
    found = [*api.containers(all=True, filters=wanted), *api.images(filters=wanted), *api.networks(filters=wanted)]
    names = [volume["Name"] for volume in api.volumes(filters=wanted)["Volumes"] or ()]
    return [*(thing["Id"] for thing in found), *names]


def _wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
