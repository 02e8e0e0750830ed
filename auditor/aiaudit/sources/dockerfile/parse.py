"""A Dockerfile as typed facts, read as BuildKit reads it; what BuildKit would refuse is told, and reading goes on."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from aiaudit.patterns import regex
from aiaudit.sources.dockerfile import arguments, structure
from aiaudit.sources.dockerfile.arguments import Arguments
from aiaudit.sources.dockerfile.characters import SPACES
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import DockerfileFacts, Flag, Instruction, Pair, Problem, StageFacts
from aiaudit.sources.dockerfile.lines import Layout, LogicalLine, layout
from aiaudit.sources.dockerfile.located import Located
from aiaudit.sources.dockerfile.programs import SHELLS, base_name
from aiaudit.sources.dockerfile.references import is_windows
from aiaudit.sources.dockerfile.refusals import Refusals
from aiaudit.sources.dockerfile.words import builder_flags
from aiaudit.span import Extent
from aiaudit.values import dataclass, field

VERSION = 2

_WINDOWS_SHELL = "cmd"
_SHELL_COMMENT = regex(r"hadolint\s+shell\s*=\s*(?P<shell>[^\s#]+)\s*(?:#.*)?")


def extract(text: str) -> DockerfileFacts:
    """The facts of a Dockerfile; never raises."""
    reader = _read(text)
    found = reader.found
    return DockerfileFacts(
        directives=tuple(found.directives),
        escape=found.escape,
        preamble=tuple(reader.preamble),
        stages=tuple(
            StageFacts(index, stage.base, stage.name, stage.platform, tuple(stage.instructions))
            for index, stage in enumerate(reader.stages)
        ),
        comments=tuple(found.comments),
        problems=tuple(sorted(found.problems, key=lambda problem: problem.extent.line)),
    )


def scripts(text: str) -> list[Script]:
    """What every RUN in shell form gives to its shell, in file order."""
    return _read(text).scripts


@dataclass(frozen=True, slots=True)
class Script:
    """What a RUN gives to its shell, every character with its place.

    `shell` is the program that SHELL or a comment names, or the interpreter of a here-document that is run as a file;
    "" for the /bin/sh of the base image, which is `base`: that of the first stage, with the defaults of its variables.
    """

    instruction: Instruction
    content: Located
    shell: str
    base: str
    stage: Stage
    seen: int

    def variables(self) -> Iterator[Pair]:
        """What ARG and ENV set up to here, the latest first, values as written."""
        yield from reversed(self.stage.variables[: self.seen])
        stage = self.stage.parent
        while stage is not None:
            yield from reversed(stage.variables)
            stage = stage.parent


def _read(text: str) -> _Reader:
    found = layout(text)
    reader = _Reader(found)
    splits = structure.split([line.content.text for line in found.logical])
    for line, (keyword, start) in zip(found.logical, splits, strict=True):
        reader.add(line, keyword, start)
    reader.refusals.finish()
    return reader


@dataclass(slots=True)
class Stage:
    """A stage while it is read; `shell` names its shell, "" for the /bin/sh of its base image, which is `origin`.

    `parent` is the stage that it is built on, `variables` are its own.
    """

    base: str
    name: str | None
    platform: str | None
    instructions: list[Instruction]
    shell: str
    origin: str
    parent: Stage | None
    variables: list[Pair] = field(default_factory=list)

    @property
    def is_readable(self) -> bool:
        """Whether its shell is one whose scripts are read."""
        return not self.shell or self.shell in SHELLS


class _Reader:
    """Puts the instructions of a file into their stages."""

    def __init__(self, found: Layout) -> None:
        self.found = found
        self.preamble: list[Instruction] = []
        self.stages: list[Stage] = []
        self.scripts: list[Script] = []
        self.named: dict[str, Stage] = {}
        self.defaults: dict[str, str] = {}
        self.refusals = Refusals(found)
        self.shell_comments = deque(
            (comment.extent.line, base_name(match["shell"]))
            for comment in found.comments
            if "hadolint" in comment.text and (match := _SHELL_COMMENT.fullmatch(comment.text))
        )

    def add(self, line: LogicalLine, keyword: str, start: int) -> None:
        """Read one instruction and put it where it belongs."""
        found = self.found
        first_line = found.lines[line.first - 1]
        extent = Extent(
            line.first,
            len(first_line) - len(first_line.lstrip(SPACES)) + 1,
            line.last,
            len(found.lines[line.last - 1]) + 1,
        )
        raw = "\n".join(found.lines[line.first - 1 : line.last])
        stage = self.stages[-1] if self.stages else None
        self._take_comments(line.first)
        readable = stage.is_readable if stage else True
        instruction = self._instruction(line, line.content, keyword, start, extent, raw, readable)
        if keyword == "FROM":
            self._begin(self._stage(instruction))
        elif stage is None:
            self.preamble.append(instruction)
            if keyword == "ARG":
                self._take_defaults(instruction)
        else:
            stage.instructions.append(instruction)
            if keyword == "SHELL":
                stage.shell = _named_shell(instruction)
            elif keyword in ("ARG", "ENV"):
                stage.variables += instruction.pairs
        self.refusals.check(instruction)

    def _take_defaults(self, instruction: Instruction) -> None:
        for pair in instruction.pairs:
            value = expand(pair.raw, self._default, self.found.escape) if pair.value is not None else None
            if value is not None and value.complete:
                self.defaults[pair.key] = value.text

    def _begin(self, stage: Stage) -> None:
        self.stages.append(stage)
        if stage.name:
            self.named[stage.name] = stage

    def _take_comments(self, line: int) -> None:
        """Comments ahead of a line that name the shell of a base image."""
        while self.shell_comments and self.shell_comments[0][0] < line:
            _, shell = self.shell_comments.popleft()
            if self.stages:
                self.stages[-1].shell = shell

    def _instruction(
        self,
        line: LogicalLine,
        content: Located,
        keyword: str,
        start: int,
        extent: Extent,
        raw: str,
        readable: bool,
    ) -> Instruction:
        text, escape = content.text, self.found.escape
        end = max(len(text.rstrip(SPACES)), start)
        pieces, start = builder_flags(text, start, end, escape)
        flags = []
        for piece in pieces:
            name, equals, value = piece.text[2:].partition("=")
            flags.append(Flag(name, value if equals else None, content.extent(piece.start, piece.end)))
        if keyword == "ONBUILD":
            trigger = self._trigger(line, content.slice(start, end), extent, readable) if start < end else None
            return Instruction(keyword, extent, raw, tuple(flags), trigger=trigger)
        read = arguments.READERS.get(keyword)
        if read is None:
            return Instruction(keyword, extent, raw, tuple(flags))
        given = Arguments(keyword, content, start, end, escape, line.heredocs, line.bodies, readable)
        instruction = Instruction(keyword, extent, raw, tuple(flags), heredocs=line.heredocs, **read(given))
        for message in given.problems:
            self.found.problems.append(Problem(message, extent, fatal=True))
        if keyword == "RUN" and given.script is not None and self.stages:
            stage = self.stages[-1]
            shell = instruction.interpreter or stage.shell
            seen = len(stage.variables)
            self.scripts.append(Script(instruction, given.script, shell, stage.origin, stage, seen))
        return instruction

    def _trigger(self, line: LogicalLine, content: Located, extent: Extent, readable: bool) -> Instruction:
        [(keyword, start)] = structure.split([content.text])
        whole = content.extent(0, len(content.text))
        inner = Extent(whole.line, whole.column, extent.end_line, extent.end_column)
        return self._instruction(line, content, keyword, start, inner, content.text, readable)

    def _stage(self, instruction: Instruction) -> Stage:
        words = instruction.words
        base = words[0].raw if words else ""
        name = words[2].text.lower() if len(words) == 3 and words[1].text.lower() == "as" else None
        platform = instruction.flag("platform")
        origin = expand(base, self._default, self.found.escape).text
        parent = self.named.get(origin.lower())
        if parent is not None:
            return Stage(base, name, platform, [instruction], parent.shell, parent.origin, parent)
        shell = _WINDOWS_SHELL if is_windows(origin, platform) else ""
        return Stage(base, name, platform, [instruction], shell, origin, None)

    def _default(self, name: str) -> str | None:
        """The value that an ARG ahead of the first FROM gives a variable."""
        return self.defaults.get(name)


def _named_shell(instruction: Instruction) -> str:
    """The program that SHELL names, behind `env` and the like."""
    words = [word.text for word in instruction.words]
    return next((base_name(word) for word in words if base_name(word) in SHELLS), base_name(words[0]) if words else "")
