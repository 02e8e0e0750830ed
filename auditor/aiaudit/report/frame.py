"""A code frame: the lines of a span with carets under it, cut to a width."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from aiaudit.span import Span

MOST_LINES = 4
TAB = "    "


class Row(NamedTuple):
    """One source line of a frame: its number, the shown text, and the columns (from 0) that carets stand under."""

    number: int
    text: str
    start: int
    end: int


def rows(span: Span, lines: list[str], width: int) -> Iterator[Row]:
    """The first lines of a span. Nothing for a span of no text (a finding about a file as such)."""
    if (span.line, span.column) == (span.end_line, span.end_column) and span.line == span.column == 1:
        return
    last = min(span.end_line, len(lines), span.line + MOST_LINES - 1)
    for number in range(span.line, last + 1):
        line = lines[number - 1].rstrip("\r\n")
        first = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
        end = span.end_column - 1 if number == span.end_line else len(line.rstrip())
        if number == span.line or line.strip():
            yield _row(number, line, min(first, len(line)), min(max(end, first + 1), max(len(line), first + 1)), width)


def _row(number: int, line: str, first: int, end: int, width: int) -> Row:
    """Cut a long line around the marked part and turn characters into columns."""
    offset = 0
    if _columns(line) > width:
        offset = max(0, min(first - width // 4, len(line) - width + 2))
    before = "…" if offset else ""
    shown = line[offset:]
    start = _columns(before + shown[: first - offset])
    stop = start + max(1, _columns(shown[first - offset : max(end - offset, 0)]))
    if _columns(shown) + len(before) <= width:
        return Row(number, before + shown.replace("\t", TAB), min(start, width - 1), min(stop, width))
    text, used = before, _columns(before)
    for character in shown:
        size = _columns(character)
        if used + size > width - 1:
            text += "…"
            break
        text += TAB if character == "\t" else character
        used += size
    return Row(number, text, min(start, width - 1), min(stop, width))


def _columns(text: str) -> int:
    """How many terminal columns a text takes."""
    if text.isascii():
        return len(text) + text.count("\t") * (len(TAB) - 1)
    return sum(_character(character) for character in text)


def _character(character: str) -> int:
    if character == "\t":
        return len(TAB)
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
