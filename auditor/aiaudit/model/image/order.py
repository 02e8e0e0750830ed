"""Which layers are rebuilt needlessly: source, volatile values and what they come ahead of."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from functools import cache

from aiaudit.model.image.commands import names_in
from aiaudit.model.image.fetched import downloads_of
from aiaudit.model.image.mounts import mounted
from aiaudit.model.image.values import Copy, Download, Image, Install, Layer, Stage
from aiaudit.model.packages import heavy_names, known_to_bring, required
from aiaudit.patterns import regex
from aiaudit.sources.manifests.facts import ManifestFacts
from aiaudit.values import dataclass

_STUBS = ("__init__.py", "__about__.py", "__version__.py", "_version.py", "version.py")
_ONE_STEP = ("pip", "uv pip", "setup.py")
# What brings up the installer itself, or is done in a moment.
_BOOTSTRAP = names_in(
    "pip setuptools wheel uv poetry pdm pipenv hatch build virtualenv pip-tools flit poetry-plugin-export"
    " poetry-core hatchling packaging certifi poetry-dynamic-versioning pipx cython ninja maturin"
)
_CODE = names_in(
    ".py .pyx .js .jsx .mjs .cjs .ts .tsx .vue .svelte .html .css .scss .less .go .rs .java .kt .rb .php .cs .c .cc"
    " .cpp .h .hpp .ipynb .jinja .j2 .proto .swift .scala .ex .exs .lua .pl"
)
_MANIFEST = regex(
    r".*requirements.*\.(?:txt|in)|constraints.*\.txt|pyproject\.toml|setup\.(?:py|cfg)|(?:uv|poetry)\.(?:lock|toml)"
    r"|pdm\.(?:lock|toml)|Pipfile(?:\.lock)?|environment.*\.ya?ml|conda.*\.(?:ya?ml|lock)|package(?:-lock)?\.json"
    r"|npm-shrinkwrap\.json|yarn\.lock|pnpm-(?:lock|workspace)\.yaml|bun\.lockb?|\.npmrc|\.yarnrc.*|go\.(?:mod|sum)|Gemfile.*"
    r"|composer\.(?:json|lock)|Cargo\.(?:toml|lock)|tsconfig.*\.json|turbo\.json|lerna\.json|nx\.json",
    re.IGNORECASE,
)
_VOLATILE = regex(
    r"(?:.*_)?(?:GIT_?(?:SHA|COMMIT|REV|REVISION|HASH|REF|TAG|BRANCH|DESCRIBE)|COMMIT(?:_?(?:SHA|HASH|ID|REF))?"
    r"|VCS_REF|REVISION|BUILD_?(?:DATE|TIME|TIMESTAMP|NUMBER|NO|NUM|ID|SHA|COMMIT|REF)|TIMESTAMP|SOURCE_DATE_EPOCH"
    r"|SOURCE_COMMIT|HEROKU_SLUG_COMMIT|CI_(?:COMMIT|PIPELINE|JOB)\w*|GITHUB_(?:SHA|RUN_\w+|REF)|RELEASE_SHA)",
    re.IGNORECASE,
)
_ENVIRONMENT_FOLDER = regex(
    r"venv|virtualenv|site-packages|/usr/local$|/usr/local/lib|/opt/conda|node_modules|/install"
)
# A stage with more copies is made to be slow: what the first ones bring too early is told.
_MOST_COPIES = 200


@dataclass(frozen=True, slots=True)
class Repeated:
    """An install or download that is repeated: with its layer."""

    layer: Layer
    work: Install | Download


@dataclass(frozen=True, slots=True)
class Premature:
    """A COPY that comes too early: `files` nobody behind it needs, `others` do the same, `repeated` pays for it.

    `layer` may be a RUN as well, whose bind mount brings them.
    """

    stage: Stage
    layer: Layer
    copy: Copy
    files: tuple[str, ...]
    others: tuple[Layer, ...]
    repeated: tuple[Repeated, ...]


@dataclass(frozen=True, slots=True)
class Volatile:
    """A value that changes with each build, ahead of an install that does not use it."""

    layer: Layer
    name: str
    repeated: Repeated


def premature_copies(image: Image) -> tuple[Premature, ...]:
    """Copies of source ahead of installs, each reported with everything that it makes be repeated."""
    return tuple(_merged(image, downloads=False))


def premature_before_downloads(image: Image) -> tuple[Premature, ...]:
    """Copies of source ahead of model downloads, where no install is hit by the same copy."""
    known = {id(found.layer) for found in premature_copies(image)}
    return tuple(found for found in _merged(image, downloads=True) if id(found.layer) not in known)


def costly_work(image: Image) -> Iterator[Repeated]:
    """The installs and downloads whose repetition costs more than a moment, in file order."""
    seen: set[int] = set()
    for stage in image.used:
        layers = list(stage.inherited_layers)
        done = _Done(layers, image)
        for position, layer in enumerate(layers):
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            for install in layer.installs:
                if is_expensive(install, image) and not done.leaves_little(position, install):
                    yield Repeated(layer, install)
            for download in downloads_of(layer, image):
                yield Repeated(layer, download)


def volatile_values(image: Image) -> Iterator[Volatile]:
    """ARGs that change with each build ahead of installs; each once, with the first install behind it."""
    seen: set[int] = set()
    paid: set[int] = set()
    for stage in image.used:
        layers = list(stage.inherited_layers)
        for position, layer in enumerate(layers):
            if layer.keyword not in ("ARG", "ENV") or id(layer) in seen:
                continue
            for name in _volatile_names(layer):
                hit = _first_install(image, layers[position + 1 :], name)
                if hit is not None and id(hit.work) not in paid:  # an ENV that repeats its ARG adds nothing
                    seen.add(id(layer))
                    paid.add(id(hit.work))
                    yield Volatile(layer, name, hit)
                    break


def _volatile_names(layer: Layer) -> Iterator[str]:
    for pair in layer.instruction.pairs:
        if not _VOLATILE.fullmatch(pair.key):
            continue
        # An ENV that repeats an ARG of that name changes with it; a literal changes with the file alone.
        if layer.keyword == "ARG" or re.search(r"\$", pair.value or ""):
            yield pair.key


def _first_install(image: Image, layers: Iterable[Layer], name: str) -> Repeated | None:
    uses = regex(rf"\$\{{?{re.escape(name)}\b")
    for layer in layers:
        if uses.search(layer.instruction.raw):
            if layer.installs or layer.keyword == "RUN":
                return None  # needed there, and from there on
            continue
        for install in layer.installs:
            if is_expensive(install, image):
                return Repeated(layer, install)
        for download in downloads_of(layer, image):
            return Repeated(layer, download)
    return None


def _merged(image: Image, downloads: bool) -> Iterator[Premature]:
    """One result for each first copy that comes too early; stages that share it are put together."""
    found: dict[int, Premature] = {}
    for stage in image.used:
        for item in _in_stage(image, stage, downloads):
            known = found.get(id(item.layer))
            if known is None:
                found[id(item.layer)] = item
                continue
            mine = {id(entry.work) for entry in known.repeated}
            more = tuple(entry for entry in item.repeated if id(entry.work) not in mine)
            found[id(item.layer)] = Premature(
                known.stage, known.layer, known.copy, known.files, known.others, known.repeated + more
            )
    yield from found.values()


def _in_stage(image: Image, stage: Stage, downloads: bool) -> Iterator[Premature]:
    layers = list(stage.inherited_layers)
    hits: dict[int, list[Repeated]] = {}
    culprits: dict[int, dict[int, tuple[Layer, Copy, tuple[str, ...]]]] = {}
    copies: list[tuple[int, Layer, Copy]] = []
    done = _Done(layers, image)
    for position, layer in enumerate(layers):
        if layer.copy is not None and layer.copy.is_from_context and layer.copy.files:
            if len(copies) < _MOST_COPIES:
                copies.append((position, layer, layer.copy))
            continue
        works: tuple[Install | Download, ...] = downloads_of(layer, image) if downloads else layer.installs
        brought = [*copies, *((position, layer, copy) for copy in mounted(layer, image.context))] if works else []
        for work in works:
            early = [
                (place, copied, copy, files)
                for place, copied, copy in brought
                if (files := _unneeded(image, done, place, copy, layer, work))
            ]
            if not early:
                continue
            first = early[0][0]
            hits.setdefault(first, []).append(Repeated(layer, work))
            for place, copied, copy, files in early:
                culprits.setdefault(first, {})[place] = (copied, copy, files)
    for first, repeated in hits.items():
        layer, copy, files = culprits[first][first]
        others = tuple(copied for place, (copied, _, _) in sorted(culprits[first].items()) if place != first)
        yield Premature(stage, layer, copy, files, others, tuple(repeated))


def _unneeded(
    image: Image, done: _Done, position: int, copy: Copy, layer: Layer, work: Install | Download
) -> tuple[str, ...]:
    """Source files of a copy that the work behind it does not need; () where the order is right."""
    if isinstance(work, Install):
        if not is_expensive(work, image) or done.leaves_little(position, work):
            return ()
        if work.tool in _ONE_STEP and not copy.is_whole_context and _asks_for_little(work, image):
            return ()  # named with care, done in a moment, and no command installs the dependencies alone
        if work.project and all(posixpath.basename(path) in _STUBS for path in copy.files if is_source(path)):
            return ()  # what the project's build asks for, and hardly ever changes
        needed = _needed_by_install(work, image) | _workspace_members(work, copy)
    else:
        needed = {work.script, *work.needed}
    folders = tuple(f"{path}/" for path in needed if path)
    text = layer.instruction.raw
    return tuple(
        path
        for path in copy.files
        if is_source(path) and path not in needed and not path.startswith(folders) and not _is_named(path, text)
    )


def _workspace_members(install: Install, copy: Copy) -> set[str]:
    """Folders of a copy that are packages of the same workspace: a Node install reads them."""
    if install.ecosystem != "node" or copy.is_whole_context:
        return set()
    own = {posixpath.dirname(item.source) for item in install.inputs if item.source}
    manifests = (path for path in copy.files if posixpath.basename(path) == "package.json")
    return {folder for path in manifests if own and (folder := posixpath.dirname(path)) not in own}


def _is_named(path: str, text: str) -> bool:
    """Whether a RUN names a file: it is what runs there."""
    name = posixpath.basename(path)
    if len(name) <= 3 or name not in text:
        return False
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", text) is not None


@cache
def is_source(path: str) -> bool:
    """Whether a file is what people edit all day: code, and no manifest."""
    name = posixpath.basename(path)
    if _MANIFEST.fullmatch(name):
        return False
    return posixpath.splitext(name)[1].lower() in _CODE


def is_expensive(install: Install, image: Image) -> bool:
    """Whether repeating an install costs more than a moment."""
    if install.ecosystem != "python":
        return bool(install.packages or install.reads)
    if "--no-deps" in install.flags and not install.requirement_files:
        return False
    if install.requirement_files or install.reads:
        return True
    if any(package.name not in _BOOTSTRAP for package in install.packages):
        return True
    return bool(install.project) and bool(required(install, image))


_FEW = 2


def _is_small(install: Install) -> bool:
    """One or two packages by name, none of them heavy: done in seconds beside the dependencies themselves."""
    if install.requirement_files or len(install.packages) > _FEW:
        return False
    return not any(_is_heavy(package.name, package.extras) or "://" in package.text for package in install.packages)


def _asks_for_little(install: Install, image: Image) -> bool:
    """Whether a project and what it requires are installed as quickly: one or two packages, none of them heavy."""
    if not install.project:
        return False
    asked = required(install, image)
    return len(asked) <= _FEW and not any(_is_heavy(item.name, item.extras) for item in asked)


def _is_heavy(name: str, extras: Iterable[str]) -> bool:
    return name in heavy_names() or bool(known_to_bring(name, extras))


def _needed_by_install(install: Install, image: Image) -> set[str]:
    """Repository files and folders that an install reads, with those that they name."""
    found = {item.source for item in install.inputs if item.source}
    queue = list(found)
    for path in queue:  # grows while it is walked
        facts = image.service.tree.facts(path, "manifest") if not path.endswith((".py", ".json")) else None
        if not isinstance(facts, ManifestFacts):
            continue
        for inclusion in facts.inclusions:
            other = _beside(path, inclusion.path)
            if other not in found:
                found.add(other)
                queue.append(other)
        found.update(
            _beside(path, entry.url.removeprefix("file:"))
            for entry in facts.requirements
            if entry.url and "://" not in entry.url.removeprefix("file://")
        )
    return found - {"."}


def _beside(path: str, written: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(path), written))


class _Done:
    """What the dependency layers of a stage have installed, from which position on."""

    def __init__(self, layers: list[Layer], image: Image) -> None:
        self.start = len(layers)  # where dependencies are there
        self.sources: dict[str, int] = {}
        for position, layer in enumerate(layers):
            if layer.copy is not None and not layer.copy.is_from_context and _brings_environment(layer.copy):
                self.start = min(self.start, position)
            for install in layer.installs:
                if install.ecosystem == "python" and is_expensive(install, image):
                    self.start = min(self.start, position)
                    for item in install.inputs:
                        if item.source:
                            self.sources.setdefault(item.source, position)

    def leaves_little(self, position: int, install: Install) -> bool:
        """Whether the layers ahead of a position leave an install little to do."""
        if install.ecosystem != "python":
            return False
        has_dependencies = self.start < position
        if install.project or install.reads:
            return has_dependencies
        if has_dependencies and _is_small(install):
            return True
        sources = {item.source for item in install.inputs if item.kind == "requirement"}
        return bool(sources) and all(self.sources.get(source or "", position) < position for source in sources)


def _brings_environment(copy: Copy) -> bool:
    """Whether a copy from another stage or image brings installed packages."""
    return bool(copy.destination) and _ENVIRONMENT_FOLDER.search(copy.destination or "") is not None
