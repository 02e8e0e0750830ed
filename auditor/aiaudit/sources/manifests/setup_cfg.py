"""setup.cfg: what setuptools installs with the project."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator

from aiaudit.sources.manifests.facts import MAIN, Inclusion, ManifestFacts, ManifestProblem, Requirement
from aiaudit.sources.manifests.specifiers import requirement
from aiaudit.span import Extent

_START = Extent(1, 1, 1, 1)


def extract(text: str) -> ManifestFacts:
    """The facts of a setup.cfg."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=", ":"))
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError) as error:
        message = str(error).splitlines()[0]
        line = getattr(error, "lineno", 1) or 1
        return ManifestFacts("setup.cfg", problems=(ManifestProblem(message, Extent(int(line), 1, int(line), 1)),))
    found: list[Requirement] = []
    inclusions: list[Inclusion] = []
    for value, group in _lists(parser):
        if value.startswith("file:"):
            names = (name.strip() for name in value.removeprefix("file:").split(","))
            inclusions.extend(Inclusion(name, "requirement", _place(text, name), group) for name in names if name)
            continue
        for line in value.splitlines():
            line = line.partition("#")[0].strip()
            made = requirement(line, _place(text, line), group) if line else None
            if made:
                found.append(made)
    return ManifestFacts(
        "setup.cfg",
        project=parser.get("metadata", "name", fallback=""),
        requires_python=parser.get("options", "python_requires", fallback=""),
        requirements=tuple(found),
        inclusions=tuple(inclusions),
    )


def _lists(parser: configparser.RawConfigParser) -> Iterator[tuple[str, str]]:
    yield parser.get("options", "install_requires", fallback="").strip(), MAIN
    if parser.has_section("options.extras_require"):
        for name, value in parser.items("options.extras_require"):
            yield value.strip(), f"extra:{name}"


def _place(text: str, written: str) -> Extent:
    match = re.search(rf"^.*?({re.escape(written)})", text, re.MULTILINE)
    if not match:
        return _START
    line = text.count("\n", 0, match.start(1)) + 1
    column = match.start(1) - match.start() + 1
    return Extent(line, column, line, column + len(written))
