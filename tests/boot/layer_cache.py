"""A builder without an engine: it caches layers by their instructions and the files that they bring, as builders do."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiaudit.boot.build import BuildFailed, BuildResult, Options, Step
from aiaudit.sources.dockerfile.facts import Instruction
from aiaudit.sources.dockerfile.parse import extract


class LayerCache:
    """Stands for `aiaudit.boot.build.build`. `fails` tells which steps fail, `is_fickle` which are never cached."""

    def __init__(
        self,
        fails: Callable[[Instruction, Path], bool] = lambda instruction, folder: False,
        is_fickle: Callable[[Instruction], bool] = lambda instruction: False,
    ) -> None:
        self.fails = fails
        self.is_fickle = is_fickle
        self._known: set[str] = set()

    def __call__(self, folder: Path, dockerfile: Path, options: Options, engine: Any) -> BuildResult:
        key, steps = "", []
        for instruction in extract(dockerfile.read_text()).instructions:
            parts = (key, instruction.raw, *self._brought(instruction, folder), *self._values(instruction, options))
            key = hashlib.sha256("\0".join(parts).encode()).hexdigest()
            cached = key in self._known and not self.is_fickle(instruction)
            line, raw = instruction.extent.line, instruction.raw
            if not cached and self.fails(instruction, folder):
                raise BuildFailed(f"line {line} fails", line)
            self._known.add(key)
            steps.append(Step(line, instruction.keyword, raw, cached, 0.0 if cached else 2.0))
        return BuildResult(f"sha256:{key}", "legacy", 3.0, tuple(steps))

    @staticmethod
    def _brought(instruction: Instruction, folder: Path) -> list[str]:
        if instruction.keyword not in ("COPY", "ADD"):
            return []
        roots = [folder / word.text for word in instruction.words[:-1]]
        files = [path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*")))]
        return [f"{path}={path.read_bytes().hex()}" for path in files if path.is_file()]

    @staticmethod
    def _values(instruction: Instruction, options: Options) -> list[str]:
        names = [pair.key for pair in instruction.pairs] if instruction.keyword == "ARG" else []
        return [f"{name}={value}" for name, value in options.arguments if name in names]
