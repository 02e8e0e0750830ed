"""Which lines a comment of its own line covers, in Dockerfiles and elsewhere; worked out once for a file.

Lines count from 1. Every table is filled in one walk, so that a file of comments costs no more than its length.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property

from aiaudit.patterns import regex

_HEREDOC = regex(r"<<-?\s*(?P<quote>[\"']?)(?P<name>[A-Za-z_]\w*)(?P=quote)")
_FROM = regex(r"\s*FROM\s", re.IGNORECASE)
_COMMENTS = ("#", "//", "<!--", ";")
_ENDS = ("&&", "||", ";", "|")

Lines = tuple[int, int]


class Covering:
    """The lines of one file."""

    def __init__(self, lines: list[str], is_dockerfile: bool) -> None:
        self.lines = lines
        self.is_dockerfile = is_dockerfile

    def after(self, number: int) -> Lines:
        """What a comment on this line covers: the next line, or the next instruction; itself where nothing follows."""
        first = self._content[number]
        if first == number:
            return number, number
        return first, self._ends[first] if self.is_dockerfile else first

    def is_head(self, number: int) -> bool:
        """Whether nothing but comments stands ahead of a line."""
        return not self.lines or number <= self._head

    def stage(self, number: int) -> Lines | None:
        """The build stage that begins right after this line, None where none does."""
        first = self._content[number]
        position = bisect_right(self._stages, first)
        if not position or self._stages[position - 1] != first:
            return None
        last = self._stages[position] - 1 if position < len(self._stages) else len(self.lines)
        return first, last

    def command(self, number: int) -> Lines:
        """What a comment about a shell command covers: between an instruction's lines, up to the end of the command."""
        first, last = self.after(number)
        return (first, self._command_ends[first]) if self._is_inside[number] else (first, last)

    @cached_property
    def _content(self) -> list[int]:
        """For each line the next one after it that holds more than a comment, or itself."""
        found = list(range(len(self.lines) + 1))
        following = 0
        for number in range(len(self.lines), 0, -1):
            found[number] = following or number
            line = self.lines[number - 1].strip()
            if line and not line.startswith(_COMMENTS):
                following = number
        return found

    @cached_property
    def _head(self) -> int:
        """The first line that holds more than a comment."""
        first = self.lines[0].strip()
        return 1 if first and not first.startswith(_COMMENTS) else self._content[1]

    @cached_property
    def _escape(self) -> str:
        """What joins lines."""
        head = (line.replace(" ", "").lower() for line in self.lines[:3])
        return "`" if any(line.startswith("#escape=`") for line in head) else "\\"

    @cached_property
    def _stages(self) -> list[int]:
        return [number for number, line in enumerate(self.lines, 1) if _FROM.match(line)]

    @cached_property
    def _ends(self) -> list[int]:
        """For each line the last one of the instruction that holds it; a line of a here-document stands for itself."""
        found = list(range(len(self.lines) + 1))
        number = 1
        while number <= len(self.lines):
            if self._is_comment(number):
                number += 1
                continue
            body: list[int] = []
            last = self._instruction_end(number, body)
            for inner in range(number, last + 1):
                found[inner] = last
            for inner in body:
                found[inner] = inner
            number = last + 1
        return found

    def _instruction_end(self, first: int, body: list[int]) -> int:
        """The last line of the instruction that begins here; the lines of its here-documents are added to `body`."""
        last, waiting = first, _opened(self.lines[first - 1])
        while last < len(self.lines):
            is_joined = self.lines[last - 1].strip().endswith(self._escape) or (self._is_comment(last) and last > first)
            if not waiting and not is_joined:
                break
            last += 1
            line = self.lines[last - 1]
            if not waiting:
                waiting = _opened(line)
                continue
            if line.strip() == waiting[0]:
                waiting.pop(0)
                if not waiting:
                    break
            else:
                body.append(last)
        return last

    def _is_comment(self, number: int) -> bool:
        line = self.lines[number - 1].strip()
        return not line or line.startswith("#")

    @cached_property
    def _is_inside(self) -> list[bool]:
        """For each line whether an instruction goes on over it."""
        found = [False] * (len(self.lines) + 1)
        for number in range(2, len(self.lines) + 1):
            before = number - 1
            found[number] = self.lines[before - 1].rstrip().endswith(self._escape) and not self._is_comment(before)
            found[number] = found[number] or (self._is_comment(before) and found[before])
        return found

    @cached_property
    def _command_ends(self) -> list[int]:
        """For each line the last one of the shell command on it, told by the operators at the ends of lines."""
        found = list(self._ends)
        for number in range(len(self.lines) - 1, 0, -1):
            line = self.lines[number - 1].rstrip().removesuffix(self._escape).rstrip()
            if found[number] > number:
                ends_here = line.endswith(_ENDS) or self.lines[number].lstrip().startswith(_ENDS)
                found[number] = number if ends_here else found[number + 1]
        return found


def _opened(line: str) -> list[str]:
    """The here-documents that a line opens."""
    return [match["name"] for match in _HEREDOC.finditer(line)] if "<<" in line else []
