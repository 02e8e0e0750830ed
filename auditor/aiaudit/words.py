"""Which words stand in which files, and on which lines."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from aiaudit.patterns import regex

_WORD = regex(r"[^\W\d]\w*")
# So much text is searched for so many words faster than its words are put in order.
_SHORT, _FEW = 2 * 1024 * 1024, 40
# What is no letter, digit or underscore, as a space; of a character beyond ASCII nothing is said yet.
_BETWEEN = bytes(32 if code < 128 and not (chr(code).isalnum() or code == ord("_")) else code for code in range(256))
_LINE_END = regex(r"\n")


def words_of(text: str) -> set[str]:
    """The words in a text, each once. The pattern alone would take three times as long: it is asked about the few runs
    of characters that are not plain words."""
    runs = set(text.encode("utf-8", "surrogatepass").translate(_BETWEEN).split())
    found: set[str] = set()
    for run in runs:
        word = run.decode("utf-8", "surrogatepass")
        if run.isascii() and not run[:1].isdigit():
            found.add(word)
        else:
            found.update(_WORD.findall(word))
    return found


def holds(word: str, text: str) -> bool:
    """Whether a word is among those of a text."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not _is_of_word(text[end : end + 1]):
            before = start
            while before > 0 and text[before - 1].isdecimal():  # a word begins after the digits before it
                before -= 1
            if not _is_of_word(text[before - 1 : before]):
                return True
        start = text.find(word, start + 1)
    return False


def lines_of(word: str, text: str) -> tuple[int, ...]:
    """The lines of a text on which a word stands, in order."""
    return _Lines(text).of(word)


class Words:
    """The words of files, read when a file is first asked about."""

    def __init__(self, text_of: Callable[[str], str]) -> None:
        self._text_of = text_of
        self._texts: dict[str, str] = {}
        self._size = 0
        self._searched = 0
        self._read: set[str] = set()
        self._files: dict[str, list[str]] = defaultdict(list)
        self._ends: dict[str, array[int]] = {}

    def files_with(self, word: str, among: frozenset[str]) -> Iterable[str]:
        """Those of some files in whose text a word stands."""
        if not among <= self._read:
            for path in sorted(among - self._read):
                self._texts[path] = text = self._text_of(path)
                self._size += len(text)
                if self._size > _SHORT:
                    self._put_in_order()
            self._read |= among
        if self._searched > _FEW * len(self._texts) and self._texts:
            self._put_in_order()
        found = [path for path in self._files.get(word, ()) if path in among]
        texts = [(path, text) for path, text in self._texts.items() if path in among]
        self._searched += len(texts)
        found += [path for path, text in texts if word in text and holds(word, text)]
        return found

    def _put_in_order(self) -> None:
        """Keep the words of the texts that were read instead of the texts."""
        for path, text in self._texts.items():
            for found in words_of(text):
                self._files[found].append(path)
        self._texts.clear()

    def lines_with(self, path: str, word: str) -> tuple[int, ...]:
        """The lines of a file on which a word stands, in order."""
        lines = _Lines(self._text_of(path), self._ends.get(path))
        self._ends[path] = lines.ends
        return lines.of(word)


class _Lines:
    """A text with the places of its line ends."""

    def __init__(self, text: str, ends: array[int] | None = None) -> None:
        self.text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        self.ends = ends or array("L", (match.start() for match in _LINE_END.finditer(self.text)))

    def of(self, word: str) -> tuple[int, ...]:
        """The lines with a word, each once."""
        return tuple(dict.fromkeys(bisect_left(self.ends, place) + 1 for place in _places_of(word, self.text)))


def _places_of(word: str, text: str) -> Iterator[int]:
    """Where a word stands in a text; an index of all words would weigh more than the texts."""
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        if not _is_of_word(text[start - 1 : start]) and not _is_of_word(text[end : end + 1]):
            yield start
        start = text.find(word, end)


def _is_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"
