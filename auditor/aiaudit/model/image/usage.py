"""The instructions and commands of a Dockerfile, sorted by name once, so that each rule looks at its own alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.model.image.commands import expanded, is_python, unwrapped
from aiaudit.model.image.installs import python_install
from aiaudit.model.image.installs_other import other_install
from aiaudit.model.image.mounts import mount_of
from aiaudit.model.image.values import Dockerfile, Install, Layer, Mount, Stage
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Command, Instruction, Word
from aiaudit.span import Extent
from aiaudit.values import dataclass

_PIP = regex(r"pip\d[\d.]*")
_SETTERS = frozenset({"export", "declare", "typeset"})


@dataclass(frozen=True, slots=True)
class Run:
    """A RUN, or one behind ONBUILD, with its commands freed of `sudo` and the like."""

    layer: Layer
    instruction: Instruction
    commands: tuple[Command, ...]
    installs: tuple[Install, ...]
    mounts: tuple[Mount, ...]

    def resolved(self, command: Command) -> Command:
        """One of its commands with the variables that the build knows replaced."""
        known = self.layer.environment
        return expanded(command, lambda text: expand(text, known.get).text)


@dataclass(frozen=True, slots=True)
class Call:
    """A command of a RUN. `program` is what it runs, `pip` for `python3 -m pip` and `pip3.12`; `words` follow it."""

    run: Run
    position: int
    program: str
    words: tuple[Word, ...]

    @property
    def command(self) -> Command:
        """The whole command."""
        return self.run.commands[self.position]

    @property
    def written(self) -> Command:
        """The command as it stands in the file, with `sudo` and the like."""
        return self.run.instruction.commands[self.position]

    @property
    def before(self) -> Command | None:
        """The command ahead of it in the same RUN."""
        return self.run.commands[self.position - 1] if self.position else None

    @property
    def behind(self) -> tuple[Command, ...]:
        """The commands that follow in the same RUN."""
        return self.run.commands[self.position + 1 :]

    @property
    def texts(self) -> tuple[str, ...]:
        """The words as texts."""
        return tuple(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Placed:
    """An instruction where it stands: `layer` is None before the first FROM. What ONBUILD holds stands for itself."""

    instruction: Instruction
    layer: Layer | None
    is_trigger: bool = False


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variable that ENV, ARG (with a default) or a command of a RUN sets; `instruction` is the one that does."""

    name: str
    value: str
    extent: Extent
    instruction: Instruction


@dataclass(slots=True, eq=False)
class Usage:
    """What a Dockerfile uses: instructions by keyword, commands by program, variables by name, all in file order.

    A command behind `sudo` and the like is found under its own name and under that of the program ahead of it.
    """

    by_keyword: dict[str, list[Placed]]
    runs: tuple[Run, ...]
    by_program: dict[str, list[Call]]
    by_variable: dict[str, list[Assignment]]

    def placed(self, *keywords: str) -> Iterator[Placed]:
        """The instructions of these names, one name after the other."""
        for keyword in keywords:
            yield from self.by_keyword.get(keyword, ())

    def runs_in(self, stages: Iterable[Stage]) -> Iterator[Run]:
        """The RUNs of these stages."""
        wanted = {id(stage) for stage in stages}
        return (run for run in self.runs if id(run.layer.stage) in wanted)

    def calls(self, programs: Iterable[str]) -> Iterator[Call]:
        """The commands that run one of these programs, one program after the other."""
        for program in programs:
            yield from self.by_program.get(program, ())

    def assignments(self, *names: str) -> Iterator[Assignment]:
        """The places that set one of these variables."""
        for name in names:
            yield from self.by_variable.get(name, ())


def usage_of(dockerfile: Dockerfile) -> Usage:
    """Sort the instructions and commands of a Dockerfile."""
    by_keyword: dict[str, list[Placed]] = {}
    for placed in _placed(dockerfile):
        by_keyword.setdefault(placed.instruction.keyword, []).append(placed)
    found = tuple(_runs(dockerfile.stages))
    by_program: dict[str, list[Call]] = {}
    for run in found:
        for position, (command, written) in enumerate(zip(run.commands, run.instruction.commands, strict=True)):
            if command.words:
                call = _call(run, position, command)
                by_program.setdefault(call.program, []).append(call)
            if written is not command:
                by_program.setdefault(written.name, []).append(Call(run, position, written.name, written.words[1:]))
    by_variable: dict[str, list[Assignment]] = {}
    for assignment in _assignments(by_keyword, found):
        by_variable.setdefault(assignment.name, []).append(assignment)
    return Usage(by_keyword, found, by_program, by_variable)


def _assignments(by_keyword: dict[str, list[Placed]], found: Iterable[Run]) -> Iterator[Assignment]:
    for keyword in ("ENV", "ARG"):
        for placed in by_keyword.get(keyword, ()):
            for pair in placed.instruction.pairs:
                if pair.value is not None:
                    yield Assignment(pair.key, pair.value, pair.extent, placed.instruction)
    for run in found:
        for command in run.commands:
            for pair in command.assignments:
                yield Assignment(pair.key, pair.value or "", pair.extent, run.instruction)
            if command.name in _SETTERS:
                for word in command.words[1:]:
                    name, equals, value = word.text.partition("=")
                    if equals:
                        yield Assignment(name, value, word.extent, run.instruction)


def _placed(dockerfile: Dockerfile) -> Iterator[Placed]:
    if dockerfile.facts.stages:
        yield from (Placed(instruction, None) for instruction in dockerfile.facts.preamble)
    for stage in dockerfile.stages:
        for layer in stage.layers:
            yield Placed(layer.instruction, layer)
            if layer.instruction.trigger is not None:
                yield Placed(layer.instruction.trigger, layer, is_trigger=True)


def _call(run: Run, position: int, command: Command) -> Call:
    """The command's program, a module that Python runs taken for the program."""
    name, words = command.name, command.words[1:]
    if is_python(name):
        for number, word in enumerate(words):
            if word.text == "-m" and number + 1 < len(words):
                name, words = words[number + 1].text, words[number + 2 :]
                break
            if not word.text.startswith("-"):
                break
    return Call(run, position, "pip" if _PIP.fullmatch(name) else name, words)


def _runs(stages: Iterable[Stage]) -> Iterator[Run]:
    """The RUNs of stages in their order."""
    for stage in stages:
        for layer in stage.layers:
            run = _run(layer)
            if run is not None:
                yield run


def _run(layer: Layer) -> Run | None:
    if layer.keyword == "RUN":
        commands = tuple(unwrapped(command) for command in layer.instruction.commands)
        return Run(layer, layer.instruction, commands, layer.installs, layer.mounts)
    trigger = layer.instruction.trigger
    if trigger is None or trigger.keyword != "RUN":
        return None
    commands = tuple(unwrapped(command) for command in trigger.commands)
    mounts = tuple(mount_of(value) for value in trigger.flag_values("mount"))
    found = (python_install(c, layer.workdir, mounts) or other_install(c, layer.workdir, mounts) for c in commands)
    return Run(layer, trigger, commands, tuple(install for install in found if install is not None), mounts)
