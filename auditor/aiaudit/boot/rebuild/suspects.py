"""What the static model blames for repeated work, as something that can be tried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from aiaudit.fix import Fix
from aiaudit.model.image.order import (
    Premature,
    Repeated,
    costly_work,
    is_source,
    premature_before_downloads,
    premature_copies,
    volatile_values,
)
from aiaudit.model.image.values import Install
from aiaudit.span import Span
from aiaudit.values import dataclass

if TYPE_CHECKING:
    from aiaudit.finding import Finding
    from aiaudit.model.image import Image


@dataclass(frozen=True, slots=True)
class Suspect:
    """An instruction that makes later work be repeated, or the whole Dockerfile where the model blames none.

    `work` are the lines of the installs and downloads that it is about; `files` are repository files whose change
    should bring that about, `argument` is a build argument that should; `manifests` are the files that the installs
    really read. `cached` are lines of `work` with a cache mount. `fix` is the order that is suggested instead.
    """

    span: Span
    work: frozenset[int]
    files: tuple[str, ...] = ()
    argument: str = ""
    manifests: tuple[str, ...] = ()
    cached: frozenset[int] = frozenset()
    fix: Fix | None = None
    is_blamed: bool = True


def suspects(image: Image, findings: Iterable[Finding]) -> tuple[Suspect, ...]:
    """One for each place that the rules about the order of layers blame; one for the whole file where they blame none.

    Empty for an image that installs nothing worth a proof.
    """
    fixes = {finding.span: finding.fix for finding in findings if finding.fix is not None}
    blamed = (
        *_copies(image, premature_copies(image), fixes),
        *_copies(image, premature_before_downloads(image), fixes),
    )
    found = (*blamed, *_values(image))
    if found:
        return found
    work = list(costly_work(image))
    start = image.span(image.used[0].start.extent)
    return (_suspect(start, work, _copied_sources(image), is_blamed=False),) if work else ()


def _copies(image: Image, found: Iterable[Premature], fixes: dict[Span, Fix]) -> Iterator[Suspect]:
    for item in found:
        span = image.span(item.layer.instruction.extent)
        yield _suspect(span, item.repeated, item.files, fix=fixes.get(span))


def _values(image: Image) -> Iterator[Suspect]:
    for item in volatile_values(image):
        span = image.span(item.layer.instruction.extent)
        yield _suspect(span, [item.repeated], (), argument=item.name)


def _suspect(
    span: Span,
    work: Iterable[Repeated],
    files: tuple[str, ...],
    *,
    argument: str = "",
    fix: Fix | None = None,
    is_blamed: bool = True,
) -> Suspect:
    layers = {entry.layer.instruction.extent.line: entry.layer for entry in work}
    installs = [entry.work for entry in work if isinstance(entry.work, Install)]
    manifests = [item.source for install in installs for item in install.inputs if item.source]
    cached = [line for line, layer in layers.items() if any(mount.type == "cache" for mount in layer.mounts)]
    return Suspect(
        span, frozenset(layers), files, argument, tuple(dict.fromkeys(manifests)), frozenset(cached), fix, is_blamed
    )


def _copied_sources(image: Image) -> tuple[str, ...]:
    """The source files that any stage takes from the context."""
    copies = (layer.copy for stage in image.used for layer in stage.layers if layer.copy is not None)
    return tuple(dict.fromkeys(path for copy in copies for path in copy.files if is_source(path)))
