"""One fast pass over a file that finds the places worth careful reading.

The text becomes one byte a character, so that offsets stay the same. Long runs of token characters are found by mapping
all of them to one letter and searching for a row of it; secrets' names by one expression over the lower-cased bytes.
Both take time proportional to the file, whatever it holds.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from aiaudit.patterns import regex
from aiaudit.span import Extent

SHORTEST_RUN = 20
LONGEST_NAME = 100
_RUN_MAP = bytes(
    ord("a") if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "_-") else ord(" ") for code in range(256)
)
_ROW = b"a" * SHORTEST_RUN
_RUN_END = regex(rb"[^a]")

_CORE = regex(rb"key|token|secret|pass|pwd|credential|auth|_pat\b|webhook|dsn|senha")
# The same without looking around: most files have none of these, and each is found faster than all of them together.
_CORES = (b"key", b"token", b"secret", b"pass", b"pwd", b"credential", b"auth", b"_pat", b"webhook", b"dsn",
          b"senha")  # fmt: skip
_REST_OF_NAME = regex(rb"[\w.\-]*")
# What follows a name that a literal is bound to: quotes or brackets closed, a separator, then the value.
_CLOSED = rb"""\\{0,3}["'`]?\s{0,3}[\])]{0,3}\s{0,20}"""
_SEPARATED = regex(_CLOSED + rb"""(?:[:!=]=|[:=,|]|or\b|else\b)(?!=)[^\n"'`#]{0,100}""")
_NEXT_LINE = regex(rb"""\n\s{0,80}(?:default\s{0,2}=\s{0,2})?["'`]""")
_QUOTES = (b'"', b"'", b"`")
_BARE = regex(_CLOSED + rb"""(?:=>|:=|\?=|=|:|\s)\s{0,8}[^\s=]""")
_LINK = regex(rb"://[^\s/@\"'`<>]{0,120}:[^\s/@\"'`<>]{1,200}@")
LANDMARKS = (
    b"PRIVATE KEY-----", b"8Q~", b":AA", b"hooks.slack.com/services/", b"/api/webhooks/", b"AccountKey=",
    b"SharedAccessKey=",
)  # fmt: skip
_SECRET_BY_POSITION = regex(
    rb"""(?:jwt\.(?:en|de)code|BasicAuth|auth=|compare_digest|\.login)\(
    |(?:[Pp]assword\w{0,20}|hashpw|\.hash|Fernet|Serializer|Signer|hmac\.new|KeyCredential|TavilyClient
        |GridAPIClient|DeepgramClient|\bExa|Pinecone|cohere\.(?:Async)?Client(?:V2)?)\(\s{0,80}b?["']""",
    re.VERBOSE,
)
# The same as fixed texts: what all that ends in a bracket ends in is asked at the brackets alone.
_TAKING_BY_POSITION = (b"jwt.", b"assword", b"cohere.", b"Exa(")
_TAKING_IN_BRACKETS = regex(
    rb"\((?<=Auth\(|uth=\(|gest\(|shpw\(|hash\(|rnet\(|izer\(|gner\(|\.new\(|ogin\(|tial\(|ient\(|cone\()"
)


class Scan:
    """A text with what the fast pass needs: bytes of the same length, and places by offset."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = text.encode("latin-1", "replace")
        self._starts: list[int] | None = None

    def extent(self, start: int, end: int) -> Extent:
        """The place of a stretch of the text."""
        line, column = self.position(start)
        end_line, end_column = self.position(end)
        return Extent(line, column, end_line, end_column)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, from 1."""
        starts = self.line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def line_starts(self) -> list[int]:
        """The offset at which each line begins."""
        if self._starts is None:
            self._starts = [0, *(match.end() for match in re.finditer(rb"\n", self.data))]
        return self._starts

    def offset(self, line: int, column: int) -> int:
        """The offset of a place (both from 1)."""
        starts = self.line_starts()
        return min(starts[min(line, len(starts)) - 1] + column - 1, len(self.text))

    def line_of(self, offset: int, width: int = 2000) -> tuple[int, str]:
        """The line around an offset, cut to a bounded width, and where the piece begins."""
        start = max(self.data.rfind(b"\n", 0, offset) + 1, offset - width)
        end = self.data.find(b"\n", offset, offset + width)
        return start, self.text[start : end if end >= 0 else offset + width]

    def runs(self) -> Iterator[tuple[int, int]]:
        """Stretches of at least SHORTEST_RUN letters, digits, `_` and `-`."""
        mapped = self.data.translate(_RUN_MAP)
        at = mapped.find(_ROW)
        while at >= 0:
            end_match = _RUN_END.search(mapped, at)
            end = end_match.start() if end_match else len(mapped)
            yield at, end
            at = mapped.find(_ROW, end)

    def names(self, *, bare: bool) -> Iterator[tuple[int, int]]:
        """Names in which a secret's word stands and that a value follows; `bare` admits values without quotes."""
        follows = _BARE.match if bare else _quoted_value
        lower = self.data.lower()
        if not any(core in lower for core in _CORES):
            return
        match = _CORE.search(lower)
        while match is not None:
            rest = _REST_OF_NAME.match(lower, match.end())
            end = rest.end() if rest else match.end()
            if end - match.start() <= LONGEST_NAME and (
                follows(lower, end) or self._in_query(lower, match.start(), end)
            ):
                yield self._name_start(match.start()), end
            match = _CORE.search(lower, end)

    def _in_query(self, lower: bytes, offset: int, end: int) -> bool:
        """Whether the name is one of the query of an address: `&password=...`, whatever stands behind its value."""
        if lower[end : end + 1] != b"=":
            return False
        start = self._name_start(offset)
        return lower[start - 1 : start] in (b"?", b"&")

    def _name_start(self, offset: int) -> int:
        start = offset
        while start > 0 and offset - start < 80 and (self.text[start - 1].isalnum() or self.text[start - 1] in "_-."):
            start -= 1
        return start

    def links(self) -> Iterator[tuple[int, int]]:
        """`://user:password@` stretches."""
        for match in _LINK.finditer(self.data):
            yield match.start(), match.end()

    def calls(self) -> Iterator[int]:
        """Calls in Python that take a secret by its position, so that no name gives it away."""
        if _TAKING_IN_BRACKETS.search(self.data) or any(mark in self.data for mark in _TAKING_BY_POSITION):
            yield from (match.start() for match in _SECRET_BY_POSITION.finditer(self.data))

    def landmarks(self) -> Iterator[tuple[bytes, int]]:
        """Fixed texts that stand in or before keys which no run of token characters shows."""
        for mark in LANDMARKS:
            at = self.data.find(mark)
            while at >= 0:
                if mark != b":AA" or self.data[max(at - 8, 0) : at].isdigit():
                    yield mark, at
                at = self.data.find(mark, at + len(mark))


def _quoted_value(lower: bytes, end: int) -> bool:
    """Whether a separator and a quoted text follow the name that ends here, on its line or after an open bracket."""
    gap = _SEPARATED.match(lower, end)
    if gap is None:
        return False
    stop = gap.end()
    if lower[stop : stop + 1] in _QUOTES:
        return True
    opened = gap.group().rstrip()[-1:] in (b"(", b",", b"=", b"[", b"{")
    return opened and _NEXT_LINE.match(lower, stop) is not None
