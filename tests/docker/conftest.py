"""The engine for the tests of this folder; each of them carries the marker `docker`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.docker import engine as engines
from tests.docker.base_images import build_arguments, ensure
from tests.docker.boots import Booted, boot_folder, build, build_base
from tests.docker.commands import Unavailable
from tests.docker.engine import Engine
from tests.services.environment import LEAKY

_HERE = Path(__file__).parent
_STAND_INS = _HERE / "stand_ins"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder."""
    for item in items:
        if _HERE in item.path.parents:
            item.add_marker(pytest.mark.docker)


@pytest.fixture(scope="session")
def engine() -> Engine:
    """A running engine with the base image; CI sets one up, elsewhere `python -m tests.docker start` does."""
    try:
        found = engines.start() if os.environ.get("CI") else engines.running_engine()
        if found is None:
            raise Unavailable("no Docker engine runs; `python -m tests.docker start` sets one up")
        ensure(found, "python:3.11-slim-bookworm")
    except Unavailable as error:
        pytest.skip(f"NOTHING TESTED WITH DOCKER: {error}")
    return found


@pytest.fixture(scope="session")
def address(engine: Engine) -> Iterator[None]:
    """The engine is the one that the environment names."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine.address)
        yield


@pytest.fixture(scope="session")
def leaky_begun(engine: Engine, address: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Future[Booted]]:
    """The whole matrix of the leaky service, whose heavy packages are stood in for.

    It takes long, and most of that is waiting: other tests may have it begun, and go on.
    """
    build_base(engine)
    context = Path(shutil.copytree(LEAKY, tmp_path_factory.mktemp("leaky") / "context"))
    shutil.copytree(_STAND_INS, context / "stand_ins")

    def whole() -> Booted:
        tag = "aiaudit-tests/leaky-stand-ins"
        build(engine, context, tag, f"--file={_STAND_INS / 'Dockerfile'}", *build_arguments())
        return boot_folder(LEAKY, tag)

    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(whole)
