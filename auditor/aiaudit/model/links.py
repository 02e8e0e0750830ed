"""What joins the units of a tree, as far as the texts of their Python files show: imports, queues, requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from aiaudit.model.layout import Layout, Place
from aiaudit.model.program import is_beside_the_service
from aiaudit.model.queues import QUEUEING_BY_NAME
from aiaudit.model.tree import Tree
from aiaudit.model.units import Units
from aiaudit.sources.python.links import ImportFact, PathFact

_QUEUEING = tuple(f"{name}(" for name in sorted(QUEUEING_BY_NAME))
_QUEUES = frozenset(("celery", "dramatiq", "arq", "rq", "saq", "taskiq", "huey", "django_q", "django_rq"))


class Links:
    """All pairs of units that may have to do with each other."""

    def __init__(self, tree: Tree, layout: Layout, units: Units) -> None:
        self.tree = tree
        self.layout = layout
        self.units = units
        self.queueing: set[str] = set()
        self.routes: dict[PathFact, set[str]] = defaultdict(set)
        self.addresses: dict[PathFact, set[str]] = defaultdict(set)

    def joined(self) -> Iterator[tuple[str, str]]:
        """Pairs of units, also of one with itself."""
        queue = [path for path in sorted(self.layout.paths) if not is_beside_the_service(path)]
        seen = set(queue)
        is_queueing = False
        for path in queue:  # grows while it is walked
            own = self.units.of(path)
            imports, routes, addresses = self.tree.facts(path, "links") or ((), (), ())
            for imported in self._imports(path, imports):
                if imported.endswith("/"):  # any of those in a folder
                    yield from ((own, unit) for unit in self.units.below(imported[:-1]))
                    continue
                yield own, self.units.of(imported)
                if imported not in seen:
                    seen.add(imported)
                    queue.append(imported)
            for found, paths in ((self.routes, routes), (self.addresses, addresses)):
                for parts in paths:
                    found[parts].add(own)
            if any(not level and name.partition(".")[0] in _QUEUES for level, name, _ in imports):
                self.queueing.add(own)
            if self.tree.mentions(path, _QUEUEING):
                self.queueing.add(own)
                is_queueing = True
        if is_queueing:  # who runs a job that is queued by its name may be anybody who takes jobs
            yield from ((min(self.queueing), unit) for unit in self.queueing)
        yield from self._asked()

    def _imports(self, path: str, imports: Iterable[ImportFact]) -> Iterator[str]:
        """The files that a file imports; folders, with a slash, where it may be any of those in them."""
        for level, name, names in imports:
            place = self.layout.locate(path, name, level)
            if place is not None:
                yield from self._imported(place, names)
                if not names and place.is_package and place.folder:
                    yield f"{place.folder}/"

    def _asked(self) -> Iterator[tuple[str, str]]:
        """Units one of which may send requests to the other: an address ends like the path of a route, or the other
        way round where a part of either is written somewhere else."""
        for ends, others in ((self.routes, self.addresses), (self.addresses, self.routes)):
            for parts, units in others.items():
                for first in range(len(parts)):
                    found = ends.get(parts[first:], ())
                    yield from ((one, other) for one in units for other in found)

    def _imported(self, place: Place, names: Sequence[str]) -> Iterator[str]:
        yield from self.layout.files_of(place)
        for name in names:
            inner = self.layout.submodule(place, name)
            if inner is not None:
                yield from self.layout.files_of(inner)
