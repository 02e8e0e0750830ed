"""The golden service's environment and a running instance."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services.environment import Unavailable, golden_python
from tests.services.running import Service, required_settings, running
from tests.services.stub_model import StubModel


@pytest.fixture(scope="session")
def python() -> Path:
    """The interpreter that has the golden service's dependencies; elsewhere than in CI their absence skips."""
    try:
        return golden_python()
    except Unavailable as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(f"GOLDEN SERVICE NOT TESTED: {error}")


@pytest.fixture
def stub() -> Iterator[StubModel]:
    """A model server of this test's own."""
    with StubModel().serving() as serving:
        yield serving


@pytest.fixture
def service(python: Path, stub: StubModel, tmp_path: Path) -> Iterator[Service]:
    """A ready service with short time-outs."""
    short = {"MODEL_TIMEOUT_SECONDS": "5", "REQUEST_TIMEOUT_SECONDS": "1.5", "RATE_LIMIT": "6/minute"}
    with running(python, required_settings(stub) | short, tmp_path / "service.log") as started:
        yield started
