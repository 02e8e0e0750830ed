"""Fixtures of the tests that boot scripted containers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.boot.fake_engine import FakeEngine

settings.register_profile("boot", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("boot")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeEngine]:
    """A fake engine, and a cache folder of its own for journals."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tempfile.TemporaryDirectory(prefix="fake-")  # a path of a socket must be short
    with folder, FakeEngine(Path(folder.name) / "socket") as engine:
        yield engine
