"""What BuildKit refuses when it turns the parsed instructions into a build, one message an instruction."""

from __future__ import annotations

import functools
import re

from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.characters import SPACES
from aiaudit.sources.dockerfile.facts import Flag, Instruction, Problem
from aiaudit.sources.dockerfile.heredocs import marker
from aiaudit.sources.dockerfile.keywords import BOOLEAN, FLAGS, KEYWORDS, REPEATED
from aiaudit.sources.dockerfile.lines import Layout
from aiaudit.span import Extent

_STAGE_NAME = regex(r"[a-z][a-z0-9\-_.]*")
_DURATION = regex(r"[-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+|[-+]?0", re.ASCII)
_OWN_SYNTAX = regex(r"(docker\.io/|docker-image://)?(docker|moby)/(dockerfile|buildkit)")
_NETWORKS = frozenset({"default", "host", "none"})
_SECURITIES = frozenset({"insecure", "sandbox"})
_AT_LEAST_ONE = frozenset({"ARG", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "SHELL", "VOLUME"})
_EXACTLY_ONE = frozenset({"MAINTAINER", "STOPSIGNAL", "USER", "WORKDIR"})
_NOT_AS_TRIGGER = frozenset({"FROM", "MAINTAINER"})
_FARTHEST = 2


class Refusals:
    """Checks the instructions of one file in their order."""

    def __init__(self, found: Layout) -> None:
        self.found = found
        self.has_stage = False
        self.looked = 0
        self.stops: set[Extent] = set()
        self.orphan: Instruction | None = None
        syntax = next((value for name, value in found.directives if name == "syntax"), None)
        # another frontend may know other instructions and flags
        self.foreign = syntax is not None and _OWN_SYNTAX.match(syntax) is None

    def check(self, instruction: Instruction) -> None:
        """Record the first thing that the builder refuses in an instruction."""
        known = instruction.keyword in KEYWORDS
        message = None
        if not known:
            message = None if self.foreign else _unknown(instruction)
        elif not self._is_refused(instruction):
            message = _arguments(instruction) or (None if self.foreign else _flags(instruction)) or _values(instruction)
        if message is not None:
            kind = "trigger" if instruction.keyword == "ONBUILD" and instruction.trigger is not None else ""
            self.found.problems.append(Problem(message, instruction.extent, kind=kind))
        if instruction.keyword == "FROM":
            self.has_stage = True
        elif known and instruction.keyword != "ARG" and not self.has_stage and self.orphan is None:
            self.orphan = instruction

    def _is_refused(self, instruction: Instruction) -> bool:
        """Whether the parser stops at the instruction."""
        problems = self.found.problems
        self.stops.update(problem.extent for problem in problems[self.looked :] if problem.fatal)
        self.looked = len(problems)
        return instruction.extent in self.stops

    def finish(self) -> None:
        """Record what only the whole file shows: an instruction, or a file, outside any stage."""
        if self.orphan is not None:
            self.found.problems.append(Problem("no build stage in current context", self.orphan.extent, kind="stage"))
        elif not self.has_stage and self.found.logical and not self.found.problems:
            last = self.found.whole_line(self.found.logical[-1].last)
            self.found.problems.append(Problem("dockerfile contains no stages to build", last))


def _unknown(instruction: Instruction) -> str:
    stripped = instruction.raw.strip(SPACES)
    written = stripped[: len(instruction.keyword)] if instruction.keyword else ""
    near = _closest(instruction.keyword)
    hint = f" (did you mean {near}?)" if near else ""
    return f"unknown instruction: {written}{hint}"


@functools.lru_cache(1000)
def _closest(keyword: str) -> str:
    """The instruction that was probably meant, "" if none is close."""
    distance, near = min((_distance(keyword, known), known) for known in KEYWORDS)
    return near if distance <= _FARTHEST else ""


