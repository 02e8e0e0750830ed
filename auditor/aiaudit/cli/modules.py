"""Finds the tool's own modules by one look into each of its folders.

Python asks the system for the folder and for the file of each module that it imports. With some hundred small modules
that is a tenth of the audit of a small service.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from types import ModuleType

_OWN = ("aiaudit.", "aiaudit_rules.")
_ENDING = ".py"


class _Finder:
    """What `sys.meta_path` is asked first. All that is no plain module of a folder is left to Python's own finders."""

    def __init__(self) -> None:
        self._modules: dict[str, frozenset[str]] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """How to load one of the tool's modules, None for everything else."""
        if not path or not name.startswith(_OWN):
            return None
        folder = path[0]
        modules = self._modules.get(folder)
        if modules is None:
            modules = self._modules[folder] = _modules_in(folder)
        own = name.rpartition(".")[2]
        if own not in modules:
            return None
        file = f"{folder}{os.sep}{own}{_ENDING}"
        return spec_from_file_location(name, file, loader=SourceFileLoader(name, file), submodule_search_locations=None)


def _modules_in(folder: str) -> frozenset[str]:
    """The names of a folder's modules that no package of the same name hides."""
    try:
        names = os.listdir(folder)
    except OSError:  # an archive
        return frozenset()
    return frozenset(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)).difference(names)


def find_own_modules() -> None:
    """From now on find the tool's modules so."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
