"""The golden service's own Dockerfile, built and run by a real engine, with the stub as its model provider."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docker.base_images import build_arguments
from tests.docker.commands import LABEL
from tests.docker.engine import Engine
from tests.services import stub_model
from tests.services.environment import GOLDEN

_KEYS = {"OPENAI_API_KEY": "stub-model-key-0123456789", "SERVICE_API_KEY": "stub-service-key-0123456789"}
_SETTINGS = {**_KEYS, "STATUS_URL": "http://127.0.0.1:9000", "OPENAI_BASE_URL": "http://127.0.0.1:9000/v1"}
_HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")
_STUB_PLACE = "/stub_model.py"


@pytest.fixture(scope="module")
def image(engine: Engine) -> str:
    """The built image."""
    _build(engine, GOLDEN)
    return "aiaudit-tests/golden"


@pytest.fixture(scope="module")
def provider(engine: Engine) -> Iterator[str]:
    """A container with the stub, in a network that reaches nothing; others join that network."""
    name = f"aiaudit-stub-{uuid.uuid4().hex[:8]}"
    command = ("python", _STUB_PLACE, "9000")
    engine.docker("create", "--name", name, "--network=none", f"--label={LABEL}=run", _base(), *command)
    try:
        engine.docker("cp", stub_model.__file__, f"{name}:{_STUB_PLACE}")
        engine.docker("start", name)
        yield name
    finally:
        engine.docker("rm", "-fv", name)


@pytest.fixture(scope="module")
def container(engine: Engine, image: str, provider: str) -> Iterator[str]:
    """The service, running hardened as its compose file says."""
    settings = [word for name, value in _SETTINGS.items() for word in ("--env", f"{name}={value}")]
    options = (f"--network=container:{provider}", f"--label={LABEL}=run", *_HARDENED, *settings)
    identity = engine.docker("run", "--detach", *options, image).strip()
    try:
        yield identity
    finally:
        engine.docker("rm", "-fv", identity)


def test_it_gets_ready_and_healthy_and_answers(engine: Engine, container: str) -> None:
    deadline = time.monotonic() + 60
    while _state(engine, container)["Health"]["Status"] != "healthy":
        assert _state(engine, container)["Running"], engine.try_docker("logs", container).stderr
        assert time.monotonic() < deadline, _state(engine, container)["Health"]
        time.sleep(0.5)
    asking = (
        "import urllib.request as u;"
        f"h={{'X-API-Key':{_KEYS['SERVICE_API_KEY']!r},'Content-Type':'application/json'}};"
        "r=u.Request('http://127.0.0.1:8000/v1/chat',b'{\"question\":\"How many days of leave?\"}',h);"
        "print(u.urlopen(r,timeout=20).read().decode())"
    )
    answer = engine.docker("exec", container, "python", "-c", asking)
    assert all(json.dumps({"text": piece}) in answer for piece in stub_model.PIECES)
    assert "event: done" in answer


def test_it_does_not_run_as_root(engine: Engine, container: str) -> None:
    user = engine.docker("exec", container, "python", "-c", "import os; print(os.getuid(), os.geteuid())")
    assert user.split() == ["10001", "10001"]


def test_it_ships_no_installer_cache_and_no_compiler(engine: Engine, container: str) -> None:
    looking = "import glob, shutil; print([shutil.which(n) for n in ('uv', 'gcc', 'git')], glob.glob('/root/.cache/*'))"
    assert engine.docker("exec", container, "python", "-c", looking).strip() == "[None, None, None] []"


def test_it_stops_cleanly_when_asked(engine: Engine, image: str, provider: str, container: str) -> None:
    started = time.monotonic()
    engine.docker("stop", "--time", "20", container)
    state = _state(engine, container)
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("missing", _KEYS)
def test_it_does_not_start_without_a_key(missing: str, engine: Engine, image: str) -> None:
    settings = [word for name, value in _SETTINGS.items() if name != missing for word in ("--env", f"{name}={value}")]
    options = ("--rm", "--network=none", f"--label={LABEL}=run", *settings)
    done = engine.try_docker("run", *options, image, seconds=60)
    assert done.returncode not in (0, 124)
    assert missing in done.stdout + done.stderr
    assert not any(value in done.stdout + done.stderr for value in _KEYS.values())


def test_a_changed_source_file_reinstalls_nothing(engine: Engine, image: str, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(GOLDEN, tmp_path / "copy"))
    with (copy / "app" / "main.py").open("a") as source:
        source.write(f"# {uuid.uuid4()}\n")
    log = _build(engine, copy)
    steps = {line.split(" ", 1)[0]: line for line in log.splitlines() if "] RUN " in line or "] COPY " in line}
    cached = {line.split(" ", 1)[0] for line in log.splitlines() if line.endswith("CACHED")}
    rebuilt = [line.split("] ")[1] for number, line in steps.items() if number not in cached]
    assert [step for step in rebuilt if "app ./app" in step]
    assert not [step for step in rebuilt if "--no-install-project" in step or "pip install" in step]


def _build(engine: Engine, folder: Path) -> str:
    """Build a folder's image; the engine's own log."""
    options = ("--network=host", f"--label={LABEL}=golden", "--tag", "aiaudit-tests/golden", *build_arguments())
    done = engine.try_docker("build", *options, str(folder), seconds=900)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def _state(engine: Engine, container: str) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(engine.docker("inspect", "--format", "{{json .State}}", container))
    return state


def _base() -> str:
    return (GOLDEN / "Dockerfile").read_text().split()[1]