def _arguments(instruction: Instruction) -> str | None:
    keyword, words = instruction.keyword, instruction.words
    count = 1 if instruction.trigger is not None else len(words) + len(instruction.pairs)
    if keyword in _AT_LEAST_ONE and count == 0:
        return f"{keyword} requires at least one argument"
    if keyword in _EXACTLY_ONE and count != 1:
        return f"{keyword} requires exactly one argument"
    if keyword in ("ADD", "COPY"):
        if count < 2:
            return (
                f"{keyword} requires at least two arguments, but only one was provided. "
                "Destination could not be determined"
            )
        if marker(words[-1].raw) is not None:
            return f"{keyword} cannot accept a heredoc as a destination"
    if keyword in ("ARG", "ENV", "LABEL") and not all(pair.key for pair in instruction.pairs):
        return f"{keyword} names can not be blank"
    if keyword == "FROM":
        return _stage(instruction)
    return None


def _stage(instruction: Instruction) -> str | None:
    words = instruction.words
    if len(words) == 3 and words[1].raw.lower() == "as":
        if not _STAGE_NAME.fullmatch(words[2].raw.lower()):
            return f'invalid name for build stage: "{words[2].raw}", name can\'t start with a number or contain symbols'
        return None
    return None if len(words) == 1 else "FROM requires either one or three arguments"


def _flags(instruction: Instruction) -> str | None:
    kinds = FLAGS.get(instruction.keyword, {})
    seen: set[str] = set()
    for flag in instruction.flags:
        kind = kinds.get(flag.name)
        if kind is None:
            return f"unknown flag: --{flag.name}"
        if flag.name in seen and kind != REPEATED:
            return f"duplicate flag specified: --{flag.name}"
        seen.add(flag.name)
        if (kind != BOOLEAN and flag.value is None) or (kind == BOOLEAN and flag.value == ""):
            return f"missing a value on flag: --{flag.name}"
        if kind == BOOLEAN and (flag.value or "true").lower() not in ("true", "false"):
            return f"expecting boolean value for flag --{flag.name}, not: {flag.value}"
    return None


def _values(instruction: Instruction) -> str | None:
    keyword = instruction.keyword
    if keyword == "RUN":
        return next(filter(None, map(_run_flag, instruction.flags)), None)
    if keyword == "HEALTHCHECK":
        return _healthcheck(instruction)
    if keyword == "SHELL" and not instruction.exec_form:
        return "SHELL requires the arguments to be in JSON form"
    if keyword == "VOLUME" and not all(word.text.strip() for word in instruction.words):
        return "VOLUME specified can not be an empty string"
    if keyword == "ONBUILD" and instruction.trigger is not None:
        inner = instruction.trigger.keyword
        if inner == "ONBUILD":
            return "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"
        if inner in _NOT_AS_TRIGGER:
            return f"{inner} isn't allowed as an ONBUILD trigger"
    return None


def _run_flag(flag: Flag) -> str | None:
    value = flag.value or ""
    if flag.name == "network" and value not in _NETWORKS:
        return f'invalid network mode "{value}"'
    if flag.name == "security" and value not in _SECURITIES:
        return f'security "{value}" is not valid'
    if flag.name == "mount":
        source = next((part[5:] for part in value.split(",") if part.lower().startswith("from=")), "")
        if "$" in source[:-1]:
            return "'from' doesn't support variable expansion, define alias stage instead"
    return None


def _healthcheck(instruction: Instruction) -> str | None:
    kind = instruction.words[0].text.upper()
    given = len(instruction.words) > 1 or bool(instruction.script)
    if kind == "NONE":
        return "HEALTHCHECK NONE takes no arguments" if given else None
    if kind != "CMD":
        return f'Unknown type "{kind}" in HEALTHCHECK (try CMD)'
    if not given:
        return "Missing command after HEALTHCHECK CMD"
    for flag in instruction.flags:
        value = flag.value or ""
        if flag.name == "retries":
            if not value.removeprefix("+").isdecimal():
                return f'--retries: "{value}" is no number of retries'
        elif value and not _DURATION.fullmatch(value):
            return f'time: invalid duration "{value}"'
    return None


def _distance(left: str, right: str) -> int:
    """Levenshtein's distance, as far as it matters."""
    if abs(len(left) - len(right)) > _FARTHEST:
        return _FARTHEST + 1
    row = list(range(len(right) + 1))
    for index, char in enumerate(left, 1):
        before, row[0] = row[0], index
        for column, other in enumerate(right, 1):
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, before + (char != other))
    return row[-1]
