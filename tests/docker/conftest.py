"""The engine for the tests of this folder; each of them carries the marker `docker`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.docker import engine as engines
from tests.docker.base_images import ensure
from tests.docker.commands import Unavailable
from tests.docker.engine import Engine

_HERE = Path(__file__).parent


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
