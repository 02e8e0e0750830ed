"""What the container runs: ENTRYPOINT and CMD put together, scripts of the repository opened, servers told."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping

from aiaudit.model.image.commands import commands_in, expanded, is_shell, runner_of, unwrapped
from aiaudit.model.image.effects import moved
from aiaudit.model.image.filesystem import absolute
from aiaudit.model.image.programs import server_of
from aiaudit.model.image.projects import installed_scripts
from aiaudit.model.image.supervised import supervised
from aiaudit.model.image.values import EffectiveCommand, Image, Server, Stage
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Command, Instruction, Pair
from aiaudit.span import Extent, Span
from aiaudit.values import dataclass, field, replace

_SCRIPT = regex(r".*\.(?:sh|bash)|.*(?:entrypoint|start|run|serve)[\w.-]*")
_ALL_ARGUMENTS = {"$@", "${@}", "$*"}
_DEEPEST = 4


def effective_command(image: Image) -> EffectiveCommand | None:
    """What the final stage runs; None where nothing in the Dockerfile says so."""
    return command_of(image, image.path, image.final.entrypoint, image.final.command, {})


def command_of(
    image: Image,
    path: str,
    entry: Instruction | None,
    command: Instruction | None,
    environment: Mapping[str, str],
) -> EffectiveCommand | None:
    """What an entrypoint and a command written in `path` run in the final stage, with further variables set."""
    pointed = command if entry is None or (entry.exec_form and command is not None) else entry
    if pointed is None:
        return None
    reader = _Reader(image, image.final, path)
    reader.environment = {**image.final.environment, **environment}
    reader.variables = {key: value for key, value in reader.environment.items() if "$" not in value}
    if entry is None:
        reader.instruction(pointed, ())
    elif entry.exec_form and command is not None:
        reader.instruction(entry, _as_command(command))
    else:
        reader.instruction(entry, ())
    started = entry or pointed
    words = tuple(word.text for word in (*started.words, *(command.words if entry and command else ())))
    return EffectiveCommand(
        pointed,
        words if started.exec_form else (started.script,),
        not started.exec_form,
        tuple(reader.commands),
        tuple(reader.servers),
        reader.scripts[0] if reader.scripts else "",
    )


def _lower(extent: Extent, lines: int) -> Extent:
    """The same stretch some lines further down."""
    return extent._replace(line=extent.line + lines, end_line=extent.end_line + lines)


def _as_command(instruction: Instruction) -> tuple[Command, ...]:
    """CMD's words as one command, or what its shell form runs."""
    if not instruction.exec_form:
        return instruction.commands
    if not instruction.words:
        return ()
    return instruction.commands or (Command(instruction.words, (), "", False, (), instruction.extent),)


