"""The whole reading of one file: the fast pass, then the careful reading that its format asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TypeVar

from aiaudit.patterns import regex
from aiaudit.sources.secrets import formats, names
from aiaudit.sources.secrets.collect import Collector
from aiaudit.sources.secrets.facts import SecretFacts
from aiaudit.sources.secrets.lines import LINE, NO, WORD, LineBinder
from aiaudit.sources.secrets.marks import jwt_at, landmarks
from aiaudit.sources.secrets.prefilter import SHORTEST_RUN, Scan
from aiaudit.sources.secrets.shapes import STARTS, shape_at
from aiaudit.sources.secrets.values import PROCESS, judge

_NOTHING = SecretFacts()
_MOST_PLACES = 5_000
# Beyond these sizes a file is read by lines instead of by its grammar.
_LONGEST_TREES = {formats.PYTHON: 2_000_000, formats.YAML: 1_500_000, formats.JSON: 300_000}
_BARE = {
    formats.SHELL: WORD, formats.DOCKERFILE: WORD,
    formats.SETTINGS: LINE, formats.ENVIRONMENT: LINE, formats.YAML: LINE,
}  # fmt: skip
# The settings of a Firebase web or mobile application, whose key is made to be shown.
_WEB_APPLICATION = (b"messagingSenderId", b"firebaseapp.com", b"mobilesdk_app_id")
_WINDOW = 400
_LONGEST_LINE = 2000
_QUOTE = regex(r"\\*[\"'`]")
_QUERY_VALUE = regex(r"=([^&\s\"'`]+)")
_ESCAPED = regex(r"\\[nrt]$")

Hit = tuple[str, str, int, int]
Place = TypeVar("Place")


def extract(text: str, path: str) -> SecretFacts:
    """Candidate credentials in a text; the path tells how it is to be read."""
    if len(text) < 4:
        return _NOTHING
    scan = Scan(text)
    kind = formats.format_of(path)
    collector = Collector(scan)
    shapes = [*_shapes(scan), *landmarks(_bounded(scan.landmarks(), collector), scan)]
    if any(mark in scan.data for mark in _WEB_APPLICATION):
        collector.public = "google"
    found: list[tuple[int, int]] = []
    links: list[tuple[int, int]] = []
    if kind not in (formats.PROSE, formats.DATA):
        links = list(_bounded(scan.links(), collector))
        found = _names(scan, collector, bare=kind in _BARE)
        if kind in (formats.PYTHON, formats.JSON):
            found = [hit for hit in found if _is_plausible(scan, *hit)]
        if kind == formats.PYTHON:
            found += [(at, at) for at in scan.calls()]
    if not shapes and not links and not found:
        return _NOTHING if not collector.facts().problems else collector.facts()
    _read(collector, kind, shapes, found, links)
    for provider, label, start, end in shapes:
        if not collector.covers(start):
            collector.shape(provider, label, (start, end), _loose_context(scan, start, kind))
    return collector.facts()


def _read(
    collector: Collector, kind: str, shapes: list[Hit], found: list[tuple[int, int]], links: list[tuple[int, int]]
) -> None:
    if kind in (formats.PROSE, formats.DATA):
        return
    fits = len(collector.scan.text) <= _LONGEST_TREES.get(kind, 0)
    if fits and kind == formats.PYTHON and _read_python(collector, shapes, found, links):
        return
    if fits and kind in (formats.YAML, formats.JSON):
        from aiaudit.sources.deploy.yaml import extract as read_yaml
        from aiaudit.sources.secrets.documents import bind_documents

        facts = read_yaml(collector.scan.text)
        bind_documents(collector, facts)
        if not facts.problems:
            return
    if kind == formats.ENVIRONMENT:
        _read_environment(collector)
        return
    if kind == formats.DOCKERFILE and found:
        _read_dockerfile(collector)
    binder = LineBinder(collector, _BARE.get(kind, NO))
    binder.links(links)
    binder.bind([place for place in found if not _is_minified(collector.scan.text, place[0])])


def _is_minified(text: str, offset: int) -> bool:
    """Whether a line is longer than people write them: which quotes in it are pairs cannot be told."""
    before, after = text[max(0, offset - _LONGEST_LINE) : offset], text[offset : offset + _LONGEST_LINE]
    return len(before.rpartition("\n")[2]) + len(after.partition("\n")[0]) >= _LONGEST_LINE


def _read_python(
    collector: Collector, shapes: list[Hit], found: list[tuple[int, int]], links: list[tuple[int, int]]
) -> bool:
    from aiaudit.sources.secrets.python import bind_python, parse

    tree = parse(collector.scan.text)
    if tree is None:
        return False
    offsets = [hit[2] for hit in shapes] + [start for start, _ in found] + [start for start, _ in links]
    lines = sorted({collector.scan.position(offset)[0] for offset in offsets})
    try:
        bind_python(collector, tree, lines)
    except RecursionError:
        return False
    return True


def _read_environment(collector: Collector) -> None:
    from aiaudit.sources.deploy.environment import extract as read_environment

    scan = collector.scan
    for entry in read_environment(scan.text).entries:
        if collector.is_full():
            return
        if not entry.value or not (names.is_secret_name(entry.name) or "://" in entry.value):
            continue
        extent = entry.place
        place = scan.offset(extent.line, extent.column), scan.offset(extent.end_line, extent.end_column)
        if "://" in entry.value and collector.link(entry.value, place, entry.name, "environment"):
            continue
        if entry.interpolated and entry.quote != "'" and not entry.value.startswith(("$2", "django-")):
            continue
        collector.bind(entry.value, place, entry.name, "environment", PROCESS)


def _read_dockerfile(collector: Collector) -> None:
    """The values that ENV, ARG and LABEL give; what RUN lines hold is read by lines."""
    from aiaudit.sources.dockerfile.parse import extract as read_dockerfile

    scan, facts = collector.scan, read_dockerfile(collector.scan.text)
    instructions = [*facts.preamble, *(each for stage in facts.stages for each in stage.instructions)]
    for pair in (pair for each in instructions for pair in (each.trigger or each).pairs):
        if collector.is_full():
            return
        if not pair.value or not names.is_secret_name(pair.key):
            continue
        stop = scan.offset(pair.extent.end_line, pair.extent.end_column)
        place = stop - len(pair.raw), stop
        if "://" not in pair.value or not collector.link(pair.value, place, pair.key, "script"):
            collector.bind(pair.value, place, pair.key, "script", PROCESS)


def _bounded(places: Iterable[Place], collector: Collector) -> Iterator[Place]:
    """The first places; where there are more, the facts say so."""
    for number, place in enumerate(places):
        if number >= _MOST_PLACES:
            collector.problem(f"more than {_MOST_PLACES} places that may hold a secret; the rest is not searched")
            return
        yield place


def _names(scan: Scan, collector: Collector, *, bare: bool) -> list[tuple[int, int]]:
    places = ((start, end) for start, end in scan.names(bare=bare) if _is_name(scan, start, end))
    return list(_bounded(places, collector))


def _is_name(scan: Scan, start: int, end: int) -> bool:
    return names.is_secret_name(scan.text[start:end].strip("-."))


def _is_plausible(scan: Scan, start: int, end: int) -> bool:
    """Whether anything near the name could be its secret: spares the parsing of files that only look variables up."""
    name = scan.text[start:end]
    window = scan.text[end : end + _WINDOW]
    asked = _QUERY_VALUE.match(window)
    if asked is not None and judge(asked.group(1), name, PROCESS):
        return True
    return any("://" in piece or judge(piece, name, PROCESS) for piece in _QUOTE.split(window) if len(piece) > 1)


def _shapes(scan: Scan) -> list[Hit]:
    """Keys known by their form, at the beginnings of long runs of token characters."""
    text, hits = scan.text, []
    for start, end in scan.runs():
        begin = start + 1 if _ESCAPED.match(text[max(0, start - 1) : start + 1]) else start
        head = text[begin : begin + 2]
        if head == "ey":
            stop = jwt_at(text, begin)
            if stop is not None:
                hits.append(("jwt", "JSON Web Token", begin, stop))
        elif head in STARTS:
            found = shape_at(text, begin)
            if found is not None:
                hits.append((found[0].id, found[0].label, begin, found[1]))
        elif end - start == SHORTEST_RUN or text[start - 3 : start] in ("SG.", "AQ.", "hvs"):
            found = shape_at(text, start - 3) if start >= 3 else None
            if found is not None:
                hits.append((found[0].id, found[0].label, start - 3, found[1]))
    return hits


def _loose_context(scan: Scan, start: int, kind: str) -> str:
    """Whether a key that is bound to nothing stands in a comment, in prose or in code."""
    if kind in (formats.PROSE, formats.DATA):
        return "text"
    begin, line = scan.line_of(start)
    before = line[: start - begin]
    return "comment" if re.match(r"\s*(?:#|//|\*|<!--|;)", line) or re.search(r"\s(?:#|//)\s", before) else "code"
