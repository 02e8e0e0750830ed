"""Variables without which the script that a container starts with refuses to go on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from aiaudit.model.image.commands import commands_in
from aiaudit.model.program import Program
from aiaudit.model.started import entry_scripts
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import Command

_TESTS = ("[", "[[", "test")
_INSISTING = regex(r"\$\{(\w+):?\?")
_VARIABLE = regex(r"\$(?:(\w+)|\{(!?\w+)(?::?-)?\})")
_NAMES = regex(r"\(\s*[A-Z][A-Z0-9_]*(?:\s+[A-Z][A-Z0-9_]*)*\s*\)")
# So many commands may stand between a test and the end of the script that it decides on: they say what is missing.
_NEAR = 6


def refused_by_scripts(program: Program) -> set[str]:
    """Names of the variables whose absence ends the entry scripts of images."""
    found: set[str] = set()
    for path in entry_scripts(program):
        found.update(_refused(commands_in(program.tree.text(path))))
    return found


def _refused(commands: tuple[Command, ...]) -> Iterator[str]:
    listed: list[str] = []
    asked: _Asked | None = None
    loops = False
    for command in commands:
        for word in command.words:
            yield from (match.group(1) for match in _INSISTING.finditer(word.text))
        for assigned in command.assignments:
            if assigned.value is not None and _NAMES.fullmatch(assigned.value):
                listed += assigned.value.strip("()").split()
        if asked is not None and not asked.leads_to(command):
            asked = None
        if command.name in _TESTS:
            asked = _Asked.of(command)
            loops = loops or any(name.startswith("!") for name in asked.names)
        elif _fails(command):
            yield from asked.names if asked is not None else ()
            yield from listed if loops else ()
            asked = None


class _Asked:
    """A test of variables: `way` is the operator after which what follows is for a missing one."""

    def __init__(self, names: list[str], way: str) -> None:
        self.names = names
        self.way = way
        self.distance = 0

    @classmethod
    def of(cls, test: Command) -> _Asked:
        """What a test asks to be empty (`-z`), or to be filled (`-n`)."""
        words = [word.text for word in test.words]
        found = [(op, match) for op, operand in pairwise(words) if (match := _VARIABLE.fullmatch(operand))]
        names = [match.group(1) or match.group(2) for op, match in found if op in ("-z", "-n")]
        return cls(names, "||" if any(op == "-n" for op, _ in found) else "&&")

    def leads_to(self, command: Command) -> bool:
        """Whether a later command may be for the missing variable."""
        self.distance += 1
        if self.distance == 1 and (self.way == "||") is not (command.operator == "||"):
            return False
        return self.distance <= _NEAR


def _fails(command: Command) -> bool:
    return command.name in ("exit", "return") and command.arguments[:1] not in ((), ("0",))
