"""Both builders of a real engine: steps, caches, failures, ends, and what stays behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from aiaudit.boot.build import BuildFailed, NoBuilder, build, forget
from aiaudit.boot.session import Session
from tests.docker.engine import Engine
from tests.docker.images import BUILDERS, options, session_of
from tests.support import write_tree

STAGES = """\
FROM python:3.11-slim-bookworm AS first
RUN echo one > /one

FROM python:3.11-slim-bookworm
WORKDIR /srv
COPY . .
COPY --from=first /one /one
RUN echo \\
    two
"""
KEY = "sk-proj-Zk3Qm8vT1pXr7LdW0aYbN4cH9sFgJ2eUoViKtRqB6wM5yPxT3BlbkFJ1c2D8nQ"


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session for one test."""
    with session_of(engine) as running:
        yield running


def _ids(session: Session) -> set[str]:
    return {image["Id"] for image in session.client.api.images(all=True)}


@pytest.mark.parametrize("builder", BUILDERS)
def test_steps_stand_for_lines_and_the_second_build_comes_from_the_cache(
    builder: str, session: Session, tmp_path: Path
) -> None:
    folder = write_tree(
        tmp_path, {"Dockerfile": STAGES, "a.txt": str(tmp_path), ".dockerignore": "secret\n", "secret": "x"}
    )
    first = build(folder, folder / "Dockerfile", options(builder), session)
    second = build(folder, folder / "Dockerfile", options(builder), session)
    steps = {step.line: (step.keyword, step.cached) for step in second.steps if step.keyword in ("RUN", "COPY")}
    assert steps == {2: ("RUN", True), 6: ("COPY", True), 7: ("COPY", True), 8: ("RUN", True)}
    assert [step.cached for step in first.steps if step.line == 6] == [False]
    assert first.builder == second.builder == builder
    assert second.image == first.made[0]
    labels = session.client.api.inspect_image(first.image)["Config"]["Labels"]
    assert labels | session.labels == labels
    forget(session, (*second.made, *first.made))
    assert not _ids(session) & {*first.made, *second.made}


@pytest.mark.parametrize("builder", BUILDERS)
def test_all_that_builds_added_goes_with_the_session(builder: str, engine: Engine, tmp_path: Path) -> None:
    broken = f"{STAGES}RUN exit 3\n"
    folder = write_tree(tmp_path, {"Dockerfile": STAGES, "Dockerfile.broken": broken, "a.txt": str(tmp_path)})
    with session_of(engine) as session:
        made = build(folder, folder / "Dockerfile", options(builder), session).made
        with pytest.raises(BuildFailed) as failed:
            build(folder, folder / "Dockerfile.broken", options(builder), session)
        assert _ids(session) >= {*made, *failed.value.made}
    assert made
    assert not _ids(session) & {*made, *failed.value.made}


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_failing_step_is_named_with_what_it_printed_and_no_secret(
    builder: str, session: Session, tmp_path: Path
) -> None:
    text = f"FROM python:3.11-slim-bookworm\nRUN true\nRUN echo told {KEY} && exit 3\n"
    folder = write_tree(tmp_path, {"Dockerfile": text})
    with pytest.raises(BuildFailed) as failed:
        build(folder, folder / "Dockerfile", options(builder), session)
    assert failed.value.line == 3
    assert "line 3 (`RUN echo told sk-p… (70 characters)" in str(failed.value)
    assert "told sk-p… (70 characters)" in failed.value.log
    assert KEY not in str(failed.value) + failed.value.log
    forget(session, failed.value.made)


@pytest.mark.parametrize("builder", BUILDERS)
@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_build_that_takes_too_long_or_is_not_wanted_any_more_ends(
    builder: str, is_cancelled: bool, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(Session, "cancelled", property(lambda _: ended.is_set()))
    folder = write_tree(tmp_path, {"Dockerfile": f"FROM python:3.11-slim-bookworm\nRUN sleep 300 # {tmp_path}\n"})
    timer = threading.Timer(2, ended.set if is_cancelled else lambda: None)
    timer.start()
    started = time.monotonic()
    with pytest.raises(BuildFailed, match="was cancelled" if is_cancelled else "took longer than 3 s"):
        build(folder, folder / "Dockerfile", options(builder, seconds=60.0 if is_cancelled else 3.0), session)
    assert time.monotonic() - started < 30
    timer.join()


def test_what_only_buildkit_builds_is_refused_with_its_line(session: Session, tmp_path: Path) -> None:
    text = "FROM python:3.11-slim-bookworm\nRUN --mount=type=cache,target=/c true\n"
    folder = write_tree(tmp_path, {"Dockerfile": text})
    with pytest.raises(NoBuilder, match=r"Dockerfile:2 has RUN --mount, which needs BuildKit"):
        build(folder, folder / "Dockerfile", options("legacy"), session)
    made = build(folder, folder / "Dockerfile", options("auto"), session)
    assert made.builder == "buildkit"


def test_the_classic_builder_honours_the_dockerfiles_own_ignore_file(session: Session, tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM python:3.11-slim-bookworm\nCOPY . /c\nRUN test -f /c/kept && test ! -e /c/secret\n",
        "Dockerfile.dockerignore": "secret\n", ".dockerignore": "kept\n", "kept": "x", "secret": "x",
    }  # fmt: skip
    folder = write_tree(tmp_path, files)
    made = build(folder, folder / "Dockerfile", options("legacy"), session)
    forget(session, made.made)


def test_a_tagged_image_is_never_removed_whatever_a_build_prints(session: Session, tmp_path: Path) -> None:
    base = session.image("python:3.11-slim-bookworm").id
    digits = base.partition(":")[2][:12]
    text = f"FROM python:3.11-slim-bookworm\nRUN printf ' ---> {digits}\\n'; sleep 0.2 # {tmp_path}\n"
    folder = write_tree(tmp_path, {"Dockerfile": text})
    made = build(folder, folder / "Dockerfile", options("legacy"), session)
    assert base not in made.made
    forget(session, (*made.made, base))
    assert base in _ids(session)
