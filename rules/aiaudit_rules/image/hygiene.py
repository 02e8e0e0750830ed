"""What the rules about an image's upkeep share: the RUNs that ship, the commands in them, whose image it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.image import Dockerfile, Image, Mount
from aiaudit.model.image.commands import names_in, options
from aiaudit.model.image.origins import reference
from aiaudit.model.image.usage import Run
from aiaudit.sources.dockerfile.facts import Command, Instruction
from aiaudit.span import Extent

_VALUED = names_in(
    "-t --target-release --default-release -o --option -c --config-file --repository -X --keys-dir --setopt --root"
    " --releasever --installroot --virtual"
)
_PYTHON_BASES = names_in("python conda mamba pytorch tensorflow uvicorn jupyter uv vllm transformers pypy")
_FRONT_ENDS = names_in("node nginx nginx-unprivileged caddy httpd bun deno")


def shipped_runs(dockerfile: Dockerfile) -> Iterator[Run]:
    """The RUNs whose layers somebody ships: those of shipped stages, and those that ONBUILD leaves to other images."""
    shipped = {id(stage) for stage in dockerfile.shipped}
    for run in dockerfile.usage.runs:
        if id(run.layer.stage) in shipped or run.instruction is not run.layer.instruction:
            yield run


_BESIDE = names_in(
    ".circleci .clusterfuzzlite .devcontainer .github .gitlab benchmark benchmarks ci doc docs e2e fuzz loadtest"
    " loadtests test tests"
)


def is_beside_the_service(image: Dockerfile) -> bool:
    """Whether the image is for development or tests, or the file a template that only looks like a Dockerfile."""
    folders = image.path.lower().split("/")[:-1]
    if image.is_for_development or image.facts.is_template or not _BESIDE.isdisjoint(folders):
        return True
    starts = (stage.start for stage in image.stages if stage.start.keyword == "FROM")
    return any(len(start.words) not in (1, 3) for start in starts)


def verb(command: Command) -> str:
    """The subcommand of a package manager: the first word that is neither an option nor an option's value."""
    places = options(command.words[1:], _VALUED).positionals
    return places[0].text if places else ""


def named(command: Command) -> tuple[str, ...]:
    """The words behind the subcommand."""
    return tuple(word.text for word in options(command.words[1:], _VALUED).positionals[1:])


def short(command: Command, limit: int = 3) -> str:
    """The beginning of a command, for a message."""
    words = [word.text for word in command.words]
    text = " ".join(words[:limit])
    return f"{text} ..." if len(words) > limit else text


def removed_paths(command: Command) -> tuple[str, ...]:
    """What `rm` or `find ... -delete` takes away, braces opened."""
    if command.name == "rm":
        places = [word.text for word in command.words[1:] if not word.text.startswith("-")]
        return tuple(path for place in places for path in _unbraced(place))
    if command.name == "find" and any(word.text in ("-delete", "rm", "-exec") for word in command.words):
        return tuple(word.text for word in command.words[1:2])
    return ()


def _unbraced(text: str) -> list[str]:
    """`/a/{b,c}` as `/a/b` and `/a/c`."""
    head, opening, rest = text.partition("{")
    body, closing, tail = rest.partition("}")
    if not opening or not closing or "," not in body or head.endswith("$"):
        return [text]
    return [path for part in body.split(",") for path in _unbraced(f"{head}{part}{tail}")]


def covers(path: str, folder: str) -> bool:
    """Whether removing or mounting `path` takes in everything below `folder`."""
    path = path.rstrip("/").removesuffix("/*").rstrip("/") or "/"
    folder = folder.rstrip("/")
    return folder == path or folder.startswith("/" if path == "/" else f"{path}/")


def is_mounted(mounts: Iterable[Mount], folder: str) -> bool:
    """Whether a cache or temporary mount keeps a folder out of the layer."""
    return any(mount.type in ("cache", "tmpfs") and covers(mount.target, folder) for mount in mounts)


def is_python_image(image: Image) -> bool:
    """Whether the image carries a Python service (and is no front end, database or proxy)."""
    if image.servers or any(install.ecosystem == "python" for stage in image.used for _, install in stage.installs):
        return True
    name = reference(image.final.root_base).name
    return any(part in name for part in _PYTHON_BASES)


def is_front_end(image: Image) -> bool:
    """Whether the image serves a front end."""
    return not is_python_image(image) and reference(image.final.root_base).last in _FRONT_ENDS


_TEMPLATES = (".template", ".tmpl", ".tpl", ".in", ".j2", ".jinja", ".jinja2", ".erb", ".mustache", ".hbs", ".envsubst")


def is_template(dockerfile: Dockerfile) -> bool:
    """Whether another program makes the Dockerfile of this file: by its name, or by the placeholders in it."""
    return dockerfile.facts.is_template or dockerfile.path.endswith(_TEMPLATES)


def arguments_of(instruction: Instruction) -> Extent:
    """The script of a shell form, from its first command on."""
    if not instruction.commands:
        return instruction.extent
    first, last = instruction.commands[0].extent, instruction.commands[-1].extent
    return Extent(first.line, first.column, *max(first[2:], last[2:]))


def is_malformed_json(instruction: Instruction) -> bool:
    """Whether a shell form was meant as a JSON array: `['program']`, `[program, argument]`, `["program",]`."""
    script = instruction.script.strip()
    if instruction.exec_form or not script.startswith("[") or script.startswith("[["):
        return False
    if script[1:2] in ('"', "'", "\u201c", "\u2018"):
        return True
    # `RUN [ -f x ]` is a test of the shell; as the command of a container that would make no sense
    is_list = instruction.keyword in ("CMD", "ENTRYPOINT") or ("," in script and not script[1:2].isspace())
    return script.endswith("]") and is_list
