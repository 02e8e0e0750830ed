"""Shared fixtures."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import Ran, run_cli, write_tree


def pytest_configure() -> None:
    """A run in the background starts with Ctrl-C ignored, and what it starts would ignore it as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def cli(tmp_path: Path) -> Callable[..., Ran]:
    """Run the command line over files: `cli(files, *arguments)`, in a folder of their own."""
    root = tmp_path / "tree"
    root.mkdir()

    def run(files: dict[str, str | bytes], *arguments: str, **environment: str) -> Ran:
        return run_cli(*arguments, cwd=write_tree(root, files), cache=tmp_path / "cache", **environment)

    return run
