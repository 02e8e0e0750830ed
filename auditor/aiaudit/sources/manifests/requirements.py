"""requirements.txt and constraints.txt, read as pip reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiaudit.patterns import regex
from aiaudit.sources.manifests.facts import Inclusion, Index, ManifestFacts, ManifestProblem, Requirement
from aiaudit.sources.manifests.specifiers import requirement
from aiaudit.span import Extent
from aiaudit.values import replace

_COMMENT = regex(r"(?:^|\s+)#.*$")
_OPTION = regex(r"(?P<name>--?[A-Za-z][\w-]*)(?:\s*=\s*|\s+|(?<=^-[A-Za-z])(?=\S))?(?P<value>.*)", re.DOTALL)
_TRAILING = regex(r"\s+--(?P<name>hash|config-settings?|global-option|install-option)(?:=|\s+)(?P<value>\S+)")
_INCLUSIONS = {"-r": "requirement", "--requirement": "requirement", "-c": "constraint", "--constraint": "constraint"}
_INDEXES = {
    "-i": "index", "--index-url": "index", "--pypi-url": "index", "--extra-index-url": "extra-index",
    "-f": "find-links", "--find-links": "find-links", "--no-index": "no-index",
}  # fmt: skip


class _Reader:
    def __init__(self) -> None:
        self.requirements: list[Requirement] = []
        self.inclusions: list[Inclusion] = []
        self.indexes: list[Index] = []
        self.options: list[str] = []
        self.problems: list[ManifestProblem] = []

    def line(self, text: str, extent: Extent) -> None:
        if text.startswith("-"):
            self.option(text, extent)
        else:
            self.requirement(text, extent, editable=False)

    def option(self, text: str, extent: Extent) -> None:
        match = _OPTION.fullmatch(text)
        name, value = (match["name"], match["value"].strip().strip("\"'")) if match else (text, "")
        if not name.startswith("--") and len(name) > 2:  # -rother.txt
            name, value = name[:2], name[2:] + value
        if name in _INCLUSIONS:
            self.inclusions.append(Inclusion(value, _INCLUSIONS[name], extent))
        elif name in ("-e", "--editable"):
            self.requirement(value, extent, editable=True)
        elif name in _INDEXES:
            first, *others = value.split() or [""]
            self.indexes.append(Index(_INDEXES[name], first, extent))
            if others and others[0].startswith("-"):
                self.option(" ".join(others), extent)
        else:
            self.options.append(text)

    def requirement(self, text: str, extent: Extent, editable: bool) -> None:
        hashes = tuple(m["value"] for m in _TRAILING.finditer(text) if m["name"] == "hash")
        plain = _TRAILING.sub("", text).strip()
        if len(plain) > 1 and plain[0] == plain[-1] and plain[0] in "\"'":
            plain = plain[1:-1]
        found = requirement(plain, extent)
        if found is None:
            self.problems.append(ManifestProblem(f"{text[:60]!r} is no requirement", extent))
            return
        self.requirements.append(replace(found, editable=editable, hashes=hashes))


def extract(text: str, is_constraints: bool = False) -> ManifestFacts:
    """The facts of a requirements file."""
    if _is_foreign(text):
        return ManifestFacts("")
    reader = _Reader()
    for line, extent in _logical_lines(text):
        reader.line(line, extent)
    return ManifestFacts(
        "constraints" if is_constraints else "requirements",
        requirements=tuple(reader.requirements),
        inclusions=tuple(reader.inclusions),
        indexes=tuple(reader.indexes),
        options=tuple(reader.options),
        problems=tuple(reader.problems),
    )


def _is_foreign(text: str) -> bool:
    """A document in words or a list in another form that only bears the name."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    prose = sum(1 for line in lines if len(line.split()) > 6 and not re.search(r"[=<>@;]|--", line))
    return bool(lines) and prose * 2 > len(lines)


def _logical_lines(text: str) -> Iterator[tuple[str, Extent]]:
    """Lines joined over their continuations, comments left out, with their places."""
    parts: list[str] = []
    first = column = 1
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\r")
        if not parts:
            first, column = number, len(line) - len(line.lstrip()) + 1
        is_comment = line.lstrip().startswith("#")
        if line.endswith("\\") and not is_comment and number < len(lines):
            parts.append(line[:-1].strip())
            continue
        content = _COMMENT.sub("", line.removesuffix("\\")).rstrip()
        joined = " ".join(part for part in (*parts, content.strip()) if part)
        joined = _COMMENT.sub("", joined).strip()
        parts = []
        if joined:
            yield joined, Extent(first, column, number, max(len(content), 1) + 1)
