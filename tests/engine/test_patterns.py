"""Expressions that are compiled when they are needed, and searches that need none."""

from __future__ import annotations

import re

import pytest

from aiaudit.patterns import LINE_END, head_of, occurs, regex
from aiaudit.words import Words, holds, words_of


@pytest.mark.parametrize(
    ("pattern", "head"),
    [
        (r"openai\.(\w+\.)*(Async)?OpenAI", "openai."),
        (r"google\.generativeai\.configure", "google.generativeai.configure"),
        (r"colou?r", "colo"),
        (r"a{2}b", ""),
        (r"ab+c", "ab"),
        (r"lang(chain|graph)\.x", "lang"),
        (r"one|two", ""),
        (r"(one)two|three", ""),
        (r"one[|]two", ""),
        (r"\w+key", ""),
        (r"^key", ""),
        (r"\(key\)", "(key)"),
        (r"key\d", "key"),
    ],
)
def test_head(pattern: str, head: str) -> None:
    """What all texts begin with that an expression matches; nothing where alternatives begin otherwise."""
    assert head_of(pattern) == head


@pytest.mark.parametrize("text", ["openai.OpenAI", "openai.lib.AsyncOpenAI", "openai", "groq.Groq", ""])
def test_same_answers(text: str) -> None:
    """Whether or not the expression had to be compiled."""
    pattern = r"openai\.(\w+\.)*(Async)?OpenAI"
    for method in ("match", "fullmatch"):
        assert bool(getattr(regex(pattern), method)(text)) is bool(getattr(re.compile(pattern), method)(text))
    assert regex("b").match("ab", 1) is not None
    assert regex("B", re.IGNORECASE).match("b") is not None


def test_lines() -> None:
    """An expression that begins with a line end is found on the first line, too."""
    pattern = regex(LINE_END + r"[ \t]*import[ \t]+flask\b")

    assert occurs("import flask\n", pattern)
    assert occurs("import os\n    import flask", pattern)
    assert not occurs("# import flask", pattern)


@pytest.mark.parametrize("text", ["key", "a key.", "keys key", "keys", "1key", "_1key", "ключkey", "", "monkey _key"])
def test_words(text: str) -> None:
    """A word is found where the words of the text have it: after digits, not after letters."""
    assert holds("key", text) is ("key" in words_of(text))


def test_words_of_many_files() -> None:
    """The same files are found among few and short ones as among many and long ones."""
    texts = {"a.py": "alpha beta", "b.py": "beta\n" * 10, "long.py": "gamma beta " + "x" * 3_000_000, "d.py": "gamma"}
    words = Words(texts.__getitem__)

    assert list(words.files_with("beta", frozenset(("a.py", "b.py")))) == ["a.py", "b.py"]
    assert sorted(words.files_with("beta", frozenset(texts))) == ["a.py", "b.py", "long.py"]
    assert sorted(words.files_with("gamma", frozenset(("d.py", "long.py")))) == ["d.py", "long.py"]
    assert list(words.files_with("gamm", frozenset(texts))) == []
