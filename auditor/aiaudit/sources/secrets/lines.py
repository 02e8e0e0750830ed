"""Where values are bound in everything that is neither Python nor YAML: one line at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.collect import Collector
from aiaudit.sources.secrets.facts import FAIR, WEAK

_AFTER = re.compile(
    r"""\\{0,3}["'`]?\s{0,3}\]?\s{0,8}(?::\s{0,4}[\w<>|\[\]. ]{1,40}\s{0,4}(?==))?(?P<sep>=>|:=|\?=|=(?![=>~])|:(?!:))[ \t]{0,8}"""
    r"""(?:(?P<open>\\{0,3}["'`])|)"""
)
_BEFORE_OPTION = re.compile(r"--?$")
_LEGACY = re.compile(r"\s{0,8}(?:ENV|ARG|LABEL)\s{1,8}([\w.\-]+)\s{1,8}(?!=)(\S.*)", re.IGNORECASE)
_OPTION_VALUE = re.compile(r"[ \t]{1,4}[\"']?([^\s\"'`;|&<>()]{3,400})")
_BARE_VALUE = re.compile(r"[^\s\"'`;|&<>,()]{2,4096}")
_LINE_VALUE = re.compile(r"[^\r\n]{2,4096}")
_INLINE_COMMENT = re.compile(r"\s[#;]")
_COMMENT = re.compile(r"\s*(?:#|//|;|\*|<!--|--\s|/\*|REM\s|\{#)")


class LineBinder:
    """Reads `name = value` around the names that the fast pass found.

    `bare` tells whether values may stand without quotes: "no" (program text), "word" (shell, Dockerfile) or "line"
    (settings files, where the rest of the line is the value).
    """

    def __init__(self, collector: Collector, bare: str, context: str) -> None:
        self._collector = collector
        self._bare = bare
        self._context = context

    def bind(self, found: Iterable[tuple[int, int]]) -> None:
        """Read the binding at each name."""
        for start, end in found:
            name = self._collector.scan.text[start:end]
            if names.is_secret_name(name):
                self._bind_one(start, end, name)

    def links(self, found: Iterable[tuple[int, int]]) -> None:
        """Passwords in URLs, outside comments."""
        scan = self._collector.scan
        for start, end in found:
            begin, line = scan.line_of(start)
            if _COMMENT.match(line) or self._collector.covers(start):
                continue
            name = re.match(r"""\s*(?:export\s+|ENV\s+|ARG\s+|-\s+)?["']?([\w.\-]{2,80})["']?\s*[=:]""", line)
            head = start
            while head > begin and (scan.text[head - 1].isalnum() or scan.text[head - 1] in "+.-"):
                head -= 1
            host = re.match(r"[\w.\-\[\]{}$:]*", scan.text[end : end + 200])
            stop = end + (host.end() if host else 0)
            self._collector.link(scan.text[head:stop], (head, stop), name.group(1) if name else "", self._context)

    def _bind_one(self, start: int, end: int, name: str) -> None:
        scan = self._collector.scan
        begin, line = scan.line_of(start)
        if _COMMENT.match(line):
            return
        rest = scan.text[end : min(begin + len(line), end + 4200)]
        match = _AFTER.match(rest)
        if match is None:
            self._spaced(start, end, name, begin, line, rest)
            return
        value_at = end + match.end()
        if match.group("open"):
            value = self._quoted(value_at, match.group("open"), begin + len(line))
        else:
            value = self._unquoted(value_at, begin + len(line))
        if value is None or (name.startswith("$") and match.group("sep") == ":"):
            return
        self._add(value, value_at, name)

    def _spaced(self, start: int, end: int, name: str, begin: int, line: str, rest: str) -> None:
        """`ENV NAME value` and `--password value`."""
        if self._bare != "word":
            return
        legacy = _LEGACY.match(line)
        if legacy and legacy.group(1) == name:
            value = legacy.group(2).strip().strip("\"'")
            self._add(value, begin + line.index(legacy.group(2)), name)
            return
        if name.startswith("-") and (option := _OPTION_VALUE.match(rest)):
            self._add(option.group(1), end + option.start(1), name.lstrip("-"))

    def _quoted(self, at: int, opening: str, stop: int) -> str | None:
        text = self._collector.scan.text
        close = text.find(opening, at, stop)
        if close < 0 and len(opening) == 1:
            return None
        return text[at : close if close >= 0 else stop]

    def _unquoted(self, at: int, stop: int) -> str | None:
        if self._bare == "no":
            return None
        text = self._collector.scan.text
        pattern = _BARE_VALUE if self._bare == "word" else _LINE_VALUE
        match = pattern.match(text, at, stop)
        if match is None:
            return None
        value = match.group().strip()
        if self._bare == "line":
            comment = _INLINE_COMMENT.search(value)
            value = value[: comment.start()] if comment else value
        return value.rstrip(",;")

    def _add(self, value: str, at: int, name: str) -> None:
        place = (at, at + len(value))
        if self._collector.covers(at) or not value:
            return
        if "://" in value and self._collector.link(value, place, name, self._context):
            return
        runs = self._bare != "no"
        self._collector.bind(value, place, name.lstrip("-"), self._context, runs=runs, least=WEAK if runs else FAIR)
