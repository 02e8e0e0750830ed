"""Builds that scripts, Makefiles and workflows run: `docker build -f ... CONTEXT` and the build-push action."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from aiaudit.model.image.commands import commands_in, expanded, names_in, options, unwrapped
from aiaudit.model.image.context import below
from aiaudit.model.image.makefiles import shell_names, variables_of
from aiaudit.model.image.values import BuildReference
from aiaudit.model.tree import Tree
from aiaudit.sources.deploy.yaml import MAPPING, Node, YamlFacts
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Command

_ENGINES = names_in("docker podman nerdctl buildah")
_BEFORE_BUILD = names_in("buildx image builder")
_BUILDS = names_in("build bud")
_VALUES = names_in(
    "-f --file -t --tag --build-arg --target --platform --cache-from --cache-to --label --network --output -o"
    " --progress --secret --ssh --build-context --builder --iidfile --metadata-file --memory -m --shm-size --add-host"
    " --ulimit --allow --attest --annotation --call --cpuset-cpus --isolation --provenance --sbom"
)
_MAKEFILES = ("Makefile", "makefile", "GNUmakefile", "Justfile", "justfile")


def build_commands(tree: Tree) -> Iterator[BuildReference]:
    """Every build of a Dockerfile of the tree whose context is told."""
    for path in tree.files():
        name, folder = posixpath.basename(path), posixpath.dirname(path)
        if name.endswith((".sh", ".bash")):
            if _speaks_of_building(tree.text(path)):
                yield from _in_script(tree, path, tree.text(path), (folder, ""))
        elif name in _MAKEFILES or name.endswith(".mk"):
            if _speaks_of_building(tree.text(path)):
                yield from _in_makefile(tree, path, folder)
        elif name.endswith((".yml", ".yaml")) and ".github" in folder.split("/") and "docker" in tree.text(path):
            yield from _in_workflow(tree, path)


def _speaks_of_building(text: str) -> bool:
    return any(engine in text for engine in _ENGINES) and "build" in text


def _in_script(
    tree: Tree, path: str, text: str, folders: Iterable[str], variables: Mapping[str, str] | None = None
) -> Iterator[BuildReference]:
    known = dict(variables or {})
    candidates = tuple(dict.fromkeys(folders))
    entered = ""
    for command in commands_in(text):
        for pair in command.assignments if not command.words else ():
            known[pair.key] = expand(pair.value or "", known.get).text
        command = expanded(unwrapped(command), lambda word: expand(word, known.get).text)
        if command.name == "cd":
            target = command.arguments[0] if command.arguments else "/"
            entered = "" if set("$`/") & set(target[:1]) else posixpath.join(entered, target)
            continue
        found = _of_command(tree, path, command, [posixpath.join(folder, entered) for folder in candidates])
        if found is not None:
            yield found


def _in_makefile(tree: Tree, path: str, folder: str) -> Iterator[BuildReference]:
    text = tree.text(path).replace("\\\n", " ")
    variables = variables_of(text)
    for line in text.splitlines():
        if line[:1] in ("\t", " ") and _speaks_of_building(line):
            recipe = shell_names(line.strip().lstrip("@-+"))
            yield from _in_script(tree, path, recipe, (folder,), variables)


def _of_command(tree: Tree, path: str, command: Command, folders: Iterable[str]) -> BuildReference | None:
    words = list(command.words[1:])
    while words and words[0].text in _BEFORE_BUILD:
        words.pop(0)
    if command.name not in _ENGINES or not words or words[0].text not in _BUILDS:
        return None
    given = options(words[1:], _VALUES)
    if not given.positionals:
        return None
    arguments = tuple(value.partition("=")[::2] for value in given.values("--build-arg") if "$" not in value)
    context, file = given.positionals[-1].text, given.value("-f", "--file")
    tags = given.values("-t", "--tag")
    # a build that hands out files makes no image: its target is not what ships
    target = "" if any(map(_is_for_files, given.values("--output", "-o"))) else given.value("--target") or ""
    return _reference(tree, path, context, file, target, arguments, tags, folders)


def _is_for_files(output: str) -> bool:
    """Whether `--output` asks for a folder or an archive of files."""
    fields = dict(field.partition("=")[::2] for field in output.split(","))
    return fields.get("type") in ("local", "tar") or ("type" not in fields and "=" not in output)


def _reference(
    tree: Tree,
    path: str,
    context: str,
    file: str | None,
    target: str,
    arguments: tuple[tuple[str, str], ...],
    tags: tuple[str, ...],
    folders: Iterable[str],
) -> BuildReference | None:
    """The build, seen from the first of the folders where its Dockerfile is."""
    if any(set("$`") & set(text) or "://" in text or text.startswith("/") for text in (context, file or "", target)):
        return None
    if context == "-":
        return None
    for folder in folders:
        place = below(folder, context)
        dockerfile = below(folder, file) if file else below(place, "Dockerfile")
        if tree.exists(dockerfile) and (not place or tree.exists(place)):
            name = tags[0] if tags else ""
            return BuildReference(path, name, place, dockerfile, target, arguments, tags=tags)
    return None


def _in_workflow(tree: Tree, path: str) -> Iterator[BuildReference]:
    facts = tree.facts(path, "yaml")
    for document in facts.documents if isinstance(facts, YamlFacts) else ():
        jobs = document.get("jobs") if document.kind == MAPPING else None
        for _, job in jobs.pairs() if jobs is not None and jobs.kind == MAPPING else ():
            steps = job.get("steps") if job.kind == MAPPING else None
            for step in steps.items if steps is not None else ():
                if step.kind == MAPPING:
                    yield from _in_step(tree, path, job, step)


def _in_step(tree: Tree, path: str, job: Node, step: Node) -> Iterator[BuildReference]:
    if step.text("uses").startswith("docker/build-push-action"):
        context = step.text("with", "context") or "."
        listed = tuple(line.strip() for line in step.text("with", "tags").splitlines() if line.strip())
        lines = step.text("with", "build-args").splitlines()
        arguments = tuple(line.strip().partition("=")[::2] for line in lines if "=" in line and "$" not in line)
        file = step.text("with", "file") or None
        found = _reference(tree, path, context, file, step.text("with", "target"), arguments, listed, ("",))
        if found is not None:
            yield found
        return
    folder = step.text("working-directory") or job.text("defaults", "run", "working-directory")
    if _speaks_of_building(step.text("run")) and "$" not in folder:
        yield from _in_script(tree, path, step.text("run"), (folder.removeprefix("./"),))
