"""Whether what the image starts is in it: files and modules looked up in the replayed file system."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from aiaudit.model.image.filesystem import Filesystem, Presence, absolute
from aiaudit.model.image.names import module_names
from aiaudit.model.image.projects import project_module
from aiaudit.model.image.values import Image, Server
from aiaudit.sources.manifests.facts import ManifestFacts
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Missing:
    """What a command names and the image does not hold.

    `kind` is "file", "module" or "attribute"; `place` is where it was looked for; `elsewhere` are repository files that
    look like what was meant.
    """

    server: Server
    kind: str
    name: str
    place: str
    elsewhere: tuple[str, ...] = ()


def missing_targets(image: Image) -> Iterator[Missing]:
    """Every server target of the final stage that is surely not there."""
    files = image.final.files
    if files is None or not any(files.files) or not image.final.base_is_known:
        return
    mounts = tuple(mount for reference in image.references for mount in reference.mounts)
    for server in image.servers:
        found = _missing(image, server, files)
        if found is not None and not any(_is_below(found.place, mount) for mount in mounts):
            yield found


def _is_below(place: str, folder: str) -> bool:
    folder = folder.rstrip("/") or "/"
    return place == folder or place.startswith("/" if folder == "/" else f"{folder}/")


def _missing(image: Image, server: Server, files: Filesystem) -> Missing | None:
    if server.kind == "script":
        return _missing_script(image, server, files)
    if server.kind in ("module", "package", "function") and server.module:
        return _missing_module(image, server, files)
    return None


def _missing_script(image: Image, server: Server, files: Filesystem) -> Missing | None:
    place = absolute(server.target.partition(" ")[0], server.folder)
    if place is None or not place.endswith(".py") or files.presence(place) is not Presence.MISSING:
        return None
    return Missing(server, "file", place, place, _named_alike(image, posixpath.basename(place)))


def _missing_module(image: Image, server: Server, files: Filesystem) -> Missing | None:
    roots = search_path(server)
    if not roots:
        return None
    parts = server.module.split(".")
    found = [module_file(files, root, parts) for root in roots]
    for presence, source in found:  # the first folder that has it decides
        if presence is Presence.UNKNOWN:
            return None
        if presence is Presence.PRESENT:
            return _missing_attribute(image, server, source, roots[0]) if source else None
    presence, source = project_module(image, parts)
    if presence is Presence.PRESENT and source is not None:
        return _missing_attribute(image, server, source, roots[0])
    if presence is Presence.UNKNOWN or may_be_installed(image, parts[0]):
        return None
    elsewhere = _modules_alike(image, parts)
    if not elsewhere and not _is_own_name(image, parts[0]):
        return None  # most likely a distribution's module
    return Missing(server, "module", server.module, roots[0], elsewhere)


def search_path(server: Server, first: str = "") -> tuple[str, ...]:
    """The folders that Python searches for the service's modules; () where one of them is not known.

    `first` is the folder of the script that is run, which stands in the place of the working directory then.
    """
    written = [first or server.app_dir]
    written += [part for part in (server.variable("PYTHONPATH") or "").split(":") if part]
    places = [absolute(part or ".", server.folder) for part in written]
    if server.app_dir and server.program != "uvicorn":
        places.append(server.folder)
    if any(place is None for place in places):
        return ()
    return tuple(place for place in dict.fromkeys(places) if place is not None)


def module_place(files: Filesystem, root: str, parts: Sequence[str]) -> tuple[Presence, str | None]:
    """Whether a dotted module lies below a folder, and the place of its file (None for a namespace package)."""
    base = posixpath.join(root, *parts)
    for candidate in (f"{base}/__init__.py", f"{base}.py"):  # Python takes a package before a module
        if candidate in files.files:
            return Presence.PRESENT, candidate
    if files.is_blurred(f"{base}.py"):
        return Presence.UNKNOWN, None
    if base in files.folders and any(True for _ in files.below(base)):
        return Presence.PRESENT, None
    return Presence.MISSING, None


def module_file(files: Filesystem, root: str, parts: Sequence[str]) -> tuple[Presence, str | None]:
    """The same with the repository file that holds it."""
    presence, place = module_place(files, root, parts)
    return presence, files.files[place] if place is not None else None


def _missing_attribute(image: Image, server: Server, source: str, root: str) -> Missing | None:
    """An attribute that the module does not define, where its whole namespace can be told."""
    name = server.attribute.partition(".")[0]
    if not name or server.kind not in ("module", "function"):
        return None
    names = module_names(image.service.tree, source)
    if names is None or name in names:
        return None
    holders = tuple(
        path
        for path in image.context.tree.files("python")
        if path != source and name in (module_names(image.service.tree, path) or ()) and not is_test(path)
    )
    return Missing(server, "attribute", f"{server.module}:{server.attribute}", root, holders[:3])


def may_be_installed(image: Image, top: str) -> bool:
    """Whether a package named on a command line may bring a top-level module."""
    for _, install in (found for stage in (image.final, *image.copied_from) for found in stage.installs):
        if any(_may_hold(package.name, package.text, top) for package in install.packages):
            return True
        for item in install.inputs:
            facts = image.service.tree.facts(item.source, "manifest") if item.source else None
            if isinstance(facts, ManifestFacts) and any(made.url or made.editable for made in facts.requirements):
                return True
    return False


def _may_hold(name: str, text: str, top: str) -> bool:
    """Whether a package named on a command line may bring a top-level module."""
    return name.replace("-", "_") == top or "://" in text or text.endswith(".whl")


def _is_own_name(image: Image, top: str) -> bool:
    return bool(_modules_alike(image, [top]))


def _modules_alike(image: Image, parts: Sequence[str]) -> tuple[str, ...]:
    """Repository files whose path ends in the module's, or that bear its last name."""
    tail = "/".join(parts)
    ends = (f"/{tail}.py", f"/{tail}/__init__.py")
    paths = [path for path in image.context.tree.files("python") if not is_test(path)]
    own = [path for path in paths if f"/{path}".endswith(ends)]
    if not own and len(parts) == 1:
        own = [path for path in paths if f"/{tail}/" in f"/{path}"]
    return tuple(own[:3]) or _named_alike(image, f"{parts[-1]}.py")


def _named_alike(image: Image, name: str) -> tuple[str, ...]:
    paths = (path for path in image.context.tree.files("python") if posixpath.basename(path) == name)
    return tuple(path for path in paths if not is_test(path))[:3]


def is_test(path: str) -> bool:
    """Whether a module is one of the tests, which may bear the name of one of the service."""
    return "/tests/" in f"/{path}" or posixpath.basename(path).startswith("test_")
