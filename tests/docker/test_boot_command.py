"""`aiaudit boot` as people type it: built, booted and reported by a process of its own, which leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.docker.engine import Engine
from tests.support import write_tree

APP = """\
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

TOKEN = os.environ["SERVICE_TOKEN"]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"alive")


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("region", os.environ.get("REGION", ""), flush=True)
HTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
"""
DOCKERFILE = """\
FROM python:3.11-slim-bookworm
WORKDIR /srv
COPY app.py ./
USER 10001
EXPOSE 8000
CMD ["python", "app.py"]
"""
REGION = "a-secret-region-41"


@contextmanager
def aiaudit(engine: Engine, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A running `aiaudit` in a folder, ended when the test leaves."""
    places = {"XDG_CACHE_HOME": str(folder.parent / "cache"), "DOCKER_HOST": engine.address}
    process = subprocess.Popen(
        [sys.executable, "-m", "aiaudit", *arguments],
        cwd=folder,
        env={**os.environ, **{name: value for name, value in places.items() if value}},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def left_by(engine: Engine, process: subprocess.Popen[str]) -> list[str]:
    """Containers and images that carry the label of a process."""
    label = f"--filter=label=dev.aiaudit.pid={process.pid}"
    return engine.docker("ps", "-aq", label).split() + engine.docker("images", "-aq", label).split()


def runs(words: str) -> bool:
    """Whether a process of this machine has these words in its command line."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if words.encode() in path.read_bytes().replace(b"\0", b" "):
                return True
    return False


def wait_until(happens: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    """Wait for something while a process runs."""
    deadline = time.monotonic() + 120
    while not happens():
        assert process is None or process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def service(tmp_path: Path) -> Path:
    """A small service of the standard library alone, so that its image is built in a moment."""
    return write_tree(tmp_path / "service", {"Dockerfile": DOCKERFILE, "app.py": APP})


def test_a_service_is_built_booted_and_reported(engine: Engine, service: Path) -> None:
    """In two formats, with the value of the user hidden, and with nothing left."""
    wanted = ("--scenario", "missing", "--scenario", "stop", "--env", f"REGION={REGION}")
    options = ("--format", "json", "--output", "junit=boot.xml", "--builder", "legacy", "-v")
    with aiaudit(engine, service, "boot", *wanted, *options) as process:
        out, err = process.communicate(timeout=300)
        left = left_by(engine, process)

    assert process.returncode == 0, err
    boot: dict[str, Any] = json.loads(out)["boot"]
    verdicts = {scenario["id"]: scenario["verdict"] for scenario in boot["scenarios"]}
    assert verdicts == {"baseline": "READY", "stop": "STOPPED", "missing:SERVICE_TOKEN": "FAILED_FAST"}
    suite = ElementTree.parse(service / "boot.xml").find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "0", "0")
    assert "region ***" in boot["scenarios"][0]["log_excerpt"]
    assert REGION not in out + err + (service / "boot.xml").read_text()
    assert "aiaudit: building Dockerfile, whose RUN lines are executed" in err.splitlines()
    assert err.splitlines()[-1] == "aiaudit: boot: nothing at or above low"
    assert (boot["leftovers"], left) == (0, [])


def test_the_line_that_repeats_a_boot_does(engine: Engine, service: Path) -> None:
    """Pasted into a shell it builds the image again and fails in the same way."""
    with aiaudit(engine, service, "boot", "--scenario", "missing", "--format", "json") as process:
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    (missing,) = [one for one in json.loads(out)["boot"]["scenarios"] if one["changed"] == "SERVICE_TOKEN"]
    client = {"DOCKER_HOST": engine.address} if engine.address else {}
    line = missing["repro"].replace("docker ", f"{engine.client} ")
    again = subprocess.run(line, shell=True, cwd=service, env={**os.environ, **client}, capture_output=True, text=True)

    assert again.returncode == missing["exit"]["code"] == 1
    assert "KeyError: 'SERVICE_TOKEN'" in again.stderr


def test_a_service_is_tried_by_building(engine: Engine, service: Path) -> None:
    """Nothing is said of it, so nothing is proven; the proofs stand in the report, and nothing is left."""
    with aiaudit(engine, service, "prove", "--format", "json", "--builder", "legacy") as process:
        out, err = process.communicate(timeout=300)
        left = left_by(engine, process)

    assert process.returncode == 0, err
    proofs = {proof["kind"]: proof["proof"] for proof in json.loads(out)["proofs"]}
    assert proofs["weight"] == "REFUTED"
    assert "PROVEN" not in proofs.values()
    assert left == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_boot_leaves_nothing(engine: Engine, service: Path, number: signal.Signals) -> None:
    """While a container runs: the exit code and the last line tell, no traceback does."""
    with aiaudit(engine, service, "boot") as process:
        running = f"--filter=label=dev.aiaudit.pid={process.pid}"
        wait_until(lambda: bool(engine.docker("ps", "-q", running).strip()), process)
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
        left = left_by(engine, process)

    assert (process.returncode, out, left) == (128 + number, "", [])
    assert err.splitlines()[-1] == f"aiaudit: interrupted by {number.name}; everything of this run is removed"
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["boot", "prove"])
@pytest.mark.parametrize("builder", ["legacy", "buildkit"])
def test_an_interrupted_build_leaves_nothing(engine: Engine, service: Path, command: str, builder: str) -> None:
    """No image, no step that goes on, and the same words."""
    step = f"sleep 71.{time.time_ns()}"
    (service / "Dockerfile").write_text(DOCKERFILE.replace("USER", f"RUN {step}\nUSER"))
    with aiaudit(engine, service, command, "--builder", builder, "--build-network", "host") as process:
        wait_until(lambda: runs(step), process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        left = left_by(engine, process)

    assert (process.returncode, out, left) == (130, "", [])
    assert err.splitlines()[-1] == "aiaudit: interrupted by SIGINT; everything of this run is removed"
    wait_until(lambda: not runs(step))


def test_an_image_that_cannot_be_built_is_no_pass(engine: Engine, service: Path) -> None:
    """The step that fails is named."""
    (service / "Dockerfile").write_text(DOCKERFILE.replace("USER", "RUN echo the reason >&2 && exit 7\nUSER"))
    with aiaudit(engine, service, "boot", "--builder", "legacy") as process:
        out, err = process.communicate(timeout=120)
        left = left_by(engine, process)

    assert (process.returncode, out, left) == (3, "", [])
    assert err.splitlines()[-1].startswith("aiaudit: no boot: ")
    assert "the reason" in err


def test_an_image_that_is_not_there_is_no_pass(engine: Engine, service: Path) -> None:
    """Nothing is pulled."""
    with aiaudit(engine, service, "boot", "--image", "aiaudit-tests/nowhere:1") as process:
        out, err = process.communicate(timeout=120)

    assert (process.returncode, out) == (3, "")
    assert "aiaudit-tests/nowhere:1" in err.splitlines()[-1]
