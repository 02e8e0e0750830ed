"""Data files are parsed once: what is kept beside them serves until they change."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from aiaudit.model import tables


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data file, in a place where Python keeps compiled modules."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    path = tmp_path / "data.toml"
    path.write_text("[[entry]]\npath = 'a.b'\nseconds = 1.5\n")
    return path


def kept(file: Path) -> list[Path]:
    """What lies beside the file."""
    return sorted((file.parent / "__pycache__").glob("*"))


def test_parsed_once(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time nothing is parsed."""
    first = tables.read(str(file))
    monkeypatch.setattr(tables, "parse", None)

    assert tables.read(str(file)) == first == {"entry": [{"path": "a.b", "seconds": 1.5}]}
    assert [path.name for path in kept(file)] == [f"data.toml.{sys.implementation.cache_tag}.tables"]


def test_changed(file: Path) -> None:
    """A file that has changed since is parsed again."""
    tables.read(str(file))
    file.write_text("[[entry]]\npath = 'c'\n")

    assert tables.read(str(file)) == {"entry": [{"path": "c"}]}
    os.utime(file, ns=(1, 1))
    assert tables.read(str(file)) == {"entry": [{"path": "c"}]}


@pytest.mark.parametrize("damage", [b"", b"no marshal", b"\xe9\x01\x00\x00\x00"])
def test_damaged(file: Path, damage: bytes) -> None:
    """What is kept and cannot be read is made anew."""
    expected = tables.read(str(file))
    kept(file)[0].write_bytes(damage)

    assert tables.read(str(file)) == expected
    assert kept(file)[0].read_bytes() != damage


def test_nothing_is_kept(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Python keeps nothing, or keeps it elsewhere, or cannot write."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert tables.read(str(file))["entry"]
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", "/elsewhere")
    assert tables.read(str(file))["entry"]
    assert kept(file) == []
    monkeypatch.setattr(sys, "pycache_prefix", None)
    (file.parent / "__pycache__").write_text("a file where the folder would be")
    assert tables.read(str(file))["entry"]
