"""What the image rules look at: an image, its stages, their layers, and what each layer brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from aiaudit.model.image.filesystem import Filesystem, Presence
from aiaudit.sources.dockerfile.facts import Command, DockerfileFacts, Instruction, StageFacts
from aiaudit.sources.dockerfile.references import is_windows
from aiaudit.span import Extent, Span
from aiaudit.values import dataclass, field

if TYPE_CHECKING:
    from aiaudit.model.image.context import Context
    from aiaudit.model.image.usage import Usage
    from aiaudit.model.service import Service

_NOWHERE = Extent(1, 1, 1, 1)


@dataclass(frozen=True, slots=True)
class Mount:
    """A `RUN --mount`: `type` is "bind", "cache", "tmpfs", "secret" or "ssh"."""

    type: str
    target: str
    source: str = ""
    from_: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """What one COPY or ADD brings.

    `destination` is absolute, None where a variable hides it. `stage` is the stage copied from, None for the build
    context; `is_foreign` tells that the files come from another image, a named context or an address.
    `files` are repository paths from the context after .dockerignore; `missing` are sources that match nothing;
    `landings` pair a place in the image with the repository file that lands there.
    """

    instruction: Instruction
    sources: tuple[str, ...]
    destination: str | None
    stage: Stage | None = None
    is_foreign: bool = False
    is_whole_context: bool = False
    files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    landings: tuple[tuple[str, str], ...] = ()

    @property
    def is_from_context(self) -> bool:
        """Whether repository files come in here."""
        return self.stage is None and not self.is_foreign


@dataclass(frozen=True, slots=True)
class Package:
    """A package named on a command line; `name` is normalised, `text` as written."""

    name: str
    text: str
    specifier: str = ""
    extras: tuple[str, ...] = ()
    extent: Extent = _NOWHERE


@dataclass(frozen=True, slots=True)
class Input:
    """A file that an install reads: `name` as written, `kind` "requirement", "constraint", "manifest" or "lock".

    `place` is its path in the image (None where unknown), `source` the repository file that lies there, `presence`
    whether anything does when the command runs.
    """

    name: str
    kind: str
    place: str | None
    source: str | None
    presence: Presence


@dataclass(frozen=True, slots=True)
class Install:
    """One command that installs packages.

    `tool` is "pip", "pipx", "uv pip", "uv", "poetry", "pdm", "pipenv", "conda", "apt", "apk", "dnf", "npm", "yarn", ...
    `ecosystem` is "python", "system", "node" or "other". `folder` is where the command runs (None where unknown).
    `requirement_files` and `constraint_files` are as written; `reads` are the manifest and lock names that the tool
    looks up in its folder by itself; `inputs` are all of these, looked up in the image as it is when the command runs.
    `project` is the project folder that is installed too (`.`, "" for none). `groups` are the groups beside the main
    one that it installs, `extras` likewise; `without_main` tells `--only dev`. `indexes` are the package indexes that
    the command and the environment's variables name. `flags` are the bare options.
    """

    tool: str
    ecosystem: str
    command: Command
    folder: str | None
    packages: tuple[Package, ...] = ()
    requirement_files: tuple[str, ...] = ()
    constraint_files: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    project: str = ""
    editable: bool = False
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    without_groups: tuple[str, ...] = ()
    without_main: bool = False
    without_development: bool = False
    indexes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    mounts: tuple[Mount, ...] = ()
    inputs: tuple[Input, ...] = ()

    @property
    def extent(self) -> Extent:
        """Where the command stands."""
        return self.command.extent

    def environment(self, around: Mapping[str, str]) -> Mapping[str, str]:
        """The variables that the command sees: those of its layer, and its own ahead of it, as in `PIP_USER=1 pip`."""
        own = {pair.key: pair.value or "" for pair in self.command.assignments}
        return {**around, **own} if own else around

    @property
    def has_cache_mount(self) -> bool:
        """Whether downloads survive a rebuild in a BuildKit cache mount."""
        return any(mount.type == "cache" for mount in self.mounts)

    @property
    def installs_something(self) -> bool:
        """Whether anything is named that could be installed."""
        return bool(self.packages or self.requirement_files or self.reads or self.project)

    @property
    def text(self) -> str:
        """The command as written, on one line."""
        return " ".join(word.text for word in self.command.words)


@dataclass(frozen=True, slots=True)
class Download:
    """A command that fetches model weights: `what` names the call or model; `script` is the repository file run, and
    `needed` are the others that it leads to."""

    command: Command
    what: str
    script: str = ""
    needed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """One instruction of a stage with the state that it meets: variables, user, folder and shell before it runs.

    `downloads` are those that commands and scripts show by themselves; `programs` run Python files of the repository
    that may lead to others, see `fetched.downloads_of`.
    """

    instruction: Instruction
    stage: Stage
    environment: Mapping[str, str]
    workdir: str | None
    user: str
    shell: tuple[str, ...]
    copy: Copy | None = None
    installs: tuple[Install, ...] = ()
    downloads: tuple[Download, ...] = ()
    programs: tuple[Download, ...] = ()
    mounts: tuple[Mount, ...] = ()

    @property
    def keyword(self) -> str:
        """The instruction's name."""
        return self.instruction.keyword


