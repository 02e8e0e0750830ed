"""Finds the tool's own modules by one look into each of its folders, and reads what is compiled of them in few steps.

Python asks the system for the folder and for the file of each module that it imports, and looks at every way in which a
compiled file may be out of date. With some hundred small modules that is a tenth of the audit of a small service.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source
from io import FileIO
from marshal import loads
from types import CodeType, ModuleType

_OWN = ("aiaudit.", "aiaudit_rules.")
_ENDING = ".py"
# How a compiled file begins that is valid for as long as its source has the same time and size.
_HEAD = MAGIC_NUMBER + bytes(4)
_HEAD_LENGTH = 16
_WORD = 0xFFFFFFFF


class _Loader(SourceFileLoader):
    """Reads a compiled file that is as Python writes them; all else is left to Python."""

    def __init__(self, name: str, path: str, compiled: str) -> None:
        super().__init__(name, path)
        self._compiled = compiled

    def get_code(self, fullname: str) -> CodeType | None:
        """The code of the module."""
        try:
            source = os.stat(self.path)
            with FileIO(self._compiled) as stream:
                data = stream.readall()
        except OSError:
            return super().get_code(fullname)
        times = (int(source.st_mtime) & _WORD).to_bytes(4, "little") + (source.st_size & _WORD).to_bytes(4, "little")
        if data[:_HEAD_LENGTH] == _HEAD + times:
            try:
                code = loads(memoryview(data)[_HEAD_LENGTH:])
            except (EOFError, ValueError, TypeError):
                code = None
            if isinstance(code, CodeType) and code.co_filename == self.path:
                return code
        return super().get_code(fullname)


class _Finder:
    """What `sys.meta_path` is asked first. All that is no plain module of a folder is left to Python's own finders."""

    def __init__(self) -> None:
        self._folders: dict[str, tuple[frozenset[str], tuple[str, str]]] = {}

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        """How to load one of the tool's modules, None for everything else."""
        if not path or not name.startswith(_OWN):
            return None
        folder = path[0]
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = _modules_in(folder), _around_compiled(folder)
        modules, (before, behind) = known
        own = name.rpartition(".")[2]
        if own not in modules:
            return None
        file, compiled = f"{folder}{os.sep}{own}{_ENDING}", f"{before}{own}{behind}"
        spec = ModuleSpec(name, _Loader(name, file, compiled), origin=file)
        spec.has_location = True
        spec.cached = compiled
        return spec


def _modules_in(folder: str) -> frozenset[str]:
    """The names of a folder's modules that no package of the same name hides."""
    try:
        names = os.listdir(folder) if os.path.isabs(folder) else ()
    except OSError:  # an archive
        return frozenset()
    return frozenset(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)).difference(names)


def _around_compiled(folder: str) -> tuple[str, str]:
    """What stands before and behind a module's name in the path of its compiled file."""
    stand_in = "{}"
    before, _, behind = cache_from_source(f"{folder}{os.sep}{stand_in}{_ENDING}").rpartition(stand_in)
    return before, behind


def find_own_modules() -> None:
    """From now on find the tool's modules so."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
