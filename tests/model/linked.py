"""A linked Python side of a few files, for tests of the model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from aiaudit import api
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.service import Service
from aiaudit.model.values import External, Instance, Values
from aiaudit.sources.store import Store
from aiaudit.workspace import Workspace
from tests.support import write_tree


def service_of(folder: Path, files: Mapping[str, str]) -> Service:
    """The service that some files make."""
    write_tree(folder, {name: dedent(text) for name, text in files.items()})
    return Service(Workspace(api.scope_for([str(folder)], str(folder)), Store()))


def side_of(folder: Path, files: Mapping[str, str]) -> PythonSide:
    """Its Python side."""
    return python_side(service_of(folder, files))


def value_of(side: PythonSide, path: str, name: str) -> Values:
    """What a module-level name may stand for."""
    module = side.program.load(path)
    assert module is not None
    return side.evaluator.evaluate(("name", (1, 1, 1, 1), name), module)


def outside_paths(values: Values) -> set[str]:
    """The dotted paths among values."""
    return {value.path for value in values if isinstance(value, External)}


def class_names(values: Values) -> set[str]:
    """The classes of the instances among values."""
    return {value.cls.name for value in values if isinstance(value, Instance)}
