"""The experiment: a control that must come from the cache, small changes, and what they made the builder repeat."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from aiaudit.boot.build import Options, recipe
from aiaudit.boot.proofs import Mutation, Proof, RebuildProof, Rerun
from aiaudit.boot.rebuild.bench import Bench, unusable
from aiaudit.boot.rebuild.repair import repaired
from aiaudit.boot.rebuild.suspects import Suspect, suspects
from aiaudit.boot.world import EngineError
from aiaudit.model.image.imports import imported_files

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine
    from aiaudit.finding import Finding
    from aiaudit.model.image import Image

SOURCE, DOCUMENTATION, GIT, MANIFEST = "source", "documentation", "git", "manifest"


def prove(
    image: Image,
    root: Path,
    findings: Iterable[Finding],
    options: Options,
    engine: Engine,
    progress: Callable[[str], None] = lambda _: None,
) -> list[RebuildProof]:
    """Try what the rules about the order of layers say of an image: one proof for each place that they blame.

    Where they blame none, one proof for the whole Dockerfile. `findings` bring the fixes that are tried too. Nothing
    raises but an engine that went away: what cannot be tried is INCONCLUSIVE, and says why.
    """
    found = suspects(image, findings)
    if not found:
        return []
    try:
        folder, dockerfile, options = recipe(image, root, options)
        with tempfile.TemporaryDirectory(prefix="aiaudit-rebuild-") as scratch:
            work = frozenset(line for suspect in found for line in suspect.work)
            bench = Bench(folder, dockerfile, options, engine, Path(scratch), work)
            try:
                return [*_tried(image, found, bench, progress)]
            finally:
                bench.clear()
    except (EngineError, OSError) as error:
        return [_inconclusive(suspect, image, options.builder, str(error)) for suspect in found]


def _tried(
    image: Image, found: Iterable[Suspect], bench: Bench, progress: Callable[[str], None]
) -> Iterator[RebuildProof]:
    progress("two builds without a change, as control")
    step = bench.control()
    if step is not None:
        raise unusable(step)
    for suspect in found:
        try:
            yield _Trial(image, suspect, bench, progress).proof()
        except EngineError as error:
            yield _inconclusive(suspect, image, bench.builder, str(error))


def _inconclusive(suspect: Suspect, image: Image, builder: str, reason: str) -> RebuildProof:
    return RebuildProof(Proof.INCONCLUSIVE, builder, image.path, suspect.span, reason)


class _Trial:
    """One suspect on the bench."""

    def __init__(self, image: Image, suspect: Suspect, bench: Bench, progress: Callable[[str], None]) -> None:
        self.image = image
        self.suspect = suspect
        self.bench = bench
        self.progress = progress
        self.mutations: list[Mutation] = []

    def proof(self) -> RebuildProof:
        """Change one thing after the other until work is repeated; then try the repair."""
        for mutation in self._changes():
            self.mutations.append(mutation)
            if self._repeated(mutation):
                return self._proven(mutation)
        if not self.mutations:
            return self._made(Proof.INCONCLUSIVE, "nothing that could be changed is sent to the builder")
        return self._refuted()

    def _changes(self) -> Iterator[Mutation]:
        if self.suspect.argument:
            self.progress(f"two builds with different values of {self.suspect.argument}")
            yield self.bench.argued(self.suspect.argument)
            return
        for name, path in ((SOURCE, self._source()), (DOCUMENTATION, self._documentation()), (GIT, ".git/HEAD")):
            if path and self.bench.holds(path):
                self.progress(f"a build with a changed {path}")
                yield self.bench.changed(name, path)

    def _source(self) -> str:
        """A source file that the builder gets: one that the application loads, if there is any."""
        files = [below for path in self.suspect.files if (below := self._below(path)) and self.bench.holds(below)]
        loaded = {self._below(path) for server in self.image.servers for path in imported_files(self.image, server)}
        return next((path for path in files if path in loaded), next(iter(files), ""))

    def _documentation(self) -> str:
        names = sorted(place.name for place in self.bench.folder.iterdir() if place.name.lower().startswith("readme"))
        tests = sorted(
            place.relative_to(self.bench.folder).as_posix() for place in self.bench.folder.glob("tests/*.py")
        )
        manifests = {self._below(path) for path in self.suspect.manifests}
        return next((path for path in (*names, *tests) if path not in manifests), "")

    def _below(self, path: str) -> str:
        """The path in the context of a path in the repository; "" outside of it."""
        folder = self.image.context.folder
        return path.removeprefix(f"{folder}/") if not folder or path.startswith(f"{folder}/") else ""

    def _repeated(self, mutation: Mutation) -> tuple[Rerun, ...]:
        return tuple(rerun for rerun in mutation.rerun if rerun.line in self.suspect.work)

    def _proven(self, mutation: Mutation) -> RebuildProof:
        again = self._repeated(mutation)
        brought = [rerun for rerun in mutation.rerun if rerun.step.startswith(("COPY", "ADD"))]
        caused = self.suspect.argument or any(rerun.line < again[0].line for rerun in brought)
        if not caused and not self._is_bound(again[0].line):
            return self._made(
                Proof.INCONCLUSIVE, f"{_work(again[0])} ran again although nothing new was copied before it"
            )
        lost = sum(rerun.seconds for rerun in again)
        changed = f"another {mutation.path}" if self.suspect.argument else f"a comment in {mutation.path}"
        if mutation.name == GIT:
            changed = "a commit"
        more = f" and {len(again) - 1} more" if len(again) > 1 else ""
        mounts = all(rerun.line in self.suspect.cached for rerun in again)
        kept = "; with a cache mount, so that downloads are kept" if mounts else ""
        reason = f"after {changed}, {_work(again[0])}{more} ran again: {lost:.1f} of {mutation.seconds:.1f} s{kept}"
        repair = None
        if self.suspect.fix is not None:
            self.progress("two builds with the suggested order")
            repair = repaired(self.bench, self.image, self.suspect, mutation.path)
            is_verified = repair is not None and not any(rerun.installs for rerun in repair.rerun)
            reason += "; with the suggested order it does not" if is_verified else ""
        return self._made(Proof.PROVEN, reason, repair)

    def _is_bound(self, line: int) -> bool:
        """Whether the instruction mounts the context itself."""
        layers = (layer for stage in self.image.used for layer in stage.layers)
        return any(
            mount.type == "bind" and not mount.from_
            for layer in layers
            if layer.instruction.extent.line == line
            for mount in layer.mounts
        )

    def _refuted(self) -> RebuildProof:
        """Nothing was repeated: a change of what the work reads has to show that repetition would have been seen."""
        if self.suspect.argument:
            return self._made(Proof.REFUTED, f"another value of {self.suspect.argument} repeats no install")
        names = ", ".join(mutation.path for mutation in self.mutations)
        manifest = next((b for p in self.suspect.manifests if (b := self._below(p)) and self.bench.holds(b)), "")
        if not manifest:
            return self._made(Proof.REFUTED, f"no install ran again after a change of {names}")
        self.progress(f"a build with a changed {manifest}, as control")
        control = self.bench.changed(MANIFEST, manifest)
        self.mutations.append(control)
        again = self._repeated(control)
        if not again:
            reason = f"no install ran again, not even after a change of {manifest}, which it reads"
            return self._made(Proof.INCONCLUSIVE, reason)
        reason = f"no install ran again after a change of {names}; {_work(again[0])} did after one of {manifest}"
        return self._made(Proof.REFUTED, reason)

    def _made(self, proof: Proof, reason: str, repair: Mutation | None = None) -> RebuildProof:
        mutations = tuple(self.mutations)
        return RebuildProof(
            proof, self.bench.builder, self.image.path, self.suspect.span, reason, mutations, repaired=repair
        )


def _work(rerun: Rerun) -> str:
    words = [word for word in rerun.step.removeprefix("RUN ").split() if not word.startswith("--mount=")]
    step = " ".join(words)
    text = step if len(step) <= 80 else f"{step[:79]}…"
    return f"line {rerun.line} (`{text}`)" if text else f"line {rerun.line}"
