"""Files that say how an image is built and run: compose services, bake targets, build commands, devcontainers."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from aiaudit.model.compose import ComposeFile, compose_files, variables
from aiaudit.model.image.bake import bake_references, bake_targets, is_bake_file
from aiaudit.model.image.builders import build_commands
from aiaudit.model.image.context import below
from aiaudit.model.image.devcontainers import devcontainer_references
from aiaudit.model.image.values import BuildReference
from aiaudit.model.service import Service
from aiaudit.sources.deploy.yaml import MAPPING, SCALAR, Node
from aiaudit.sources.dockerfile.facts import DockerfileFacts
from aiaudit.values import replace


def references(service: Service) -> tuple[BuildReference, ...]:
    """Every build that a file states, deploy files first; paths are relative to the tree's root.

    Those whose context is an address or hidden in a variable are left out: nothing can be said of what they read.
    """
    return service.part("build references", _references)


def _references(service: Service) -> tuple[BuildReference, ...]:
    tree = service.tree
    found = (*_compose(service), *bake_references(tree), *build_commands(tree), *devcontainer_references(tree))
    return tuple(item for item in found if "$" not in item.context and ":/" not in item.context)


def dockerfile_paths(service: Service) -> tuple[str, ...]:
    """Files that have a Dockerfile's name, and files that a build names as its Dockerfile."""
    return service.part("dockerfile paths", _dockerfile_paths)


def _dockerfile_paths(service: Service) -> tuple[str, ...]:
    carried = frozenset(service.tree.files())
    stated = {reference.dockerfile for reference in references(service)} & carried
    return tuple(sorted({*service.tree.files("dockerfile"), *stated}))


def embedded_dockerfiles(service: Service) -> Iterator[tuple[BuildReference, DockerfileFacts]]:
    """The Dockerfiles that compose files hold themselves (`dockerfile_inline`), each with the build that it is for."""
    for file in compose_files(service):
        if not service.tree.mentions(file.path, ("dockerfile_inline",)):
            continue
        facts = service.tree.facts(file.path, "embedded")
        by_service = {embedded.service: embedded.facts for embedded in facts.dockerfiles} if facts else {}
        for entry in file.services:
            build = entry.node.get("build")
            if build is not None and entry.name in by_service:
                yield _reference(file.path, entry.name, entry.node, build), by_service[entry.name]


def _compose(service: Service) -> Iterator[BuildReference]:
    files = compose_files(service)
    for file in files:
        for entry in file.services:
            build = entry.node.get("build")
            if build is not None and (build.kind == SCALAR or build.get("dockerfile_inline") is None):
                own = _reference(file.path, entry.name, entry.node, build)
                yield _completed(own, files, service) if _is_partial(build) else own


def _is_partial(build: Node) -> bool:
    """Whether a build says neither where it takes place nor by which Dockerfile: another compose file does."""
    return build.kind == MAPPING and not build.text("context") and not build.text("dockerfile")


def _completed(own: BuildReference, files: tuple[ComposeFile, ...], service: Service) -> BuildReference:
    """A build of a file that is laid over another (`-f compose.yml -f compose.prod.yml`), with what that one says."""
    if service.tree.exists(own.dockerfile):
        return own
    for file in files:
        folder = posixpath.dirname(file.path)
        if file.path == own.path or not f"{posixpath.dirname(own.path)}/".startswith(f"{folder}/" if folder else ""):
            continue
        for entry in file.services:
            build = entry.node.get("build")
            if entry.name == own.name and build is not None and not _is_partial(build):
                base = _reference(file.path, entry.name, entry.node, build)
                return replace(
                    own,
                    context=base.context,
                    dockerfile=base.dockerfile,
                    target=own.target or base.target,
                    arguments=(*base.arguments, *own.arguments),
                )
    return own


def named_contexts(service: Service) -> frozenset[str]:
    """The names of additional build contexts that deploy files of the tree pass: `COPY --from` may say them."""
    return service.part("named build contexts", lambda service: frozenset(_named_contexts(service)))


def _named_contexts(service: Service) -> Iterator[str]:
    for file in compose_files(service):
        for entry in file.services:
            build = entry.node.get("build")
            contexts = build.get("additional_contexts") if build is not None and build.kind == MAPPING else None
            if contexts is not None:
                yield from (item.value.partition("=")[0] for item in contexts.items)
                yield from (key.value for key, _ in contexts.pairs())
    for path in filter(is_bake_file, service.tree.files()):
        for fields in bake_targets(service.tree, path).values():
            contexts = fields.get("contexts")
            yield from contexts if isinstance(contexts, dict) else ()


def _reference(path: str, name: str, service: Node, build: Node) -> BuildReference:
    is_short = build.kind == SCALAR
    context = below(posixpath.dirname(path), (build.value if is_short else build.text("context")) or ".")
    dockerfile = "" if is_short else build.text("dockerfile")
    arguments = () if is_short else variables(build.get("args"))
    return BuildReference(
        path,
        name,
        context,
        below(context, dockerfile or "Dockerfile"),
        "" if is_short else build.text("target"),
        tuple((item.name, item.value) for item in arguments if item.value is not None and "$" not in item.value),
        tuple(_mounts(service.get("volumes"))),
        (service.text("image"),) if service.text("image") else (),
    )


def _mounts(volumes: Node | None) -> Iterator[str]:
    """Places in the container that a folder of the repository covers."""
    for item in volumes.items if volumes is not None else ():
        if item.kind == MAPPING:
            if item.text("type") == "bind":
                yield item.text("target")
            continue
        source, _, rest = item.value.partition(":")
        if rest and source.startswith((".", "/", "~", "$")):
            yield rest.partition(":")[0]
