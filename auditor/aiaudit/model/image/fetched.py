"""Weights that a program of the repository fetches while an image is built: what the code that a RUN runs leads to."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aiaudit.model.image.downloads import fetching_call
from aiaudit.model.image.values import Download, Image, Layer

if TYPE_CHECKING:
    from aiaudit.model.python import PythonSide
    from aiaudit.model.scopes import Call, Module, Scope
    from aiaudit.model.service import Service

# Programs that run more than this are no loaders of models.
_MOST_SCOPES = 2000


def downloads_of(layer: Layer, image: Image) -> tuple[Download, ...]:
    """All downloads of a layer: those of commands, and those of programs that load a model."""
    if not layer.programs:
        return layer.downloads
    found = image.service.part("downloads of programs", _no_downloads)
    if id(layer) not in found:
        fetching = (_fetched(program, image.service) for program in layer.programs)
        found[id(layer)] = (*layer.downloads, *(download for download in fetching if download is not None))
    return found[id(layer)]


def _no_downloads(service: Service) -> dict[int, tuple[Download, ...]]:
    return {}


def _fetched(program: Download, service: Service) -> Download | None:
    """The first model that a program loads, with the files of the repository that it needs for that."""
    from aiaudit.model.python import python_side  # the Python side is linked only for images that run a program

    side = python_side(service)
    module = side.program.load(program.script)
    if module is None:
        return None
    run = list(_run_by(module, side))
    loaded = next((name for scope in run for call in scope.calls if (name := _loaded(call, side))), None)
    if loaded is None:
        return None
    needed = {scope.module.path for scope in run}
    needed |= {package for path in needed for package in _packages_of(path)}
    return Download(program.command, loaded, program.script, tuple(sorted(needed - {program.script})))


def _loaded(call: Call, side: PythonSide) -> str | None:
    """The name of a call that fetches weights."""
    from aiaudit.model.values import External

    paths = (value.path for value in side.evaluator.callees(call) if isinstance(value, External))
    return next((found for path in paths if (found := fetching_call(f"{path}("))), None)


def _packages_of(path: str) -> Iterator[str]:
    """What Python runs ahead of a module: the packages around it."""
    folder = posixpath.dirname(path)
    while folder:
        yield f"{folder}/__init__.py"
        folder = posixpath.dirname(folder)


def _run_by(module: Module, side: PythonSide) -> Iterator[Scope]:
    """What running a module as the main program runs."""
    queue: list[Scope] = [module]
    seen = {id(module)}
    for scope in queue:  # grows while it is walked
        yield scope
        edges = side.contexts.edges_of_program(module) if scope is module else side.contexts.edges(scope)
        for edge in edges:
            if edge.registered or id(edge.target) in seen or len(queue) >= _MOST_SCOPES:
                continue
            seen.add(id(edge.target))
            queue.append(edge.target)
