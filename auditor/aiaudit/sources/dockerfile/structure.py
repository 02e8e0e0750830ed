"""Instruction and value of every logical line, as dockerfile-parse splits them.

dockerfile-parse reads plain lines right and stumbles over here-documents, blank lines in continuations and exotic white
space, so it gets logical lines that are made plain, character by character, and the offsets hold for the real ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from aiaudit.sources.dockerfile.characters import BLANKS, SPACES, upper

_SEPARATORS = "\x1c\x1d\x1e\x1f"
_PLAIN = {ord(char): "_" for char in SPACES + _SEPARATORS if char not in BLANKS}
_GUARD = "_"


def split(lines: Sequence[str]) -> list[tuple[str, int]]:
    """Of each line the upper-case keyword and the offset at which its value begins."""
    from dockerfile_parse import DockerfileParser

    plain = [_plain(line) for line in lines]
    content = "\n".join(plain) + "\n"
    parser = DockerfileParser(fileobj=BytesIO(content.encode("utf-8", "replace")))
    return [
        _keyword_and_offset(line, easy, entry) for line, easy, entry in zip(lines, plain, parser.structure, strict=True)
    ]


def _plain(line: str) -> str:
    """The line in a form that dockerfile-parse takes for one instruction, its characters in the same order."""
    easy = line.strip(SPACES).translate(_PLAIN)
    if not easy or easy[0] == "#":
        easy = "_" + easy[1:]
    return easy + _GUARD if easy[-1] == "\\" else easy


def _keyword_and_offset(line: str, easy: str, entry: dict[str, str]) -> tuple[str, int]:
    start = len(line) - len(line.lstrip(SPACES))
    bare = line[start:].rstrip(SPACES)
    offset = len(easy) - len(entry["value"])
    if easy == bare:
        return entry["instruction"], start + offset
    offset = min(offset, len(bare))
    return upper(bare[:offset].rstrip(BLANKS)), start + offset
