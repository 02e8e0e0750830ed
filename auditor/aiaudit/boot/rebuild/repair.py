"""The suggested order of layers, tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiaudit.boot.build import BuildFailed
from aiaudit.boot.proofs import Mutation
from aiaudit.reading import decode
from aiaudit.sources.dockerfile.parse import extract

if TYPE_CHECKING:
    from aiaudit.boot.rebuild.bench import Bench
    from aiaudit.boot.rebuild.suspects import Suspect
    from aiaudit.model.image import Image

REPAIRED = "repaired"


def repaired(bench: Bench, image: Image, suspect: Suspect, path: str) -> Mutation | None:
    """Build with the fix, change the same file again, and tell what was repeated then.

    None where the repaired Dockerfile does not build: then the fix is no fix here.
    """
    assert suspect.fix is not None
    before = decode(bench.dockerfile.read_bytes(), image.path)
    after = suspect.fix.applied(image.path, before)
    with bench.rewritten(after, _moved(before, after, suspect.work)):
        try:
            bench.build()
            return bench.changed(REPAIRED, path)
        except BuildFailed:
            if bench.engine.cancelled:
                raise
            return None


def _moved(before: str, after: str, work: frozenset[int]) -> frozenset[int]:
    """The lines at which instructions of these lines stand afterwards: a fix moves them as they are."""
    texts = {i.raw.strip() for i in extract(before).instructions if i.extent.line in work}
    return frozenset(i.extent.line for i in extract(after).instructions if i.raw.strip() in texts)
