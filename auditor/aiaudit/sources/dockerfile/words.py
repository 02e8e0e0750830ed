"""Words, flags and JSON strings of an instruction's text, with their offsets."""

from __future__ import annotations

from typing import Any

from aiaudit.sources.dockerfile.characters import BLANKS, is_space
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A word: what it says, and where it is written."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class JsonString:
    """A string of a JSON array: its value as `segments` (text and offset in the line), and where it is written."""

    text: str
    segments: list[tuple[str, int]]
    start: int
    end: int


class NotStrings(Exception):
    """A JSON array that holds something else than strings: the builder refuses it."""


def blank_separated(text: str, start: int, end: int) -> list[Piece]:
    """Words between blanks; quotes mean nothing."""
    pieces: list[Piece] = []
    index = start
    while index < end:
        if text[index] in BLANKS:
            index += 1
            continue
        begin = index
        while index < end and text[index] not in BLANKS:
            index += 1
        pieces.append(Piece(text[begin:index], begin, index))
    return pieces


def quoted_words(text: str, start: int, end: int, escape: str) -> list[Piece]:
    """Words between white space, quotes and escapes kept (ARG, ENV, LABEL)."""
    pieces: list[Piece] = []
    index = start
    while index < end:
        if is_space(text[index]):
            index += 1
            continue
        begin = index
        index, dangling = _word_end(text, begin, end, escape)
        written = index - 1 if dangling else index
        if written > begin:
            pieces.append(Piece(text[begin:written], begin, index))
    return pieces


def _word_end(text: str, index: int, end: int, escape: str) -> tuple[int, bool]:
    """Where a word ends, and whether it does so in an escape that escapes nothing."""
    quote = ""
    while index < end:
        char = text[index]
        if char == escape and quote != "'":
            if index + 1 == end:
                return end, True
            index += 2
            continue
        if quote:
            if char == quote:
                quote = ""
        elif is_space(char):
            return index, False
        elif char in "'\"":
            quote = char
        index += 1
    return min(index, end), False


def builder_flags(text: str, start: int, end: int, escape: str) -> tuple[list[Piece], int]:
    """The `--name=value` words at the start, quotes removed, and where the arguments begin."""
    flags: list[Piece] = []
    index = start
    while index < end:
        if is_space(text[index]):
            index += 1
            continue
        if not text.startswith("--", index, end):
            return flags, index
        begin = index
        word, index = _flag_end(text, begin, end, escape)
        if word == "--":
            while index < end and is_space(text[index]):
                index += 1
            return flags, index
        if word or index > begin:
            flags.append(Piece(word, begin, index))
    return flags, end


def _flag_end(text: str, index: int, end: int, escape: str) -> tuple[str, int]:
    out: list[str] = []
    quote = ""
    while index < end:
        char = text[index]
        if char == escape:
            index += 1
            if index < end:
                out.append(text[index])
        elif quote:
            if char == quote:
                quote = ""
            else:
                out.append(char)
        elif is_space(char):
            break
        elif char in "'\"":
            quote = char
        else:
            out.append(char)
        index += 1
    return "".join(out), min(index, end)


def json_strings(text: str, start: int, end: int) -> list[JsonString] | None:
    """The strings of a JSON array, None if the text is no JSON array."""
    if not text.startswith("[", start, end):
        return None
    import json

    try:
        values: Any = json.loads(text[start:end], parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(value, str) for value in values):
        raise NotStrings
    strings: list[JsonString] = []
    index = start
    for value in values:
        begin = text.index('"', index)
        segments, index = _json_segments(text, begin + 1)
        strings.append(JsonString(value, segments, begin, index))
    return strings


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _json_segments(text: str, index: int) -> tuple[list[tuple[str, int]], int]:
    """The segments of a valid JSON string from its first character on, and the index behind its closing quote."""
    segments: list[tuple[str, int]] = []
    while True:
        plain = index
        while text[index] not in '"\\':
            index += 1
        if index > plain:
            segments.append((text[plain:index], plain))
        if text[index] == '"':
            return segments, index + 1
        import json

        width = _escape_width(text, index)
        segments.append((json.loads(f'"{text[index : index + width]}"'), index))
        index += width


def _escape_width(text: str, index: int) -> int:
    if text[index + 1] != "u":
        return 2
    code = int(text[index + 2 : index + 6], 16)
    low = text[index + 8 : index + 12] if text.startswith("\\u", index + 6) else ""
    if 0xD800 <= code < 0xDC00 and low and 0xDC00 <= int(low, 16) < 0xE000:
        return 12
    return 6
