"""Sources of COPY and ADD that are not there, and why: never committed, kept out by .dockerignore, ignored by git."""

from __future__ import annotations

import fnmatch
import posixpath
import re
from collections.abc import Iterator

from aiaudit.model.image.commands import names_in
from aiaudit.model.image.contents import is_environment_file
from aiaudit.model.image.context import normal
from aiaudit.model.image.values import Copy, Image, Layer
from aiaudit.model.image.variables import PLATFORM_ARGUMENTS
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.deploy.ignore import IgnorePattern
from aiaudit.values import dataclass

NOWHERE, EXCLUDED, IGNORED_BY_GIT = "nowhere", "excluded", "ignored by git"

_MAKERS = regex(
    r"(?:.*/)?(?:(?:GNU)?[Mm]akefile|[Jj]ustfile|Taskfile\.ya?ml|package\.json|Jenkinsfile|noxfile\.py|tasks\.py|dodo\.py"
    r"|[^/]*\.(?:sh|bash|bat|ps1|cmd|mk))|(?:.*/)?\.(?:github|gitlab|circleci)/.*|(?:.*/)?\.gitlab-ci\.ya?ml"
)
_OUTPUTS = names_in("dist build target out bin wheels wheelhouse node_modules .next public")
_WORD = r"(?<![\w.-]){}(?![\w-])"


@dataclass(frozen=True, slots=True)
class Absent:
    """A source that the builder does not find.

    `path` is where it was looked for in the repository; `kind` says why it is not there, `pattern` which line of the
    ignore file keeps it out; `alike` are carried paths that look like what is meant.
    """

    layer: Layer
    source: str
    path: str
    kind: str
    pattern: IgnorePattern | None = None
    alike: tuple[str, ...] = ()


def absent_sources(image: Image) -> Iterator[Absent]:
    """Every source that is surely missing in the stages that a build runs."""
    if not (image.context.is_stated or _fits(image)):
        return
    for stage in image.used:
        for layer in stage.layers:
            if layer.copy is not None and layer.copy.is_from_context:
                yield from _of_copy(image, layer, layer.copy)


def _fits(image: Image) -> bool:
    """Whether a context that nobody states holds most of what the Dockerfile names in it."""
    copies = [layer.copy for stage in image.used for layer in stage.layers if layer.copy is not None]
    copies = [copy for copy in copies if copy.is_from_context]
    missing = sum(len(copy.missing) for copy in copies)
    found = sum(len(copy.sources) - len(copy.missing) for copy in copies if not copy.is_whole_context)
    return found >= missing


def _of_copy(image: Image, layer: Layer, copy: Copy) -> Iterator[Absent]:
    if any(name in layer.instruction.raw for name in PLATFORM_ARGUMENTS):
        return  # another file for each platform
    for source in copy.missing:
        if re.search(r"[*?\[{<$]|://", source) or is_environment_file(source):
            continue  # a wildcard may match nothing, a template is no name; settings are another rule's matter
        absent = _why(image, layer, source)
        if absent is not None:
            yield absent


def _why(image: Image, layer: Layer, source: str) -> Absent | None:
    context, tree = image.context, image.service.tree
    wanted = normal(source)
    path = context.repository_path(wanted)
    prefix = f"{wanted}/"
    if any(name == wanted or name.startswith(prefix) for name in context.all_files):
        return Absent(layer, source, path, EXCLUDED, context.matcher.deciding(wanted))
    if not wanted or tree.exists(path) or path.startswith("../") or _is_submodule(tree, path):
        return None
    if _is_made(tree, path):
        return None
    if _git_ignores(tree, path):
        return Absent(layer, source, path, IGNORED_BY_GIT)
    return Absent(layer, source, path, NOWHERE, alike=_alike(tree, path, context.folder))


def _is_submodule(tree: Tree, path: str) -> bool:
    if not tree.exists(".gitmodules"):
        return False
    folders = re.findall(r"^\s*path\s*=\s*(\S+)", tree.text(".gitmodules"), re.MULTILINE)
    return any(path == folder or path.startswith(f"{folder}/") for folder in folders)


def _is_made(tree: Tree, path: str) -> bool:
    """Whether something of the repository speaks of the file, so that it is most likely made before the build."""
    name = posixpath.basename(path)
    if not _OUTPUTS.isdisjoint(path.split("/")) or name.endswith((".whl", ".jar", ".deb", ".tar.gz", ".tgz", ".zip")):
        return True
    mention = regex(_WORD.format(re.escape(name)))
    if any(_MAKERS.fullmatch(other) and tree.mentions(other, mention) for other in tree.files()):
        return True
    return re.search(r"[._-]", name) is not None and any(
        tree.mentions(other, mention) for other in tree.files("python")
    )


def _git_ignores(tree: Tree, path: str) -> bool:
    """Whether a .gitignore above the path has a pattern for it, or for a folder that it lies in."""
    parts = path.split("/")
    for depth in range(len(parts)):
        file = "/".join((*parts[:depth], ".gitignore"))
        if not tree.exists(file):
            continue
        below = parts[depth:]
        heads = ["/".join(below[: count + 1]) for count in range(len(below))]
        ignored = False
        for line in tree.text(file).splitlines():
            pattern = line.strip()
            if not pattern or pattern.startswith("#"):
                continue
            takes_back = pattern.startswith("!")
            if _matches(pattern.lstrip("!"), heads):
                ignored = not takes_back
        if ignored:
            return True
    return False


def _matches(pattern: str, heads: list[str]) -> bool:
    plain = pattern.rstrip("/").removeprefix("**/")
    if "/" in plain:
        return any(fnmatch.fnmatchcase(head, plain.lstrip("/")) for head in heads)
    return any(fnmatch.fnmatchcase(posixpath.basename(head), plain) for head in heads)


def _alike(tree: Tree, path: str, folder: str) -> tuple[str, ...]:
    """Files of the same name in other folders, or else of a name like it beside the place."""
    name = posixpath.basename(path)
    named = [other for other in tree.files() if posixpath.basename(other) == name or f"/{name}/" in f"/{other}"]
    if named:
        cut = (f"{other[: other.index(f'{name}/')]}{name}" if f"{name}/" in other else other for other in named)
        return tuple(dict.fromkeys(cut))[:3]
    import difflib

    prefix = f"{folder}/" if folder else ""
    beside = {other[len(prefix) :].partition("/")[0] for other in tree.files() if other.startswith(prefix)}
    close = difflib.get_close_matches(name, sorted(beside), n=2, cutoff=0.75)
    return tuple(f"{prefix}{other}" for other in close)
