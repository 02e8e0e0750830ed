"""The finder of the tool's own modules gives what Python's finders give, and leaves them all else."""

from __future__ import annotations

from importlib.machinery import PathFinder, SourceFileLoader
from pathlib import Path

import pytest

import aiaudit
import aiaudit.model
import aiaudit_rules.prompts
from aiaudit.cli.modules import _Finder

PLACES = {
    "aiaudit.span": aiaudit.__path__,
    "aiaudit.model.scopes": aiaudit.model.__path__,
    "aiaudit_rules.prompts.missing": aiaudit_rules.prompts.__path__,
    "aiaudit.model": aiaudit.__path__,
    "aiaudit.none": aiaudit.__path__,
    "json.decoder": aiaudit.__path__,
}


@pytest.mark.parametrize("name", ["aiaudit.span", "aiaudit.model.scopes"])
def test_modules(name: str) -> None:
    """File, package and compiled file are those that Python finds itself."""
    found, plain = _Finder().find_spec(name, PLACES[name]), PathFinder.find_spec(name, PLACES[name])

    assert found is not None
    assert plain is not None
    assert (found.origin, found.cached, found.parent) == (plain.origin, plain.cached, plain.parent)
    assert isinstance(found.loader, SourceFileLoader)
    assert isinstance(plain.loader, SourceFileLoader)
    assert found.loader.get_code(name) == plain.loader.get_code(name)
    assert found.submodule_search_locations is None


@pytest.mark.parametrize("name", ["aiaudit.model", "aiaudit.none", "json.decoder", "aiaudit_rules.prompts.missing"])
def test_others(name: str) -> None:
    """Packages, what is not there and what is another's are left to Python."""
    assert _Finder().find_spec(name, PLACES[name]) is None


def test_places(tmp_path: Path) -> None:
    """So are archives, folders that hide a module, and modules that stand at the top."""
    (tmp_path / "both").mkdir()
    (tmp_path / "both.py").touch()
    finder = _Finder()

    assert finder.find_spec("aiaudit.both", [str(tmp_path)]) is None
    assert finder.find_spec("aiaudit.both", [str(tmp_path / "both.py")]) is None
    assert finder.find_spec("aiaudit.both", []) is None
    assert finder.find_spec("aiaudit", None) is None
