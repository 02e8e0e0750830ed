"""Stages in the order in which they are built: bases resolved, state carried along, layers read."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from aiaudit.model.image.bases import is_plain, starting_folder
from aiaudit.model.image.commands import commands_in, expanded, is_shell, unwrapped
from aiaudit.model.image.context import Context
from aiaudit.model.image.copies import CopyReader
from aiaudit.model.image.downloads import download, download_of_program
from aiaudit.model.image.effects import moved, replay
from aiaudit.model.image.filesystem import Filesystem, Presence, absolute
from aiaudit.model.image.generated import blur_written
from aiaudit.model.image.installs import piped_install, python_install
from aiaudit.model.image.installs_other import other_install
from aiaudit.model.image.makefiles import MAKEFILES, call_of, recipe
from aiaudit.model.image.mounts import bound, mount_of
from aiaudit.model.image.values import Download, Input, Install, Layer, Stage
from aiaudit.model.image.variables import global_arguments
from aiaudit.model.tree import Tree
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Command, DockerfileFacts, Instruction, StageFacts
from aiaudit.values import replace

_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "npm-shrinkwrap.json", "yarn.lock",
          "pnpm-lock.yaml", "bun.lock", "bun.lockb")  # fmt: skip

_INDEX_VARIABLES = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
    "UV_TORCH_BACKEND",
)  # fmt: skip


def build(facts: DockerfileFacts, context: Context, tree: Tree, given: Mapping[str, str]) -> tuple[Stage, ...]:
    """All stages of a Dockerfile; `given` are build arguments that a deploy file passes."""
    globals_ = global_arguments(facts, given)
    named: dict[str, Stage] = {}
    stages: list[Stage] = []
    for stage_facts in facts.stages:
        stage = _started(stage_facts, globals_, named)
        _Builder(stage, facts.escape, globals_, given, context, tree, named).run()
        stages.append(stage)
        named[str(stage.index)] = stage
        if stage.name:
            named[stage.name.lower()] = stage
    return tuple(stages)


def _started(facts: StageFacts, globals_: Mapping[str, str | None], named: Mapping[str, Stage]) -> Stage:
    base = expand(facts.base, globals_.get)
    parent = named.get(base.text.lower()) if not base.text.isdigit() else None
    stage = Stage(facts.index, facts, base.text, base.complete, parent)
    if parent is not None:
        stage.environment = dict(parent.environment)
        stage.arguments = dict(parent.arguments)
        stage.workdir, stage.user, stage.shell = parent.workdir, parent.user, parent.shell
        stage.user_instruction = parent.user_instruction
        stage.entrypoint, stage.command = parent.entrypoint, parent.command
        stage.healthcheck = parent.healthcheck
    stage.files = Filesystem(parent.files if parent else None)
    if parent is None:
        stage.workdir = starting_folder(stage.base)
        if not is_plain(stage.base):
            stage.files.blur("/")
    return stage


class _Builder:
    """Walks one stage."""

    def __init__(
        self,
        stage: Stage,
        escape: str,
        globals_: Mapping[str, str | None],
        given: Mapping[str, str],
        context: Context,
        tree: Tree,
        named: Mapping[str, Stage],
    ) -> None:
        self.stage = stage
        self.escape = escape
        self.globals = globals_
        self.given = given
        self.context = context
        self.tree = tree
        assert stage.files is not None
        self.files = stage.files
        self.copies = CopyReader(context, dict(named), self.files)
        self.has_own_command = False
        self.visible: dict[str, str] = {}
        self._see()

    def lookup(self, name: str) -> str | None:
        """A variable as the builder sees it: ENV before ARG."""
        value = self.stage.environment.get(name)
        return self.stage.arguments.get(name) if value is None else value

    def expand(self, text: str) -> str:
        """Variables replaced as far as they are known."""
        return expand(text, self.lookup, self.escape).text

    def expand_shell(self, text: str) -> str:
        """The same for a word that the shell will see, quotes already gone."""
        return expand(text, self.lookup).text if "$(" not in text and "'" not in text and '"' not in text else text

    def run(self) -> None:
        """Read all instructions; those that the stage below left behind with ONBUILD come first."""
        for left in self.stage.parent.layers if self.stage.parent is not None else ():
            if left.instruction.trigger is not None:
                self._read(self._layer(left.instruction.trigger))  # its layer is told where it stands
        for instruction in self.stage.facts.instructions:
            self.stage.layers.append(self._read(self._layer(instruction)))

    def _layer(self, instruction: Instruction) -> Layer:
        stage = self.stage
        return Layer(instruction, stage, self.visible, stage.workdir, stage.user, stage.shell)

    def _read(self, layer: Layer) -> Layer:
        instruction, stage = layer.instruction, self.stage
        keyword = instruction.keyword
        if keyword in ("COPY", "ADD"):
            return replace(layer, copy=self.copies.read(instruction, stage.workdir, self.expand))
        if keyword == "RUN":
            return self._run(layer)
        if keyword == "ENV":
            # every value of one instruction sees the variables as they were before it
            stage.environment.update({p.key: self.expand(p.raw or p.value or "") for p in instruction.pairs})
            self._see()
        elif keyword == "ARG":
            self._argument(instruction)
        elif keyword == "WORKDIR" and instruction.words:
            stage.workdir = absolute(self.expand(instruction.words[0].raw), stage.workdir)
            if stage.workdir is not None:
                self.files.add_folder(stage.workdir)
        elif keyword == "USER" and instruction.words:
            stage.user, stage.user_instruction = self.expand(instruction.words[0].raw), instruction
        elif keyword == "SHELL":
            stage.shell = tuple(word.text for word in instruction.words)
        elif keyword == "ENTRYPOINT":
            stage.entrypoint = instruction
            if not self.has_own_command:
                stage.command = None
        elif keyword == "CMD":
            stage.command, self.has_own_command = instruction, True
        elif keyword == "HEALTHCHECK":
            stage.healthcheck = instruction
        return layer

    def _argument(self, instruction: Instruction) -> None:
        known = {
            pair.key: self.expand(pair.raw or pair.value) if pair.value is not None else self.globals.get(pair.key)
            for pair in instruction.pairs
        }
        self.stage.arguments.update({key: self.given.get(key, value) for key, value in known.items()})
        self._see()

    def _see(self) -> None:
        known = {key: value for key, value in self.stage.arguments.items() if value is not None}
        self.visible = {**known, **self.stage.environment}

    def _run(self, layer: Layer) -> Layer:
        instruction = layer.instruction
        mounts = tuple(mount_of(value, self.expand) for value in instruction.flag_values("mount"))
        installs: list[Install] = []
        program = download_of_program(instruction)
        downloads: list[Download] = [program] if program is not None else []
        folder = start = self.stage.workdir
        made: list[Command] = []
        for command in self._opened(instruction.commands, folder):
            command = expanded(unwrapped(command), self.expand_shell)
            if command.name == "cd":
                folder = moved(folder, command)
                made.append(command)
                continue
            if is_shell(command) and len(command.words) > 1 and command.words[1].text.startswith("-"):
                continue  # what `sh -c` runs follows as commands of its own
            install = python_install(command, folder, mounts) or other_install(command, folder, mounts)
            if install is not None:
                if command.operator == "|" and made:
                    install = piped_install(install, made[-1])
                start = replay(made, self.files, start)
                made = []
                indexes = (*install.indexes, *self._indexes(command))
                installs.append(replace(install, indexes=indexes, inputs=tuple(self._inputs(install))))
            else:
                made.append(command)
                blur_written(command, folder, self.files, self.tree, instruction.heredocs)
                found = download(command, folder, self.files, self.tree, instruction.heredocs)
                if found is not None:
                    downloads.append(found)
        replay(made, self.files, start)
        return replace(
            layer,
            installs=tuple(installs),
            downloads=tuple(item for item in downloads if item.what),
            programs=tuple(item for item in downloads if not item.what),
            mounts=mounts,
        )

    def _opened(self, commands: Iterable[Command], folder: str | None) -> Iterator[Command]:
        """The commands of a RUN; a script or Makefile of the repository is followed by what it does, at the place that
        runs it."""
        for command in commands:
            yield command
            inner = unwrapped(command)
            text = self._made(inner, folder) if inner.name == "make" else self._script(inner, folder)
            for step in commands_in(text) if text else ():
                placed = tuple(replace(word, extent=command.extent) for word in step.words)
                yield replace(step, words=placed, extent=command.extent)

    def _script(self, command: Command, folder: str | None) -> str:
        """The text of the script that a command runs, if the repository holds it."""
        words = command.words[1:] if is_shell(command) else command.words
        name = words[0].text if words else ""
        place = absolute(self.expand_shell(name), folder) if name.endswith((".sh", ".bash")) else None
        source = self.files.source(place) if place else None
        return self.tree.text(source) if source else ""

    def _made(self, command: Command, folder: str | None) -> str:
        """The lines that make runs, as a Makefile of the repository tells them."""
        call = call_of(command)
        place = absolute(self.expand_shell(call.folder), folder)
        for name in (call.file,) if call.file else MAKEFILES:
            source = self.files.source(found) if (found := absolute(name, place)) else None
            if source:
                return recipe(self.tree.text(source), call, folder or "/")
        return ""

    def _indexes(self, command: Command) -> Iterator[str]:
        """Package indexes that variables name, those ahead of the command first."""
        own = {pair.key: pair.value or "" for pair in command.assignments}
        for name in _INDEX_VARIABLES:
            value = own.get(name) or self.visible.get(name)
            if value:
                yield f"/whl/{value}" if name == "UV_TORCH_BACKEND" else value

    def _inputs(self, install: Install) -> Iterable[Input]:
        for kind, names in (("requirement", install.requirement_files), ("constraint", install.constraint_files)):
            for name in names:
                yield self._input(name, kind, install)
        for name in install.reads:
            kind = "lock" if posixpath.basename(name) in _LOCKS else "manifest"
            yield self._input(name, kind, install)
        if install.project and install.tool in ("pip", "uv pip", "setup.py"):
            for name in ("pyproject.toml", "setup.cfg", "setup.py"):
                yield self._input(posixpath.join(install.project, name), "manifest", install)

    def _input(self, name: str, kind: str, install: Install) -> Input:
        place = absolute(name, install.folder)
        if place is None:
            return Input(name, kind, None, None, Presence.UNKNOWN)
        mounted = bound(place, install.mounts, self.stage.workdir, self.context)
        if mounted is not None:
            return Input(name, kind, place, *mounted)
        return Input(name, kind, place, self.files.source(place), self.files.presence(place))
