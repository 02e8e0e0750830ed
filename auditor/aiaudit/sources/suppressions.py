"""Comments that accept a finding: aiaudit's own, hadolint's, BuildKit's, ShellCheck's, gitleaks' and detect-secrets'.

The facts of a file are a plain tuple of `(tool, names, reason, line, column, end_column, first, last)`: the comment's
place and the lines it covers, `first` 0 for the whole file. `names` is None where the comment names nothing. `tool` is
"aiaudit", "hadolint", "buildkit", "shellcheck", "secrets", or "quoted": a comment of another language in a code block
of a document.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from aiaudit.patterns import regex
from aiaudit.sources.covering import Covering, Lines

VERSION = 5

Record = tuple[str, Any, str, int, int, int, int, int]

_OWN = regex(
    r"(?:#+|//+|<!--|/\*+|--|;+)\s*aiaudit:\s*(?P<what>ignore(?:-file)?)\b(?!-)\s*(?:\[(?P<names>[^\]]*)\])?(?P<reason>.*)"
)
_HADOLINT = regex(
    r"\s*#\s*hadolint\s+(?:(?P<scope>global|stage)\s+)?ignore\s*=\s*"
    r"(?P<names>[A-Za-z0-9_]+(?:\s*,\s*[A-Za-z0-9_]+)*)(?:\s*#(?P<reason>.*))?"
)
_SHELLCHECK = regex(
    r"\s*#\s*shellcheck\s(?:[^#]*\s)?disable=(?P<names>(?:SC\d{4}|all)(?:[,-](?:SC\d{4}|all))*)(?P<reason>.*)"
)
_CHECK = regex(r"\s*#\s*check\s*=\s*(?P<settings>\S.*)")
_CHECKS = (
    "ConsistentInstructionCasing", "CopyIgnoredFile", "DuplicateStageName", "ExposeInvalidFormat", "ExposeProtoCasing",
    "FromAsCasing", "FromPlatformFlagConstDisallowed", "InvalidBaseImagePlatform", "InvalidDefaultArgInFrom",
    "InvalidDefinitionDescription", "JSONArgsRecommended", "LegacyKeyValueFormat", "MaintainerDeprecated",
    "MultipleInstructionsDisallowed", "NoEmptyContinuation", "RedundantTargetPlatform", "ReservedStageName",
    "SecretsUsedInArgOrEnv", "StageNameCasing", "UndefinedArgInFrom", "UndefinedVar", "WorkdirRelativePath",
)  # fmt: skip
_ALLOWED = regex(r"gitleaks:allow\b|pragma:\s*(?:allow|white)list\s+(?P<next>nextline\s+)?secret\b")
_OPENING = regex(r"#|//|<!--|/\*|--|;")
# A comment's text before its mark: looking back further would cost the square of a minified line's length.
_BEFORE = 400
_PROSE = (".md", ".markdown", ".rst", ".adoc")
_MARKS = ("aiaudit:", "hadolint", "shellcheck", "gitleaks:allow", "allowlist", "whitelist")
_DOCKERFILE_MARKS = (*_MARKS, "skip=")


def extract(text: str, path: str) -> tuple[Record, ...]:
    """All such comments of one file."""
    is_dockerfile = _is_dockerfile(path) or "dockerfile_inline" in text
    marks = _DOCKERFILE_MARKS if is_dockerfile else _MARKS
    if not any(mark in text for mark in marks):
        return ()
    if path.endswith(".py"):
        comments = _python_comments(text)
        if comments is not None:
            return tuple(record for comment in comments for record in _records(*comment))
    lines = text.split("\n")
    covering = Covering(lines, is_dockerfile)
    found: list[Record] = []
    for number, line in enumerate(lines, 1):
        if any(mark in line for mark in marks):
            own_line = line.lstrip().startswith(("#", "//", "<!--", "/*", "--", ";"))
            covered = covering.after(number) if own_line else (number, number)
            found.extend(_records(line, number, 0, covered, path.endswith(_PROSE)))
            if is_dockerfile:
                found.extend(_of_linters(line, number, covering))
    return tuple(found)


def _records(line: str, number: int, start: int, covered: tuple[int, int], prose: bool = False) -> Iterator[Record]:
    """What the comments of one line, from this index on, say."""
    for match in _own(line, start):
        names = None if match["names"] is None else tuple(n.strip() for n in match["names"].split(",") if n.strip())
        first, last = (0, 0) if match["what"] == "ignore-file" else covered
        end = match.start() + len(match.group().rstrip()) + 1
        tool = "quoted" if prose and not match.group().startswith("<!--") else "aiaudit"
        yield (tool, names or None, _reason(match["reason"]), number, match.start() + 1, end, first, last)
    for match in _ALLOWED.finditer(line, start):
        opening = _OPENING.search(line, max(start, match.start() - _BEFORE), match.start())
        if opening is None:
            continue
        first, last = (number + 1, number + 1) if match["next"] else covered
        reason = line[opening.start() : match.end()].lstrip("#/<!-*; ")
        yield ("secrets", ("KEY",), reason, number, opening.start() + 1, match.end() + 1, first, last)


def _of_linters(line: str, number: int, covering: Covering) -> Iterator[Record]:
    """What a comment line of a Dockerfile says to hadolint, to BuildKit or to ShellCheck."""
    match = _CHECK.match(line)
    if match is not None:
        names = tuple(_skipped(match["settings"]))
        if names:
            scope = (0, 0) if covering.is_head(number) else covering.after(number)
            yield ("buildkit", names, "", number, 1, len(line) + 1, *scope)
    match = _HADOLINT.match(line)
    if match is not None:
        names = tuple(name.strip() for name in match["names"].split(","))
        covered: Lines | None = (0, 0)
        if match["scope"] != "global":
            covered = covering.stage(number) if match["scope"] else covering.after(number)
        if covered is not None:
            yield ("hadolint", names, (match["reason"] or "").strip(), number, 1, len(line) + 1, *covered)
    match = _SHELLCHECK.match(line)
    if match is not None:
        names = tuple(_codes(match["names"]))
        reason = match["reason"].strip().lstrip("#").strip()
        yield ("shellcheck", names, reason, number, 1, len(line) + 1, *covering.command(number))


def _skipped(settings: str) -> Iterator[str]:
    """The checks that `skip=A,B;error=true` leaves out; "all" are those that BuildKit has."""
    for setting in settings.split(";"):
        key, _, value = setting.partition("=")
        if key.strip() == "skip":
            for name in value.split(","):
                yield from _CHECKS if name.strip() == "all" else (name.strip(),)


def _codes(text: str) -> Iterator[str]:
    """`SC2086,SC3000-SC3050,all` one by one; "all" are those of the family of the shell rules."""
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if part == "all":
            yield "SHC"
        elif dash and last.startswith("SC") and first.startswith("SC"):
            yield from (f"SC{code}" for code in range(int(first[2:]), int(last[2:]) + 1))
        else:
            yield first


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
    # Hardly any file has a comment that accepts something: the tokenizer would be imported in vain.
    import tokenize

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


def _is_dockerfile(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return "dockerfile" in name or "containerfile" in name
