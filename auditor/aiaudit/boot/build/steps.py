"""Steps that a builder tells of, and the Dockerfile's instructions that they stand for."""

from __future__ import annotations

from aiaudit.boot.build.results import Step
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import DockerfileFacts, Instruction

_VERTEX = regex(
    r"\[(?:(?P<platform>[\w.-]+/\S+) )?(?:(?P<stage>[^\s\]]+) +)?(?P<number>\d+)/(?P<count>\d+)\] (?P<text>.*)"
)
_COUNTED = ("RUN", "COPY", "ADD", "WORKDIR")
_FLAGS = {
    ("RUN", "mount"), ("RUN", "network"), ("RUN", "security"), ("RUN", "device"), ("COPY", "link"), ("COPY", "chmod"),
    ("COPY", "parents"), ("COPY", "exclude"), ("ADD", "link"), ("ADD", "chmod"), ("ADD", "checksum"),
    ("ADD", "keep-git-dir"), ("ADD", "exclude"), ("ADD", "unpack"),
}  # fmt: skip
_PLATFORM_ARGUMENTS = ("BUILDPLATFORM", "TARGETPLATFORM", "BUILDARCH", "TARGETARCH", "TARGETOS", "BUILDOS")


def by_number(facts: DockerfileFacts, number: int) -> Instruction | None:
    """The instruction of the classic builder's step, counted from 1; None for one that it added itself."""
    instructions = facts.instructions
    return instructions[number - 1] if 0 < number <= len(instructions) else None


def by_vertex(facts: DockerfileFacts, name: str) -> Instruction | None:
    """The instruction that BuildKit names as `[stage 2/5] RUN ...`; None for what is no instruction's.

    Steps are counted from the end of a stage: a base image's triggers come ahead of the stage's own instructions.
    """
    match = _VERTEX.match(name)
    if match is None:
        return None
    wanted = match["stage"] or ""
    stage = next((s for s in facts.stages if wanted.lower() in (s.name, f"stage-{s.index}")), None)
    if stage is None and not wanted and len(facts.stages) == 1:
        stage = facts.stages[0]
    if stage is None:
        return None
    counted = [instruction for instruction in stage.instructions if instruction.keyword in _COUNTED]
    place = len(counted) - 1 - (int(match["count"]) - int(match["number"]))
    return counted[place] if place >= 0 else stage.start


def one_line(text: str) -> str:
    """An instruction's text without continuations, comments between them, and repeated blanks."""
    lines = (line.rstrip("\\ \t") for line in text.splitlines() if not line.lstrip().startswith("#"))
    return " ".join(" ".join(lines).split())


def step(instruction: Instruction, text: str, cached: bool, seconds: float) -> Step:
    """The step of an instruction."""
    return Step(instruction.extent.line, instruction.keyword, text, cached, round(seconds, 2))


def demand(facts: DockerfileFacts) -> tuple[int, str] | None:
    """The first thing in a Dockerfile that only BuildKit knows: its line and what it is."""
    for name, value in facts.directives:
        if name == "syntax":
            return 1, f"a frontend of its own (`syntax={value}`)"
    for instruction in facts.instructions:
        inner = instruction.trigger or instruction
        for flag in inner.flags:
            if (inner.keyword, flag.name) in _FLAGS:
                return instruction.extent.line, f"{inner.keyword} --{flag.name}"
        if inner.heredocs:
            return instruction.extent.line, "a here-document"
        if any(name in inner.raw for name in _PLATFORM_ARGUMENTS):
            return instruction.extent.line, "the platform arguments"
    return None
