"""An image with a compiler, weighed against the same service built in two stages, and started without the compiler."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiaudit.boot.build import build, forget
from aiaudit.boot.proofs import Proof, WeightProof
from aiaudit.boot.session import Session
from aiaudit.boot.weight import prove
from aiaudit.boot.world import Specification
from tests.docker.engine import Engine
from tests.docker.images import audited, options, session_of
from tests.support import write_tree

_TOOLS = "build-essential python3-dev git"
_BUILT = f"""\
WORKDIR /srv
RUN apt-get update -qq && apt-get install -qq -y --no-install-recommends {_TOOLS} \\
    && apt-get clean && rm -rf /var/lib/apt/lists/*
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --no-binary markupsafe -r requirements.txt
"""
_STARTED = 'COPY app app\nENV PATH=/venv/bin:$PATH\nCMD ["uvicorn", "app.main:app"]\n'
_BASE = "python:3.11-slim-bookworm"
SINGLE = f"FROM {_BASE}\n{_BUILT}{_STARTED}"
MULTISTAGE = (
    f"FROM {_BASE} AS builder\n{_BUILT}FROM {_BASE}\nWORKDIR /srv\nCOPY requirements.txt .\n"
    f"COPY --from=builder /venv /venv\n{_STARTED}"
)
_APPLICATION = """\
import subprocess
import markupsafe._speedups
{extra}

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({{"type": message["type"] + ".complete"}})
            if message["type"] == "lifespan.shutdown":
                return
"""
_LIKE_GCC = "tool = 'gc' + 'c'\nsubprocess.run([tool, '--version'], check=True)"
_GCC = "subprocess.run(['gcc', '--version'], check=True)"
_READY = "Application startup complete"


@pytest.fixture(scope="module")
def session(engine: Engine) -> Iterator[Session]:
    """One session: its images are layers of each other."""
    with session_of(engine) as running:
        yield running


def _folder(place: Path, dockerfile: str, extra: str = "") -> Path:
    files = {"Dockerfile": dockerfile, "requirements.txt": "uvicorn\nmarkupsafe\n", "app/__init__.py": ""}
    return write_tree(place, {**files, "app/main.py": _APPLICATION.format(extra=extra)})


def _starts(session: Session, name: str) -> bool:
    container = session.create(Specification(name, "target", "weighed"))
    container.start()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and container.exit(0.2) is None:
        if _READY in container.log.text():
            container.remove()
            return True
    container.remove()
    return False


def _weighed(session: Session, folder: Path, *, starts: bool = True) -> tuple[WeightProof, int]:
    """The proof, and the image's size as the engine says it."""
    boots = (lambda name: _starts(session, name)) if starts else None
    image, _ = audited(folder)
    made = build(folder, folder / "Dockerfile", options("buildkit"), session)
    try:
        span = image.span(image.final.start.extent)
        proof = prove(made.image, image, span, session, boots)
        return proof, session.image(made.image).size
    finally:
        forget(session, made.made)


def test_the_bytes_are_those_that_a_second_stage_saves(session: Session, tmp_path: Path) -> None:
    single, size = _weighed(session, _folder(tmp_path / "single", SINGLE))
    staged, staged_size = _weighed(session, _folder(tmp_path / "staged", MULTISTAGE))
    assert (single.proof, single.booted) == (Proof.PROVEN, True), single.reason
    assert single.bytes == pytest.approx(size - staged_size, rel=0.05)
    weights = {weight.name: weight for weight in single.removable}
    assert (
        weights["gcc-12"].line == SINGLE.splitlines().index(next(x for x in SINGLE.splitlines() if "apt-get" in x)) + 1
    )
    assert "libc6" not in weights
    assert (staged.proof, staged.bytes) == (Proof.REFUTED, 0), staged.reason


def test_a_compiler_that_the_service_runs_stays(session: Session, tmp_path: Path) -> None:
    proof, _ = _weighed(session, _folder(tmp_path, SINGLE, _GCC), starts=False)
    assert dict(proof.kept)["gcc"] == "app/main.py runs gcc"
    assert "gcc-12" not in {weight.name for weight in proof.removable}
    assert "git" in {weight.name for weight in proof.removable}
    assert (proof.proof, proof.booted) == (Proof.INCONCLUSIVE, None)
    assert proof.reason.endswith("the image without them was not started")


def test_what_no_source_tells_is_found_by_starting_without_it(session: Session, tmp_path: Path) -> None:
    proof, _ = _weighed(session, _folder(tmp_path, SINGLE, _LIKE_GCC))
    assert (proof.proof, proof.booted) == (Proof.INCONCLUSIVE, False)
    assert "without them it does not get ready" in proof.reason
