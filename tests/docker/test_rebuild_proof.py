"""The order of layers, tried with both builders: proven on the leaky service, refuted on the golden one."""

from __future__ import annotations

import http.server
import re
import shutil
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiaudit.boot.proofs import Proof, RebuildProof
from aiaudit.boot.rebuild import prove
from aiaudit.boot.session import Session
from tests.docker.engine import Engine
from tests.docker.images import BUILDERS, audited, options, session_of
from tests.services.environment import GOLDEN
from tests.support import FIXTURES, write_tree

LEAKY = FIXTURES / "services" / "leaky"
SIMPLE = {
    "Dockerfile": 'FROM python:3.11-slim-bookworm\nWORKDIR /app\n{add}COPY . .\nRUN pip install -r requirements.txt\n'
    'CMD ["python", "-m", "app.main"]\n',
    "requirements.txt": "idna\n",
    "app/main.py": "print('here')\n",
}  # fmt: skip


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session for one test."""
    with session_of(engine) as running:
        yield running


def _proofs(folder: Path, builder: str, session: Session, dockerfile: str = "Dockerfile") -> list[RebuildProof]:
    image, findings = audited(folder, dockerfile)
    return prove(image, folder, findings, options(builder), session)


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_leaky_service_installs_again_after_each_change(builder: str, session: Session, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(LEAKY, tmp_path / "leaky"))
    worker = folder / "Dockerfile.worker"
    # the base image that is at hand, and dependencies that take seconds: the order of the layers is the fixture's own
    worker.write_text(worker.read_text().replace("FROM python\n", "FROM python:3.11-slim-bookworm\n"))
    (folder / "requirements.txt").write_text("idna\nuvicorn\n")
    source, volatile = _proofs(folder, builder, session, "Dockerfile.worker")
    assert (source.proof, volatile.proof, source.builder) == (Proof.PROVEN, Proof.PROVEN, builder)
    assert worker.read_text().splitlines()[source.span.line - 1] == "COPY app ./app"
    assert worker.read_text().splitlines()[volatile.span.line - 1] == "ARG GIT_COMMIT"
    (rerun,) = [rerun for rerun in source.mutations[0].rerun if rerun.installs]
    assert rerun.step == "RUN pip install -r requirements.txt"
    assert rerun.seconds > 0


def test_the_golden_service_installs_nothing_again(session: Session) -> None:
    (proof,) = _proofs(GOLDEN, "buildkit", session)
    assert proof.proof is Proof.REFUTED, proof.reason
    source, manifest = proof.mutations
    assert [rerun.step for rerun in source.rerun if rerun.installs] == []
    assert [rerun.line for rerun in manifest.rerun if rerun.installs] == [13]


def test_the_classic_builder_cannot_build_the_golden_service_and_says_so(session: Session) -> None:
    (proof,) = _proofs(GOLDEN, "legacy", session)
    assert (proof.proof, proof.mutations) == (Proof.INCONCLUSIVE, ())
    assert "RUN --mount, which needs BuildKit" in proof.reason


def test_without_mounts_the_golden_order_is_refuted_by_the_classic_builder(session: Session, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(GOLDEN, tmp_path / "golden"))
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(re.sub(r"--mount=\S+ ", "", dockerfile.read_text()))
    (proof,) = _proofs(folder, "legacy", session)
    assert (proof.proof, proof.builder) == (Proof.REFUTED, "legacy"), proof.reason


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_suggested_order_is_tried_too(builder: str, session: Session, tmp_path: Path) -> None:
    folder = write_tree(tmp_path, {name: text.replace("{add}", "") for name, text in SIMPLE.items()})
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (proof,) = _proofs(folder, builder, session)
    assert proof.proof is Proof.PROVEN, proof.reason
    assert proof.mutations[0].path == "app/main.py"
    assert proof.repaired is not None
    assert not [rerun for rerun in proof.repaired.rerun if rerun.installs]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


@pytest.fixture
def changing_file() -> Iterator[str]:
    """The address of a file that is another one each time."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(uuid.uuid4().hex.encode())

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/file"
    server.shutdown()


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_file_from_an_address_that_changes_makes_it_inconclusive(
    builder: str, session: Session, tmp_path: Path, changing_file: str
) -> None:
    files = {name: text.replace("{add}", f"ADD {changing_file} /file\n") for name, text in SIMPLE.items()}
    (proof,) = _proofs(write_tree(tmp_path, files), builder, session)
    assert proof.proof is Proof.INCONCLUSIVE
    assert proof.reason.startswith("line 3 (`ADD ")