@dataclass(slots=True, eq=False)
class Stage:
    """A build stage, resolved. `base` is FROM's image with variables replaced; `parent` is set when that is a stage.

    `environment`, `arguments`, `workdir`, `user`, `shell`, `entrypoint`, `command` and `healthcheck` are those at the
    stage's end, inherited ones included. `base_is_known` is false where a variable without default hides the base.
    Where the base image's own WORKDIR is not known, `workdir` lies below `bases.UNKNOWN_FOLDER`.
    """

    index: int
    facts: StageFacts
    base: str
    base_is_known: bool = True
    parent: Stage | None = None
    layers: list[Layer] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str | None] = field(default_factory=dict)
    workdir: str | None = "/"
    user: str = ""
    user_instruction: Instruction | None = None
    shell: tuple[str, ...] = ("/bin/sh", "-c")
    entrypoint: Instruction | None = None
    command: Instruction | None = None
    healthcheck: Instruction | None = None
    files: Filesystem | None = None

    @property
    def name(self) -> str | None:
        """The alias after AS."""
        return self.facts.name

    @property
    def start(self) -> Instruction:
        """The FROM instruction."""
        return self.facts.start

    @property
    def lineage(self) -> tuple[Stage, ...]:
        """The stages that this one is built on, the deepest first, and itself."""
        chain = [self]
        while chain[0].parent is not None:
            chain.insert(0, chain[0].parent)
        return tuple(chain)

    @property
    def root_base(self) -> str:
        """The image outside of this file that everything starts from."""
        return self.lineage[0].base

    @property
    def is_windows(self) -> bool:
        """Whether the image is one of Windows, where users, shells, signals and paths are others."""
        return is_windows(self.root_base, self.lineage[0].facts.platform)

    @property
    def inherited_layers(self) -> Iterator[Layer]:
        """All layers of the lineage in the order they are built."""
        for stage in self.lineage:
            yield from stage.layers

    @property
    def installs(self) -> Iterator[tuple[Layer, Install]]:
        """All installs of the lineage with their layers."""
        for layer in self.inherited_layers:
            for install in layer.installs:
                yield layer, install


@dataclass(frozen=True, slots=True)
class Server:
    """A server started by the image: what runs which application, and how.

    `target` is as written (`app.main:app`, `main.py`, `manage.py runserver`); `module` and `attribute` are its parts.
    `kind` says what `target` is: "module" (module:attribute), "script" (a path), "package" (`python -m`), "function" (a
    console script of the project: module and function) or "".
    `span` is the command's place, in the Dockerfile or in the script that starts it. `folder` is the directory that it
    runs in (None where unknown), `app_dir` what is put ahead on the import path. `options` are all flags as written.
    `environment` are the variables that the image and the scripts before it set. `runner` is the tool that starts it in
    an environment of its own (`uv run`, `poetry run`), "" for none. `is_conditional` tells that a condition in a script
    decides whether it starts.
    """

    program: str
    target: str
    span: Span
    kind: str = ""
    module: str = ""
    attribute: str = ""
    host: str = ""
    port: str = ""
    workers: str = ""
    reload: bool = False
    debug: bool = False
    factory: bool = False
    app_dir: str = ""
    folder: str | None = None
    options: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ()
    is_conditional: bool = False
    runner: str = ""
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def has_open_words(self) -> bool:
        """Whether a word that is not an option's value is a variable, which may stand for further options."""
        taken = {value for _, value in self.options}
        return any("$" in word and word not in taken and not word.startswith("-") for word in self.words)

    def variable(self, name: str) -> str | None:
        """The value of an environment variable as the server gets it from the image; it may hold a `$` itself."""
        return next((value for key, value in reversed(self.environment) if key == name), None)

    def option(self, *names: str) -> str | None:
        """The value of the first of these options that is given ("" for a bare one)."""
        for name, value in self.options:
            if name in names:
                return value
        return None


@dataclass(frozen=True, slots=True)
class EffectiveCommand:
    """What the container runs: ENTRYPOINT and CMD put together.

    `instruction` is the one that a finding about the command points at. `words` is the argument vector where it is
    known; `is_shell_form` tells that `/bin/sh -c` stands before it; `script` is the repository file that is run first.
    """

    instruction: Instruction
    words: tuple[str, ...]
    is_shell_form: bool
    commands: tuple[Command, ...]
    servers: tuple[Server, ...]
    script: str = ""


