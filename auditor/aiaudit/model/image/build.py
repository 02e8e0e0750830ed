"""One `Image` a Dockerfile: which context it is built from, its stages, what it runs."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from aiaudit.model.image.context import Context, is_whole
from aiaudit.model.image.filesystem import Presence
from aiaudit.model.image.references import dockerfile_paths, embedded_dockerfiles, references
from aiaudit.model.image.server import effective_command
from aiaudit.model.image.stages import build
from aiaudit.model.image.targets import missing_targets
from aiaudit.model.image.values import BuildReference, Dockerfile, Image, Stage
from aiaudit.model.service import Service
from aiaudit.model.tree import Tree
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import DockerfileFacts, StageFacts
from aiaudit.values import replace

# Names of compose files and stages that tell what is built with them.
_PRODUCTION = regex(r"(?:^|[-_.])(?:prod|production|release|live)(?:[-_.]|$)", re.IGNORECASE)
_DEVELOPMENT = regex(
    r"(?:^|[-_.])(?:dev|devel|develop|development|debug|debugger|tests?|testing|ci|lint|local|override)(?:[-_.]|$)",
    re.IGNORECASE,
)
# Files beyond these bounds are made by programs, and linking them would cost more than their length.
_MOST_STAGES = 300
_MOST_INSTRUCTIONS = 3000
_MOST_COMMANDS = 10_000


def dockerfiles(service: Service) -> tuple[Dockerfile, ...]:
    """Every Dockerfile of a tree in the order of their paths: images, and files that begin no stage."""
    tree = service.tree
    made: list[Dockerfile] = list(service.subjects(Image))
    for path in dockerfile_paths(service):
        facts = tree.facts(path, "dockerfile")
        if facts is not None and not facts.stages and facts.preamble and _is_linkable(service, path, facts):
            made.append(_headless(service, path, facts))
    return tuple(sorted(made, key=lambda dockerfile: (dockerfile.path, dockerfile.line)))


def _headless(service: Service, path: str, facts: DockerfileFacts) -> Dockerfile:
    """A file without FROM: its instructions as one stage on a base that nobody knows."""
    whole = replace(facts, stages=(StageFacts(0, "", None, None, facts.preamble),))
    context = Context(service.tree, posixpath.dirname(path), path)
    stages = build(whole, context, service.tree, {})
    stages[0].base_is_known = False
    return Dockerfile(path, facts, service, context, stages)


def images(service: Service) -> tuple[Image, ...]:
    """The images of a tree, in the order of their paths. Files without a FROM are no images."""
    tree = service.tree
    stated = references(service)
    found: list[Image] = []
    for path in dockerfile_paths(service):
        facts = tree.facts(path, "dockerfile")
        if facts is not None and facts.stages and _is_linkable(service, path, facts):
            own = tuple(reference for reference in stated if reference.dockerfile == path)
            found.append(image(service, path, facts, own))
    for reference, facts in embedded_dockerfiles(service):
        if facts.stages and _is_linkable(service, reference.path, facts):
            found.append(image(service, reference.path, facts, (reference,)))
    return tuple(sorted(found, key=lambda image: (image.path, image.line)))


def _is_linkable(service: Service, path: str, facts: DockerfileFacts) -> bool:
    """Whether a file is a Dockerfile within the bounds; a template or a larger one is named, the audit incomplete."""
    if facts.is_template:
        if facts.unread is None:
            service.tree.problem(path, "is a template of a Dockerfile: audit what it renders to, or exclude it")
        return False
    for found, most, kind in (
        (len(facts.stages), _MOST_STAGES, "stages"),
        (len(facts.instructions), _MOST_INSTRUCTIONS, "instructions"),
        (sum(len(instruction.commands) for instruction in facts.instructions), _MOST_COMMANDS, "shell commands"),
    ):
        if found > most:
            service.tree.problem(path, f"was not looked at: it has {found} {kind}, the bound is {most}")
            return False
    return True


def image(service: Service, path: str, facts: DockerfileFacts, stated: tuple[BuildReference, ...]) -> Image:
    """The image that a Dockerfile builds.

    The first file that states a build decides context, target and arguments, one for production before others and one
    for development after them; where they state several contexts, the first of those that hold most of what the
    Dockerfile reads.
    """
    tree = service.tree
    if stated:
        ranked = sorted(stated, key=_rank)
        by_context = {reference.context: reference for reference in reversed(ranked)}
        chosen = [by_context[context] for context in dict.fromkeys(reference.context for reference in stated)]
        made = [
            _built(service, path, facts, Context(tree, reference.context, path, is_stated=True), stated, reference)
            for reference in chosen
        ]
        return made[0] if len(made) == 1 else min(made, key=_lacking)
    likely = _likely_context(tree, path, facts)
    found = _built(service, path, facts, Context(tree, likely, path), stated)
    lacking = _lacking(found)
    for folder in _above(likely) if lacking else ():
        other = _built(service, path, facts, Context(tree, folder, path), stated)
        if _lacking(other) < lacking:
            found, lacking = other, _lacking(other)
    return found


def _built(
    service: Service,
    path: str,
    facts: DockerfileFacts,
    context: Context,
    stated: tuple[BuildReference, ...],
    chosen: BuildReference | None = None,
) -> Image:
    stages = build(facts, context, service.tree, dict(chosen.arguments) if chosen else {})
    final = _final(stages, chosen)
    made = Image(path, facts, service, context, stages, final, stated)
    made.command = effective_command(made)
    return made


def _lacking(image: Image) -> int:
    """How much of what the Dockerfile reads is not there when it is built from this context."""
    count = 0
    for stage in image.stages:
        for layer in stage.layers:
            count += len(layer.copy.missing) if layer.copy else 0
            for install in layer.installs:
                kinds = {item.kind for item in install.inputs if item.presence is Presence.PRESENT}
                missing = [item for item in install.inputs if item.presence is Presence.MISSING]
                count += sum(1 for item in missing if item.kind == "requirement" or not kinds)
    return count + sum(1 for _ in missing_targets(image))


def _above(folder: str) -> list[str]:
    found = []
    while folder:
        folder = posixpath.dirname(folder)
        found.append(folder)
    return found


def _rank(reference: BuildReference) -> int:
    """Builds that are named after production come first, those named after development last."""
    said = f"{posixpath.basename(reference.path)}.{reference.target}"
    return 0 if _PRODUCTION.search(said) else 2 if _DEVELOPMENT.search(said) else 1


def _is_workshop(stage: Stage) -> bool:
    """Whether a stage's name says that it is for those who work on the service."""
    return _DEVELOPMENT.search(stage.name or "") is not None


