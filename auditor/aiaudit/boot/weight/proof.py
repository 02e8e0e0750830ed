"""The experiment: weigh what build tools brought, look for everything that asks for it, and start the image without."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiaudit.boot.build import forget
from aiaudit.boot.proofs import Proof, Weight, WeightProof
from aiaudit.boot.weight.alpine import alpine_packages
from aiaudit.boot.weight.archive import read
from aiaudit.boot.weight.debian import debian_packages
from aiaudit.boot.weight.executed import executed
from aiaudit.boot.weight.lines import lines_of_layers
from aiaudit.boot.weight.packages import tells_of_packages
from aiaudit.boot.weight.removable import Removable
from aiaudit.boot.weight.tree import FileTree
from aiaudit.boot.weight.variant import without
from aiaudit.boot.weight.wheels import wheels
from aiaudit.boot.world import EngineError
from aiaudit.patterns import regex

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine
    from aiaudit.model.image import Image
    from aiaudit.span import Span

MEGABYTE = 1_000_000
_PATIENCE = 900  # seconds: the engine gathers a large image before it sends the first byte
_PULL = 50 * MEGABYTE  # bytes a second of a good connection to a registry
_CACHE = regex(r"(/root/\.cache|/home/[^/]+/\.cache|/var/lib/apt/lists|/var/cache/(?:apt|apk)|.*/\.git)/.*")


def prove(
    name: str,
    image: Image,
    span: Span,
    engine: Engine,
    boots: Callable[[str], bool] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> WeightProof:
    """Weigh what the built image `name` of a Dockerfile could do without. `boots` starts an image and tells whether it
    gets ready; without it nothing is proven, only weighed. `span` is the place that the proof is about."""
    try:
        with _patient(engine):
            return _Weighing(name, image, span, engine, progress).proof(boots)
    except EngineError as error:
        return WeightProof(Proof.INCONCLUSIVE, image.path, span, str(error))


@contextmanager
def _patient(engine: Engine) -> Iterator[None]:
    """Let the docker package wait longer for an answer."""
    api = engine.client.api
    before, api.timeout = api.timeout, _PATIENCE
    try:
        yield
    finally:
        api.timeout = before


class _Weighing:
    """One image on the scales."""

    def __init__(self, name: str, image: Image, span: Span, engine: Engine, progress: Callable[[str], None]) -> None:
        self.name = name
        self.image = image
        self.span = span
        self.engine = engine
        self.progress = progress

    def proof(self, boots: Callable[[str], bool] | None) -> WeightProof:
        """Weigh, then start what is left."""
        self.progress("reading the layers")
        archive = read(_saved(self.engine, self.name), tells_of_packages)
        tree = FileTree(archive.layers)
        packages = [*debian_packages(tree), *alpine_packages(tree), *wheels(tree)]
        removable = Removable(packages, tree, executed(self.image))
        lines = lines_of_layers(archive.configuration, self.image, len(archive.layers))
        weights = weights_of(removable, tree, lines)
        total = sum(weight.bytes for weight in weights)
        kept = tuple(sorted(removable.kept.items()))
        caches = caches_of(tree)
        size = self.engine.image(self.name).size

        def made(proof: Proof, reason: str, booted: bool | None = None) -> WeightProof:
            return WeightProof(proof, self.image.path, self.span, reason, total, size, weights, kept, caches, booted)

        if not packages:
            return made(Proof.INCONCLUSIVE, "the image has no list of packages")
        if total < MEGABYTE:
            return made(Proof.REFUTED, _nothing(kept))
        said = described(weights, total, size)
        if boots is None:
            return made(Proof.INCONCLUSIVE, f"{said}; the image without them was not started")
        self.progress("starting the image without them")
        booted = self._boots(removable.files, boots)
        if not booted:
            return made(
                Proof.INCONCLUSIVE, f"{said}, as far as files tell; but without them it does not get ready", False
            )
        return made(Proof.PROVEN, f"{said}: without them it gets ready too", True)

    def _boots(self, files: frozenset[str], boots: Callable[[str], bool]) -> bool:
        variant = without(self.name, files.__contains__, self.engine)
        try:
            return boots(variant)
        finally:
            forget(self.engine, [variant])


def _saved(engine: Engine, name: str) -> Iterator[bytes]:
    """The image's archive, piece by piece; a session that ends stops it."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        for piece in engine.client.api.get_image(name):
            if engine.cancelled:
                raise EngineError("weighing the image was cancelled")
            yield piece
    except (DockerException, RequestException) as error:
        raise EngineError(f"the engine does not give the image {name}: {error}") from None


def weights_of(removable: Removable, tree: FileTree, lines: tuple[int, ...]) -> tuple[Weight, ...]:
    """The removable packages, the heaviest first; a file that several own counts for one of them."""
    files, counted = removable.files, set[str]()
    found = []
    for package in removable.chosen:
        by_line: Counter[int] = Counter()
        for path in package.files:
            if path in files and path not in counted:
                counted.add(path)
                by_line[_line(path, tree, lines)] += tree.size(path)
        if by_line.total():
            (line, _), *_ = by_line.most_common(1)
            found.append(Weight(package.name, package.manager, by_line.total(), line))
    return tuple(sorted(found, key=lambda weight: (-weight.bytes, weight.name)))


def _line(path: str, tree: FileTree, lines: tuple[int, ...]) -> int:
    found: Any = tree.entries.get(path)
    return lines[found[1]] if found and found[1] < len(lines) else 0


def caches_of(tree: FileTree) -> tuple[tuple[str, int], ...]:
    """Folders of caches and repositories with their bytes, the largest first."""
    found: Counter[str] = Counter()
    for path, entry, _ in tree.files():
        match = _CACHE.fullmatch(path)
        if match:
            found[match[1]] += entry.size
    return tuple((name, size) for name, size in found.most_common() if size)


def described(weights: tuple[Weight, ...], total: int, size: int) -> str:
    """How much of an image is not needed, and what weighs most."""
    top = ", ".join(f"{weight.name} {weight.bytes / MEGABYTE:.1f} MB" for weight in weights[:3])
    of_base = sum(weight.bytes for weight in weights if not weight.line)
    base = f", {of_base / MEGABYTE:.1f} MB of them in the base image" if of_base else ""
    share = f" ({100 * total / size:.0f} %)" if size else ""
    return (
        f"{total / MEGABYTE:.1f} of {size / MEGABYTE:.1f} MB{share} are {len(weights)} packages that the service does"
        f" not need{base} ({top}; {total / _PULL:.1f} s of each pull at 50 MB/s)"
    )


def _nothing(kept: tuple[tuple[str, str], ...]) -> str:
    if not kept:
        return "no build tools are in the image"
    name, reason = kept[0]
    more = f", and {len(kept) - 1} more" if len(kept) > 1 else ""
    return f"the build tools are needed: {name} ({reason}){more}"
