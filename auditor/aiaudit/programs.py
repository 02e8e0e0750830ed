"""Programs of other tools that extras bring: where they are, if they are."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Iterator


@functools.cache
def place_of(program: str) -> str:
    """The program beside this interpreter, or on PATH; "" where it is not installed."""
    return next(places_of(program), "")


def places_of(program: str) -> Iterator[str]:
    """Every program of that name: beside this interpreter, then in the order of PATH.

    Entries of PATH that are relative do not count: the audited folder may hold a program of that name.
    """
    folders = [os.path.dirname(sys.executable), *os.environ.get("PATH", "").split(os.pathsep)]
    names = (f"{program}.exe",) if os.name == "nt" else (program,)
    for folder in folders:
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isabs(path) and os.path.isfile(path) and os.access(path, os.X_OK):
                yield path


def is_installed(program: str) -> bool:
    """Whether the program is there."""
    return bool(place_of(program))
