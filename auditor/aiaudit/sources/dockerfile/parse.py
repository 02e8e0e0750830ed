"""A Dockerfile as typed facts, read as BuildKit reads it; what BuildKit would refuse is told, and reading goes on."""

from __future__ import annotations

from aiaudit.sources.dockerfile import arguments, structure
from aiaudit.sources.dockerfile.arguments import Arguments
from aiaudit.sources.dockerfile.characters import SPACES
from aiaudit.sources.dockerfile.facts import DockerfileFacts, Flag, Instruction, Problem, StageFacts
from aiaudit.sources.dockerfile.lines import Layout, LogicalLine, layout
from aiaudit.sources.dockerfile.located import Located
from aiaudit.sources.dockerfile.programs import SHELLS, base_name
from aiaudit.sources.dockerfile.refusals import Refusals
from aiaudit.sources.dockerfile.words import builder_flags
from aiaudit.span import Extent
from aiaudit.values import dataclass

VERSION = 1

_WINDOWS_IMAGES = ("/windows", "/nanoserver", "/servercore", "windowsservercore", "nanoserver")


def extract(text: str) -> DockerfileFacts:
    """The facts of a Dockerfile; never raises."""
    found = layout(text)
    reader = _Reader(found)
    splits = structure.split([line.content.text for line in found.logical])
    for line, (keyword, start) in zip(found.logical, splits, strict=True):
        reader.add(line, keyword, start)
    reader.refusals.finish()
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


@dataclass(slots=True)
class _Stage:
    """A stage under way; `shell` tells whether its shell is one whose scripts are read."""

    base: str
    name: str | None
    platform: str | None
    instructions: list[Instruction]
    shell: bool


class _Reader:
    """Puts the instructions of a file into their stages."""

    def __init__(self, found: Layout) -> None:
        self.found = found
        self.preamble: list[Instruction] = []
        self.stages: list[_Stage] = []
        self.refusals = Refusals(found)

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
        readable = stage.shell if stage else True
        instruction = self._instruction(line, line.content, keyword, start, extent, raw, readable)
        if keyword == "FROM":
            self.stages.append(self._stage(instruction))
        elif stage is None:
            self.preamble.append(instruction)
        else:
            stage.instructions.append(instruction)
            if keyword == "SHELL":
                stage.shell = any(base_name(word.text) in SHELLS for word in instruction.words)
        self.refusals.check(instruction)

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
        return instruction

    def _trigger(self, line: LogicalLine, content: Located, extent: Extent, readable: bool) -> Instruction:
        [(keyword, start)] = structure.split([content.text])
        whole = content.extent(0, len(content.text))
        inner = Extent(whole.line, whole.column, extent.end_line, extent.end_column)
        return self._instruction(line, content, keyword, start, inner, content.text, readable)

    def _stage(self, instruction: Instruction) -> _Stage:
        words = instruction.words
        base = words[0].raw if words else ""
        name = words[2].text.lower() if len(words) == 3 and words[1].text.lower() == "as" else None
        parent = next((stage for stage in self.stages if stage.name and stage.name == base.lower()), None)
        shell = parent.shell if parent else not any(part in base.lower() for part in _WINDOWS_IMAGES)
        return _Stage(base, name, instruction.flag("platform"), [instruction], shell)