@dataclass(frozen=True, slots=True)
class BuildReference:
    """A place outside of the Dockerfile that says how it is built, or run: a compose service, a bake target, a command.

    `mounts` are places in the container that a folder of the repository covers; `tags` the names that the image gets.
    `is_for_development` tells that it is built to work in, not to ship (a devcontainer).
    """

    path: str
    name: str
    context: str
    dockerfile: str
    target: str = ""
    arguments: tuple[tuple[str, str], ...] = ()
    mounts: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_for_development: bool = False


@dataclass(slots=True, eq=False)
class Dockerfile:
    """One Dockerfile: what rules about its instructions get, whether or not an image comes of it.

    A file without FROM has one headless stage of its instructions, whose base nobody knows. `path` is the file that it
    is written in, which may be a compose file.
    """

    path: str
    facts: DockerfileFacts
    service: Service
    context: Context
    stages: tuple[Stage, ...]

    def span(self, extent: Extent) -> Span:
        """A place in this Dockerfile."""
        return Span.at(self.path, extent)

    @property
    def is_embedded(self) -> bool:
        """Whether it is part of another file, whose lines are indented."""
        return self.path.endswith((".yml", ".yaml"))

    @property
    def line(self) -> int:
        """Where it begins: a compose file may hold several."""
        first = self.facts.preamble or (self.facts.stages[0].instructions if self.facts.stages else ())
        return first[0].extent.line if first else 1

    @property
    def key(self) -> str:
        """What tells it from others: where it begins, and the folder that it is built from."""
        return f"{self.path}:{self.line} in {self.context.folder or '.'}"

    @property
    def usage(self) -> Usage:
        """Its instructions and commands, sorted once for all rules."""
        return self.service.part(f"usage of {self.key}", self._usage)

    def _usage(self, service: Service) -> Usage:
        from aiaudit.model.image.usage import usage_of

        return usage_of(self)

    @property
    def shipped(self) -> tuple[Stage, ...]:
        """The stages whose layers are in the final image."""
        return self.stages

    @property
    def used(self) -> tuple[Stage, ...]:
        """Every stage that a build of the final one runs, in file order."""
        return self.stages

    @property
    def has_python(self) -> bool:
        """Whether a stage is built on Python or installs Python packages."""
        return any(
            "python" in stage.root_base or any(install.ecosystem == "python" for _, install in stage.installs)
            for stage in self.used
        )

    @property
    def is_for_development(self) -> bool:
        """A development container or a build for one: no image of the service."""
        return _is_for_development(self.path)


@dataclass(slots=True, eq=False)
class Image(Dockerfile):
    """One Dockerfile as a build: what the rules of the image pack get."""

    final: Stage
    references: tuple[BuildReference, ...] = ()
    command: EffectiveCommand | None = None

    @property
    def is_for_development(self) -> bool:
        """A development container, also one that a devcontainer.json alone builds: no image of the service."""
        stated = bool(self.references) and all(reference.is_for_development for reference in self.references)
        return stated or _is_for_development(self.path)

    @property
    def shipped(self) -> tuple[Stage, ...]:
        """The stages whose layers are in the final image."""
        return self.final.lineage

    @property
    def servers(self) -> tuple[Server, ...]:
        """The servers that the final image starts."""
        return self.command.servers if self.command else ()

    @property
    def copied_from(self) -> tuple[Stage, ...]:
        """The stages that shipped stages take files from, directly or through other stages."""
        found: list[Stage] = []
        queue = list(self.shipped)
        for stage in queue:  # grows while it is walked
            for layer in stage.layers:
                source = layer.copy.stage if layer.copy else None
                if source is not None and source not in found and source not in self.shipped:
                    found.append(source)
                    queue.extend(member for member in source.lineage if member not in queue)
        return tuple(found)

    @property
    def used(self) -> tuple[Stage, ...]:
        """Every stage that a build of the final one runs, in file order."""
        wanted = {id(stage) for stage in self.shipped}
        for source in self.copied_from:
            wanted.update(id(stage) for stage in source.lineage)
        return tuple(stage for stage in self.stages if id(stage) in wanted)


def _is_for_development(path: str) -> bool:
    """Whether a file's name or folder says that it is one to work with."""
    folders = path.lower().split("/")
    name = folders[-1]
    return (
        ".devcontainer" in folders
        or name.endswith((".dev", ".devcontainer", "-dev", ".test", ".local"))
        or name.startswith(("dev.", "test."))
    )