def _final(stages: Sequence[Stage], chosen: BuildReference | None) -> Stage:
    """The stage that ships: the target that a deploy file names, or the last one.

    A target for development is not what ships where a stage follows that is not for development.
    """
    target = chosen.target.lower() if chosen else ""
    named = next((stage for stage in stages if target and stage.name == target), stages[-1])
    return stages[-1] if _is_workshop(named) and not _is_workshop(stages[-1]) else named


def _likely_context(tree: Tree, path: str, facts: DockerfileFacts) -> str:
    """The folder, from the Dockerfile's own up to the root, in which most of the COPY sources are found."""
    sources = [
        word.text
        for stage in facts.stages
        for instruction in stage.instructions
        if instruction.keyword in ("COPY", "ADD") and instruction.flag("from") is None
        for word in instruction.words[:-1]
        if "://" not in word.text and not word.text.startswith("<<") and "$" not in word.text
    ]
    named = [source for source in sources if not is_whole(source)]
    own = posixpath.dirname(path)
    folders = [own]
    while folders[-1]:
        folders.append(posixpath.dirname(folders[-1]))
    if not named:
        return _context_of_unnamed(tree, path, folders, bool(sources))
    counts = {folder: sum(_matches(tree, folder, source) for source in named) for folder in folders}
    best = max(counts.values())
    return next(folder for folder in folders if counts[folder] == best)


def _context_of_unnamed(tree: Tree, path: str, folders: list[str], copies: bool) -> str:
    """A Dockerfile that names no file is built from its own folder, unless that holds nothing else to build."""
    own = folders[0]
    if not copies or not own:
        return own
    prefix = f"{own}/"
    beside = [p for p in tree.files() if p.startswith(prefix) and p != path and not _is_build_file(p)]
    return own if beside else folders[-1]


def _is_build_file(path: str) -> bool:
    name = posixpath.basename(path).lower()
    return "docker" in name or "compose" in name or name.endswith((".md", ".sh", ".env"))


def _matches(tree: Tree, folder: str, source: str) -> bool:
    return (
        bool(Context(tree, folder, "").select(source)[0])
        if "*" in source or "?" in source
        else tree.exists(posixpath.normpath(posixpath.join(folder, source.lstrip("/"))))
    )
