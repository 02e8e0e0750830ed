"""Where values are bound in everything that is neither Python nor YAML: one line at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aiaudit.patterns import regex
from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.collect import Collector
from aiaudit.sources.secrets.values import CODE, CONFIG, PROCESS, is_placeholder

NO, WORD, LINE = "no", "word", "line"

_AFTER = regex(
    r"""(?P<closed>\\{0,3}["'`])?(?P<space>\s{0,3}\]?\s{0,8})(?::\s{0,4}[\w<>|\[\]. ]{1,40}\s{0,4}(?==))?"""
    r"""(?P<sep>=>|:=|\?=|=(?![=>~])|:(?!:))[ \t]{0,8}(?P<open>\\{0,3}["'`]|)"""
)
_OPTION_VALUE = regex(r"[ \t]{1,4}[\"']?([^\s\"'`;|&<>()]{3,400})")
_BARE_VALUE = regex(r"[^\s\"'`;|&<>,()]{2,4096}")
_LINE_VALUE = regex(r"[^\r\n]{2,4096}")
_INLINE_COMMENT = regex(r"\s[#;]")
_COMMENT = regex(r"\s*(?:#|//|;|\*|<!--|--\s|/\*|\{#)")
_SETTINGS_COMMENT = regex(r"\s*(?:#|//\s|;|<!--|--\s|REM\s|\{#)")
_EXPLAINED = regex(r"e\.g\.|example|such as|format|usage|like\b|read -p|echo|print", re.IGNORECASE)
_STATEMENT = regex(r"\s*(?:export\s+|set\s+|declare\s+|local\s+)?(?P<name>[\w.\-]+)=\S+\s*\\?\s*$")
_NAMED = regex(r"""\s*(?:export\s+|ENV\s+|ARG\s+|-\s+)?["']?([\w.\-]{2,80})["']?\s*[=:]""")
_USES = {NO: CODE, WORD: PROCESS, LINE: CONFIG}
_CONTEXTS = {NO: "code", WORD: "script", LINE: "config"}


class LineBinder:
    """Reads `name = value` around the names that the fast pass found.

    `bare` tells whether values may stand without quotes: NO (program text), WORD (shell, Dockerfile) or LINE (settings
    files, where the rest of the line is the value).
    """

    def __init__(self, collector: Collector, bare: str) -> None:
        self._collector = collector
        self._bare = bare
        self._context = _CONTEXTS[bare]
        self._comment = _COMMENT if bare == NO else _SETTINGS_COMMENT

    def bind(self, found: Iterable[tuple[int, int]]) -> None:
        """Read the binding at each name."""
        for start, end in found:
            name = self._collector.scan.text[start:end]
            if self._collector.is_full():
                return
            if names.is_secret_name(name):
                self._bind_one(start, end, name)

    def links(self, found: Iterable[tuple[int, int]]) -> None:
        """Passwords in URLs, outside comments."""
        scan = self._collector.scan
        for start, end in found:
            begin, line = scan.line_of(start)
            if self._comment.match(line) or self._collector.covers(start):
                continue
            name = _NAMED.match(line)
            head = start
            while head > begin and (scan.text[head - 1].isalnum() or scan.text[head - 1] in "+.-"):
                head -= 1
            host = re.match(r"[\w.\-\[\]{}$:]*", scan.text[end : end + 200])
            stop = end + (host.end() if host else 0)
            real = self._bare == NO or bool(_EXPLAINED.search(line[: head - begin]))
            place = (head, stop)
            self._collector.link(scan.text[head:stop], place, name.group(1) if name else "", self._context, real=real)

    def _bind_one(self, start: int, end: int, name: str) -> None:
        scan = self._collector.scan
        begin, line = scan.line_of(start)
        if self._comment.match(line) or scan.text[max(begin, start - 2) : start].endswith(("${", "{{")):
            return
        rest = scan.text[end : min(begin + len(line), end + 4200)]
        match = _AFTER.match(rest)
        if match is None:
            self._spaced(end, name, line, rest)
            return
        if self._bare == WORD and not self._is_shell_binding(match):
            return
        value_at = end + match.end()
        if match.group("open"):
            value = self._quoted(value_at, match.group("open"), begin + len(line))
        else:
            value = self._unquoted(value_at, begin + len(line))
        if value:
            self._add(value, value_at, name, line)

    def _is_shell_binding(self, match: re.Match[str]) -> bool:
        """`NAME=value` without spaces, `"name": "value"` in a request's body, or Make's `NAME := value`.

        What stands bare behind a quoted name is an expression of another language: `python -c '{"token": read()}'`.
        """
        if match.group("sep") == ":":
            return bool(match.group("closed") and match.group("open"))
        return not match.group("space") or match.group("sep") in (":=", "?=")

    def _spaced(self, end: int, name: str, line: str, rest: str) -> None:
        """`--password value`."""
        if self._bare == WORD and name.startswith("-") and (option := _OPTION_VALUE.match(rest)):
            self._add(option.group(1), end + option.start(1), name.lstrip("-"), line)

    def _quoted(self, at: int, opening: str, stop: int) -> str | None:
        text = self._collector.scan.text
        close = text.find(opening, at, stop)
        if close < 0 and len(opening) == 1:
            return None
        return text[at : close if close >= 0 else stop]

    def _unquoted(self, at: int, stop: int) -> str | None:
        if self._bare == NO:
            return None
        text = self._collector.scan.text
        pattern = _BARE_VALUE if self._bare == WORD else _LINE_VALUE
        match = pattern.match(text, at, stop)
        if match is None:
            return None
        value = match.group().strip()
        if self._bare == LINE:
            comment = _INLINE_COMMENT.search(value)
            value = value[: comment.start()] if comment else value
        return value.rstrip(",;")

    def _add(self, value: str, at: int, name: str, line: str) -> None:
        place = (at, at + len(value))
        if self._collector.covers(at) or value.strip("-.") == name.strip("-."):
            return
        if "://" in value and self._collector.link(value, place, name, self._context, real=self._bare == NO):
            return
        real = self._bare == NO
        if self._bare == WORD and is_placeholder(value):
            statement = _STATEMENT.match(line)
            if statement is None or statement.group("name") != name:
                return  # a usage text, or a dummy for the one command behind it
        self._collector.bind(value, place, name.lstrip("-"), self._context, _USES[self._bare], real=real)
