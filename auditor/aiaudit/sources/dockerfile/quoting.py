"""Quotes and escapes of a shell word, taken away with the offset of every character kept."""

from __future__ import annotations

_ESCAPED_IN_QUOTES = frozenset('"$`\\\n')
_CLOSING = {"$(": ")", "${": "}", "<(": ")", ">(": ")"}


def needs_unquoting(raw: str) -> bool:
    """Whether a word is anything else than it looks like."""
    return "'" in raw or '"' in raw or "\\" in raw


def unquoted(raw: str) -> str:
    """What a word says; expansions stand as written."""
    return "".join(text for text, _ in segments(raw)) if needs_unquoting(raw) else raw


def segments(raw: str) -> list[tuple[str, int]]:
    """The pieces of text that a word is made of, each with its offset in the word as written."""
    out: list[tuple[str, int]] = []
    index = plain = 0
    in_quotes = False
    while index < len(raw):
        char = raw[index]
        if char == "'" and not in_quotes:
            end = raw.find("'", index + 1)
            end = len(raw) if end < 0 else end
            _keep(out, raw, plain, index)
            _keep(out, raw, index + 1, end)
            index = plain = end + 1
        elif char == '"':
            _keep(out, raw, plain, index)
            in_quotes = not in_quotes
            index = plain = index + 1
        elif char == "\\":
            following = raw[index + 1 : index + 2]
            if in_quotes and following not in _ESCAPED_IN_QUOTES:
                index += 1
                continue
            _keep(out, raw, plain, index)
            plain = index + 2 if following == "\n" else index + 1
            index += 2
        elif char == "`" or raw[index : index + 2] in _CLOSING:
            index = _expansion_end(raw, index)
        else:
            index += 1
    _keep(out, raw, plain, len(raw))
    return out


def _keep(out: list[tuple[str, int]], raw: str, start: int, end: int) -> None:
    if start < end:
        out.append((raw[start:end], start))


def _expansion_end(raw: str, index: int) -> int:
    """Where an expansion that begins here ends: what is quoted inside it is its own matter."""
    if raw[index] == "`":
        end = raw.find("`", index + 1)
        return len(raw) if end < 0 else end + 1
    opening, closing = raw[index + 1], _CLOSING[raw[index : index + 2]]
    depth = 0
    while index < len(raw):
        char = raw[index]
        if char == "\\":
            index += 1
        elif char == "'" and closing == ")":
            end = raw.find("'", index + 1)
            index = len(raw) if end < 0 else end
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if depth == 0:
                return index + 1
        index += 1
    return len(raw)
