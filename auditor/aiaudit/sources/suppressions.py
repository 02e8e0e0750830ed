"""Comments that accept a finding: aiaudit's own, hadolint's, gitleaks' and detect-secrets'. Plain tuples.

The facts of a file are a tuple of `(tool, names, reason, line, column, end_column, first, last)`: the comment's place
and the lines it covers, `first` 0 for the whole file. `names` is None where the comment names nothing. `tool` is
"aiaudit", "hadolint", "secrets", or "quoted": a comment of another language in a code block of a document.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from typing import Any

VERSION = 2

Record = tuple[str, Any, str, int, int, int, int, int]

_OWN = re.compile(
    r"(?:#+|//+|<!--|/\*+|--|;+)\s*aiaudit:\s*(?P<what>ignore(?:-file)?)\b(?!-)\s*(?:\[(?P<names>[^\]]*)\])?(?P<reason>.*)"
)
_HADOLINT = re.compile(
    r"^\s*#\s*hadolint\s+(?P<all>global\s+)?ignore\s*=\s*(?P<names>[A-Za-z0-9_]+(?:\s*,\s*[A-Za-z0-9_]+)*)"
)
_ALLOWED = re.compile(r"gitleaks:allow\b|pragma:\s*(?:allow|white)list\s+(?P<next>nextline\s+)?secret\b")
_OPENING = re.compile(r"#|//|<!--|/\*|--|;")
# A comment's text before its mark: looking back further would cost the square of a minified line's length.
_BEFORE = 400
_PROSE = (".md", ".markdown", ".rst", ".adoc")
_MARKS = ("aiaudit:", "hadolint", "gitleaks:allow", "pragma:")
_HEREDOC = re.compile(r"<<-?\s*(?P<quote>[\"']?)(?P<name>[A-Za-z_]\w*)(?P=quote)")


def extract(text: str, path: str) -> tuple[Record, ...]:
    """All such comments of one file."""
    if not any(mark in text for mark in _MARKS):
        return ()
    if path.endswith(".py"):
        comments = _python_comments(text)
        if comments is not None:
            return tuple(record for comment in comments for record in _records(*comment))
    lines = text.split("\n")
    following = _next_instruction if _is_dockerfile(path) else _next_line
    found: list[Record] = []
    for number, line in enumerate(lines, 1):
        if any(mark in line for mark in _MARKS):
            own_line = line.lstrip().startswith(("#", "//", "<!--", "/*", "--", ";"))
            covered = following(lines, number) if own_line else (number, number)
            found.extend(_records(line, number, 0, covered, path.endswith(_PROSE)))
    return tuple(found)


def _records(line: str, number: int, start: int, covered: tuple[int, int], prose: bool = False) -> Iterator[Record]:
    """What the comments of one line, from this index on, say."""
    for match in _own(line, start):
        names = None if match["names"] is None else tuple(n.strip() for n in match["names"].split(",") if n.strip())
        first, last = (0, 0) if match["what"] == "ignore-file" else covered
        end = match.start() + len(match.group().rstrip()) + 1
        tool = "quoted" if prose and not match.group().startswith("<!--") else "aiaudit"
        yield (tool, names or None, _reason(match["reason"]), number, match.start() + 1, end, first, last)
    for match in _HADOLINT.finditer(line, start):
        names = tuple(name.strip() for name in match["names"].split(","))
        first, last = (0, 0) if match["all"] else covered
        yield ("hadolint", names, "", number, match.start() + 1, match.end() + 1, first, last)
    for match in _ALLOWED.finditer(line, start):
        opening = _OPENING.search(line, max(start, match.start() - _BEFORE), match.start())
        if opening is None:
            continue
        first, last = (number + 1, number + 1) if match["next"] else covered
        reason = line[opening.start() : match.end()].lstrip("#/<!-*; ")
        yield ("secrets", ("KEY",), reason, number, opening.start() + 1, match.end() + 1, first, last)


def _own(line: str, start: int) -> Iterator[re.Match[str]]:
    """The comments of ours on a line, each looked for where its mark stands."""
    mark = line.find("aiaudit:", start)
    while mark >= 0:
        before = line[max(start, mark - _BEFORE) : mark]
        opening = mark - len(before) + len(before.rstrip().rstrip("#/*-!<;"))
        match = _OWN.match(line, opening)
        if match is not None:
            yield match
        mark = line.find("aiaudit:", mark + 1 if match is None else max(match.end(), mark + 1))


def _reason(text: str) -> str:
    """The text after the brackets, without the end of a comment and a leading dash or colon."""
    for closing in ("-->", "*/"):
        text = text.split(closing)[0]
    return text.strip().lstrip("-:–— ").strip()


def _python_comments(text: str) -> list[tuple[str, int, int, tuple[int, int]]] | None:
    """Comments with the logical line that each covers; None where the text cannot be tokenized."""
    found: list[tuple[str, int, int]] = []
    logical: list[tuple[int, int]] = []
    start = 0
    try:
        for token in tokenize.generate_tokens(io.StringIO(text.replace("\r\n", "\n")).readline):
            if token.type == tokenize.COMMENT:
                if any(mark in token.string for mark in _MARKS):
                    found.append((token.line, token.start[0], token.start[1]))
            elif token.type == tokenize.NEWLINE:
                logical.append((start or token.start[0], token.start[0]))
                start = 0
            elif token.type not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING) and not start:
                start = token.start[0]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return None
    rows = text.replace("\r\n", "\n").split("\n")
    return [(rows[row - 1], row, column, _covered(rows[row - 1], row, column, logical)) for _, row, column in found]


def _covered(line: str, row: int, column: int, logical: list[tuple[int, int]]) -> tuple[int, int]:
    """The logical line that holds the comment; for a comment on a line of its own between statements, the next one."""
    for first, last in logical:
        if first <= row <= last and (line[:column].strip() or first < row):
            return first, last
        if first > row:
            return first, last
    return row, row


def _next_line(lines: list[str], number: int) -> tuple[int, int]:
    """The next line that holds more than a comment."""
    for following in range(number + 1, len(lines) + 1):
        line = lines[following - 1].strip()
        if line and not line.startswith(("#", "//", "<!--", ";")):
            return following, following
    return number, number


def _next_instruction(lines: list[str], number: int) -> tuple[int, int]:
    """The next instruction with its continuation lines and here-documents."""
    first, _ = _next_line(lines, number)
    if first == number:
        return number, number
    escape = "`" if any(line.replace(" ", "").lower().startswith("#escape=`") for line in lines[:3]) else "\\"
    last, waiting = first, [match["name"] for match in _HEREDOC.finditer(lines[first - 1])]
    while last < len(lines):
        line = lines[last - 1].strip()
        is_comment = line.startswith("#") or not line
        if not waiting and not line.endswith(escape) and not (is_comment and last > first):
            break
        last += 1
        if waiting and lines[last - 1].strip() == waiting[0]:
            waiting.pop(0)
            if not waiting:
                break
        elif not waiting:
            waiting = [match["name"] for match in _HEREDOC.finditer(lines[last - 1])]
    return first, last


def _is_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return "dockerfile" in name or "containerfile" in name
