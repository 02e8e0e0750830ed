"""A copy of a build context on which changes are tried, and what was built again after them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aiaudit.boot.build import BuildFailed, BuildResult, Options, Step, build, forget
from aiaudit.boot.build.context import copy
from aiaudit.boot.proofs import Mutation, Rerun
from aiaudit.boot.world import EngineError
from aiaudit.values import replace

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine

_LAYERS = ("RUN", "COPY", "ADD", "WORKDIR")
_SLASHES = (
    ".js",
    ".jsx",
    ".mjs",
    ".cjs",
    ".ts",
    ".tsx",
    ".go",
    ".rs",
    ".java",
    ".kt",
    ".php",
    ".cs",
    ".c",
    ".cpp",
    ".h",
)
_HASHES = (".py", ".pyx", ".rb", ".pl", ".ex", ".toml", ".lock", ".txt", ".in", ".yaml", ".yml", ".cfg", ".sh")


class Bench:
    """The copied context; the user's own tree is never written to.

    `work` are the lines whose repetition counts. Every image that was made on it is removed by `clear`.
    """

    def __init__(
        self, folder: Path, dockerfile: Path, options: Options, engine: Engine, scratch: Path, work: frozenset[int]
    ) -> None:
        self.folder = scratch / "context"
        self.folder.mkdir()
        self.dockerfile = copy(folder, dockerfile, self.folder)
        self.options = options
        self.engine = engine
        self.work = work
        self.builder = ""
        self._made: list[str] = []

    def build(self, options: Options | None = None) -> BuildResult:
        """Build the copy as it is now."""
        try:
            result = build(self.folder, self.dockerfile, options or self.options, self.engine)
        except BuildFailed as error:
            self._made[:0] = error.made
            raise
        self._made[:0] = result.made
        if not result.steps:
            raise EngineError("the builder tells nothing of its steps")
        self.builder = result.builder
        # one experiment, one builder: what is cached by the other says nothing
        self.options = replace(self.options, builder=result.builder)
        return result

    def clear(self) -> None:
        """Remove what was built."""
        forget(self.engine, self._made)

    def holds(self, path: str) -> bool:
        """Whether a path is a plain file of the copy, reached through no link."""
        place = self.folder / path
        return place.is_file() and not place.is_symlink() and place.resolve() == self.folder.resolve() / path

    def control(self) -> Step | None:
        """Build twice; a step that was not taken from the cache the second time, which makes all proofs void.

        BuildKit now and then runs a step anew that it has, so that a third build has to agree.
        """
        self.build()
        fickle = _anew(self.build())
        if not fickle:
            return None
        lines = {step.line for step in _anew(self.build())}
        return next((step for step in fickle if step.line in lines), None)

    def changed(self, name: str, path: str) -> Mutation:
        """Change one file a little, build, and put it back."""
        place = self.folder / path
        before = place.read_bytes()
        place.write_bytes(before + _addition(path))
        try:
            return self._mutation(name, path, self.build)
        finally:
            place.write_bytes(before)

    def argued(self, argument: str) -> Mutation:
        """Build with two values of an argument."""
        self.build(self._with(argument))
        return self._mutation("argument", argument, lambda: self.build(self._with(argument)))

    @contextmanager
    def rewritten(self, text: str, work: frozenset[int]) -> Iterator[None]:
        """The bench with another Dockerfile, whose costly lines are others."""
        before, before_work = self.dockerfile.read_bytes(), self.work
        self.dockerfile.write_text(text, encoding="utf-8", errors="surrogateescape")
        self.work = work
        try:
            yield
        finally:
            self.dockerfile.write_bytes(before)
            self.work = before_work

    def _with(self, argument: str) -> Options:
        given = dict(self.options.arguments) | {argument: uuid.uuid4().hex}
        return replace(self.options, arguments=tuple(given.items()))

    def _mutation(self, name: str, path: str, run: Callable[[], BuildResult]) -> Mutation:
        """What ran again in a build; work that ran again and failed then did run again."""
        try:
            result = run()
        except BuildFailed as error:
            if error.line in self.work and not self.engine.cancelled:
                return Mutation(name, path, (Rerun(error.line, "", 0.0, installs=True),), 0.0)
            raise
        rerun = tuple(Rerun(s.line, s.text, s.seconds, s.line in self.work) for s in _anew(result))
        return Mutation(name, path, rerun, result.seconds)


def _anew(result: BuildResult) -> list[Step]:
    """The steps of a build that make a layer and did not come from the cache."""
    return [step for step in result.steps if step.keyword in _LAYERS and not step.cached]


def _addition(path: str) -> bytes:
    """Something to append to a file that changes it and nothing that it does."""
    nonce = uuid.uuid4().hex
    if path.endswith(_SLASHES):
        return f"\n// {nonce}\n".encode()
    if path.endswith(_HASHES) or Path(path).name in ("Pipfile", "HEAD"):
        return f"\n# {nonce}\n".encode()
    return b"\n"


def unusable(step: Step) -> EngineError:
    """The error about a step that no second build takes from the cache."""
    return EngineError(f"line {step.line} (`{step.text[:100]}`) is built anew although nothing changed")