@dataclass(slots=True)
class _Reader:
    image: Image
    stage: Stage
    path: str
    commands: list[Command] = field(default_factory=list)
    servers: list[Server] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: set[str] = field(default_factory=lambda: set(_ALL_ARGUMENTS))  # what stands for all arguments

    def instruction(self, instruction: Instruction, following: tuple[Command, ...]) -> None:
        """Read ENTRYPOINT or CMD; `following` is what it gets as its arguments."""
        folder = self.stage.workdir
        if instruction.exec_form and instruction.words and following:
            tail = following[0].words if len(following) == 1 else ()
            joined = Command((*instruction.words, *tail), (), "", False, (), instruction.extent)
            self.read([joined, *(following if len(following) > 1 else ())], self.path, folder, following, 0)
        else:
            self.read(instruction.commands, self.path, folder, following, 0)

    def read(
        self,
        commands: Iterable[Command],
        path: str,
        folder: str | None,
        arguments: tuple[Command, ...],
        depth: int,
    ) -> None:
        """Follow commands through `cd`, assignments and scripts."""
        for command in commands:
            if not command.words:
                self._assign(command.assignments, command.nested)
                continue
            runner = runner_of(command)
            command = expanded(unwrapped(command), self.expand)
            if command.name == "cd":
                folder = moved(folder, command)
                continue
            if command.name in ("export", "declare", "local", "readonly"):
                self._export(command)
                continue
            if path == self.path:
                self.commands.append(command)
            if any(word.text in self.arguments for word in command.words[:1]):
                self.read(arguments, self.path, folder, (), depth + 1)
                continue
            if self._script(command, folder, arguments, depth):
                continue
            if self._managed(command, folder, depth):
                continue
            server = server_of(command, folder, self.variables) or self._console_script(command, folder)
            if server is not None:
                span = Span.at(path, command.extent)
                own = [(pair.key, self.expand(pair.raw or pair.value or "")) for pair in command.assignments]
                known = (*self.environment.items(), *own)
                self.servers.append(
                    replace(server, span=span, is_conditional=command.nested, environment=known, runner=runner)
                )

    def expand(self, text: str) -> str:
        """Variables replaced that the image or the script sets."""
        return text if "$(" in text else expand(text, self.variables.get).text

    def _assign(self, pairs: Iterable[Pair], is_conditional: bool) -> None:
        for pair in pairs:
            if pair.value in _ALL_ARGUMENTS and not is_conditional:
                self.arguments.update((f"${pair.key}", f"${{{pair.key}}}"))
            value = self.expand(pair.value or "")
            if is_conditional or "$" in value:
                self.variables.pop(pair.key, None)  # set here or not: its value is not known any more
                value = f"${pair.key}"
            else:
                self.variables[pair.key] = value
            if pair.key in self.environment:
                self.environment[pair.key] = value

    def _export(self, command: Command) -> None:
        for word in command.words[1:]:
            key, equals, value = word.text.partition("=")
            if equals:
                if value in _ALL_ARGUMENTS and not command.nested:
                    self.arguments.update((f"${key}", f"${{{key}}}"))
                value = self.expand(value)
                self.environment[key] = value if not command.nested else f"${key}"
                if "$" not in value and not command.nested:
                    self.variables[key] = value
            elif key in self.variables:
                self.environment[key] = self.variables[key]

    def _script(self, command: Command, folder: str | None, arguments: tuple[Command, ...], depth: int) -> bool:
        """Read a script of the repository that the command runs; False if it runs none."""
        if depth >= _DEEPEST:
            return False
        words = [word for word in command.words if not (is_shell(command) and word.text.startswith("-"))]
        position = 1 if is_shell(command) else 0
        if len(words) <= position:
            return is_shell(command)
        rest = tuple(words[position + 1 :])
        given = arguments or ((replace(command, words=rest, assignments=()),) if rest else ())
        document = self._document(words[position].text, folder)
        if document:
            self.read(document, self.path, folder, given, depth + 1)
            return True
        path = self.repository_file(words[position].text, folder)
        if path is None or not _SCRIPT.fullmatch(posixpath.basename(path)) or path.endswith(".py"):
            return is_shell(command)
        text = self.image.service.tree.text(path)
        if text.startswith("#!") and "python" in text.partition("\n")[0]:
            return False
        self.scripts.append(path)
        self.read(commands_in(text), path, folder, given, depth + 1)
        return True

    def _managed(self, command: Command, folder: str | None, depth: int) -> bool:
        """Read what a process manager starts, each program with the variables of its own; False if it starts none."""
        files = self.stage.files
        if depth >= _DEEPEST or files is None:
            return False
        programs = list(supervised(command, folder, files, self.image.service.tree))
        for program in programs:
            environment, variables = dict(self.environment), dict(self.variables)
            given = [(name, self.expand(value)) for name, value in program.environment]
            self.environment.update(given)
            self.variables.update((name, value) for name, value in given if "$" not in value)
            self.read(program.commands, program.path, program.folder, (), depth + 1)
            self.environment, self.variables = environment, variables
        return bool(programs)

    def _document(self, written: str, folder: str | None) -> list[Command]:
        """The commands of a script that the Dockerfile itself holds as a here-document, where they stand in it."""
        place = absolute(written, folder)
        files = self.stage.files
        found = files.written.get(place) if files is not None and place is not None else None
        if found is None or "python" in found[0].partition("\n")[0]:
            return []
        text, first = found
        return [replace(command, extent=_lower(command.extent, first - 1)) for command in commands_in(text)]

    def _console_script(self, command: Command, folder: str | None) -> Server | None:
        """A console script that a project of the repository defines and the image installs."""
        name = command.words[0].text.rpartition("/")[2]
        target = installed_scripts(self.image, self.stage).get(name)
        if target is None:
            return None
        module, _, attribute = target.partition(":")
        words = tuple(word.text for word in command.words)
        server = Server(name, name, Span.at(self.path, command.extent), "function", module.strip(), attribute)
        return replace(server, folder=folder, words=words)

    def repository_file(self, written: str, folder: str | None) -> str | None:
        """The repository file that a path in the image stands for."""
        place = absolute(written, folder)
        files = self.stage.files
        if place is None or files is None:
            return None
        found = files.source(place)
        if found is None and "/" not in written:  # found on PATH
            places = (f"{folder}/{written}" for folder in ("/usr/local/bin", "/usr/bin", "/bin"))
            found = next((source for place in places if (source := files.source(place))), None)
        return found
