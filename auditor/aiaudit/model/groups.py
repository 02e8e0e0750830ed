"""Services of one tree that have nothing to do with each other: each can be judged by itself.

A unit is a folder that is built or installed by itself. Units belong together where an import, a queue or an image
joins them, and whenever that cannot be told: what is judged apart must be what it would be in a tree of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from aiaudit.model.image import Dockerfile
from aiaudit.model.kubernetes import manifests
from aiaudit.model.ladder.lambdas import may_hold_functions
from aiaudit.model.layout import Layout, join
from aiaudit.model.limits import gateway_files
from aiaudit.model.links import Links
from aiaudit.model.program import CONNEXION, starting
from aiaudit.model.python import entries_of, layout_of
from aiaudit.model.service import Group, Service
from aiaudit.model.tree import Tree
from aiaudit.model.units import Joined, Units

# Files that tell who runs the one application of a tree, and limits its requests; Heroku's beside a Procfile.
_APP_RUNNER, _HEROKU = ("apprunner.yaml", "apprunner.yml"), ("heroku.yml", "app.json")
_ROUTING = ("Ingress", "HTTPRoute", "Gateway")


def shared_parts(service: Service) -> None:
    """Make what all services of a tree have in common."""
    layout_of(service)
    gateway_files(service)
    service.subjects(Dockerfile)


def groups_of(service: Service, before_images: Callable[[], None] = lambda: None) -> tuple[Group, ...]:
    """What belongs to no service, then each service; () for a tree that is one.

    `before_images` is called when all is known that the Python files say, and the images are next.
    """
    entries, layout = entries_of(service), layout_of(service)
    units = Units(service.tree.files())
    if len({units.of(path) for path in entries}) < 2 or _is_one(service, entries):
        return ()
    joined = Joined()
    for first, second in Links(service.tree, layout, units).joined():
        joined.join(first, second)
    begun = {joined.of(units.of(path)) for path in entries}
    if len(begun) < 2:
        return ()
    before_images()
    shared_parts(service)
    images = {
        image.key: frozenset(map(units.of, carried_by(image, layout) or (image.path,)))
        for image in service.subjects(Dockerfile)
    }
    for carried in images.values():
        within = [unit for unit in sorted(carried) if joined.of(unit) in begun]
        for unit in within[1:]:
            joined.join(within[0], unit)
    begun = {joined.of(unit) for unit in begun}
    return _groups(layout, entries, units, joined, images) if len(begun) > 1 else ()


def still_fit(groups: Sequence[Group], service: Service) -> bool:
    """Whether images are still built from where they were when the groups were made, and carry the same services."""
    layout = layout_of(service)
    known = {image for group in groups for image in group.images}
    for image in service.subjects(Dockerfile):
        carried = carried_by(image, layout)
        holding = [group for group in groups if not group.files.isdisjoint(carried)]
        if image.key not in known or len(holding) > 1 or (holding and image.key not in holding[0].images):
            return False
    return True


def carried_by(image: Dockerfile, layout: Layout) -> set[str]:
    """The Python files of the tree that lie in an image, or in one of its stages."""
    systems = [stage.files for stage in image.stages if stage.files is not None]
    return {source for files in systems for source in files.files.values() if source in layout.paths}


def _is_one(service: Service, entries: Sequence[str]) -> bool:
    """Whether something is found by what it is called, or limits whoever it stands before."""
    tree = service.tree
    if any(tree.mentions(path, CONNEXION) for path in entries):
        return True
    if tree.files("nginx") or any(map(may_hold_functions, tree.files("yaml"))) or _has_platform(tree):
        return True
    return any(
        manifest.kind in _ROUTING or manifest.node.text("apiVersion").startswith("serving.knative.dev")
        for manifest in manifests(service)
    )


def _has_platform(tree: Tree) -> bool:
    for path in tree.files():
        folder, _, name = path.rpartition("/")
        if name in _APP_RUNNER or (name in _HEROKU and tree.exists(join(folder, "Procfile"))):
            return True
    return False


def _groups(
    layout: Layout,
    entries: Sequence[str],
    units: Units,
    joined: Joined,
    images: dict[str, frozenset[str]],
) -> tuple[Group, ...]:
    """The groups by where their entries begin."""
    begun = _sorted(entries, lambda path: joined.of(units.of(path)))
    starters = _sorted(starting(layout.paths, entries), lambda path: joined.of(units.of(path)))
    files = _sorted(layout.paths, lambda path: joined.of(units.of(path)))
    folders = _sorted(filter(None, units.all()), joined.of)
    homes = {
        image: next((name for unit in sorted(carried) if (name := joined.of(unit)) in begun), None)
        for image, carried in images.items()
    }

    def group(name: str | None) -> Group:
        own = frozenset(image for image, home in homes.items() if home == name)
        if name is None:
            return Group((), (), frozenset(), own, frozenset(), frozenset())
        foreign = (folder for other in begun if other != name for folder in folders[other])
        return Group(
            tuple(begun[name]),
            tuple(starters[name]),
            frozenset(files[name]),
            own,
            frozenset(folders[name]),
            frozenset(foreign),
        )

    return (group(None), *map(group, list(begun)))


def _sorted(items: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    """What belongs to each unit that stands for a group."""
    found: dict[str, list[str]] = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found
