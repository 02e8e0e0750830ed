"""The program that the interpreter inside is started with: it takes the others from the first line of its input.

So nothing is written into the container, which would cost an engine more time than everything else before the start.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PACKAGE = "inside"


class Sources:
    """Imports modules from their source texts by name."""

    def __init__(self, texts: dict[str, str]) -> None:
        self._texts = texts

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """What the import system asks for: a module that is there, or None."""
        return ModuleSpec(name, self, is_package=name == PACKAGE) if name in self._texts else None  # type: ignore[arg-type]

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """None: an ordinary module will do."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run the source of a module in it."""
        name = module.__name__
        exec(compile(self._texts[name], f"<{name}>", "exec"), module.__dict__)


def first_line(descriptor: int) -> bytes:
    """The first line of the input; whoever sends it sends nothing more before he has heard something."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(descriptor, 65536)
        if not piece:
            raise SystemExit(0)  # given up before it began
        line += piece
    return line


if __name__ == "__main__":
    sys.meta_path.insert(0, Sources(json.loads(first_line(0))))
    import_module(f"{PACKAGE}.main").main()
