"""Data files of the model: TOML in this package, parsed once.

What was parsed is kept as Python keeps compiled modules: beside the file, for the same eyes.
"""

from __future__ import annotations

import functools
import marshal
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

_FOLDER, _SUFFIX = "__pycache__", f".{sys.implementation.cache_tag}.tables"
Stamp = tuple[int, int]


@functools.cache
def table(name: str) -> Mapping[str, Any]:
    """The data file of that name, such as `end_of_life`; `ladder/limits` stands in a subpackage."""
    return read(os.path.join(os.path.dirname(__file__), f"{name}.toml"))


def parse(text: str) -> dict[str, Any]:
    """The tables of a TOML text."""
    # Imported only where something has to be parsed: most runs read what is kept.
    try:
        import tomllib
    except ImportError:  # Python 3.10
        import tomli as tomllib  # type: ignore[import-not-found,no-redef]
    return tomllib.loads(text)


def read(path: str) -> dict[str, Any]:
    """The tables of a data file."""
    kept = _place(path)
    if kept is None:
        return _parsed(path)
    status = os.stat(path)
    stamp = status.st_mtime_ns, status.st_size
    tables = _load(kept, stamp)
    if tables is None:
        tables = _parsed(path)
        if not sys.dont_write_bytecode:
            _keep(kept, stamp, tables)
    return tables


def _parsed(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        return parse(file.read())


def _place(path: str) -> str | None:
    """Where the tables of a file are kept; nowhere if compiled modules are not to lie beside their sources."""
    if sys.pycache_prefix is not None:
        return None
    folder, name = os.path.split(path)
    return os.path.join(folder, _FOLDER, name + _SUFFIX)


def _load(kept: str, stamp: Stamp) -> dict[str, Any] | None:
    """What is kept of a file that has not changed since."""
    try:
        with open(kept, "rb") as file:
            known, tables = marshal.load(file)
    except (OSError, EOFError, ValueError, TypeError):
        return None
    return tables if known == stamp and isinstance(tables, dict) else None


def _keep(kept: str, stamp: Stamp, tables: dict[str, Any]) -> None:
    """Write all at once, as others read and write at the same time; where nobody may write, nothing is kept."""
    beside = f"{kept}.{os.getpid()}"
    with suppress(OSError, ValueError):
        data = marshal.dumps((stamp, tables))
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        with open(beside, "wb") as file:
            file.write(data)
        os.replace(beside, kept)
