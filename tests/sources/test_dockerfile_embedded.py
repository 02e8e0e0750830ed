"""Dockerfiles inside of compose files: every place is one of the YAML file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiaudit.sources.dockerfile.embedded import extract
from aiaudit.sources.dockerfile.facts import Word
from aiaudit.sources.dockerfile.parse import extract as extract_plain
from aiaudit.span import Extent

LINES = st.lists(
    st.sampled_from(
        [
            "FROM python:3.12",
            "RUN make x && \\",
            "    make größe",
            "# note",
            "",
            "ENV A='b c'",
            'CMD ["a", "b"]',
            "RUN <<EOF",
            "  echo hi",
            "EOF",
            "USER 1000",
        ]
    ),
    min_size=1,
    max_size=10,
)


def compose(dockerfile: str, indent: int = 8, header: str = "|") -> str:
    start = "services:\n  # a comment\n  api:\n    build:\n      dockerfile_inline: "
    return f"{start}{header}\n" + textwrap.indent(dockerfile, " " * indent) + "\n    image: x\n"


def words(value: Any) -> Iterator[Word]:
    """Every word of some facts."""
    if isinstance(value, Word):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from words(item)
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from words(getattr(value, name))


def cut(rows: list[str], extent: Extent) -> str:
    """The text of an extent, to the end of its first line."""
    end = extent.end_column - 1 if extent.end_line == extent.line else None
    return rows[extent.line - 1][extent.column - 1 : end]


@settings(max_examples=150, deadline=None)
@given(LINES, st.integers(7, 12), st.sampled_from(["|", "|-", "|+"]))
def test_places_in_a_block(lines: list[str], indent: int, header: str) -> None:
    """Each word stands in the YAML file where its extent says, and the facts are those of the Dockerfile alone."""
    dockerfile = "\n".join(["FROM a", *lines])
    text = compose(dockerfile, indent, header)
    [embedded] = extract(text).dockerfiles
    rows = text.split("\n")
    plain = extract_plain(dockerfile + "\n")

    assert [i.keyword for i in embedded.facts.instructions] == [i.keyword for i in plain.instructions]
    for word, other in zip(words(embedded.facts), words(plain), strict=True):
        assert cut(rows, word.extent) == cut(dockerfile.split("\n"), other.extent)
        assert word.extent.line == other.extent.line + 5


def test_doubled_dollars_are_plain_ones() -> None:
    """Compose interpolates; what follows stays where it is written."""
    text = compose("FROM a\nRUN echo $$HOME $$X && make it")
    [embedded] = extract(text).dockerfiles
    echo, make = embedded.facts.instructions[1].commands
    row = text.split("\n")[6]

    assert echo.arguments == ("$HOME", "$X")
    assert row[make.extent.column - 1 : make.extent.end_column - 1] == "make it"


@pytest.mark.parametrize("scalar", ['"FROM a\\nRUN make\\n"', "'FROM a'", ">-\n        FROM a\n\n        RUN make"])
def test_other_scalars_are_one_place(scalar: str) -> None:
    """Folded and quoted texts have no lines of their own."""
    text = f"services:\n  api:\n    build:\n      dockerfile_inline: {scalar}\n"
    [embedded] = extract(text).dockerfiles

    assert {instruction.extent.line for instruction in embedded.facts.instructions} == {4}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a: {dockerfile_inline: x}",
        "services: [dockerfile_inline]",
        "services: {a: {build: {dockerfile_inline: }}}",
        "services: {a: {build: {dockerfile_inline: [x]}}}",
        "services: {a: {build: x}}  # dockerfile_inline",
        "services: [",
    ],
)
def test_where_there_is_none(text: str) -> None:
    """Other YAML that happens to hold the word."""
    assert extract(text).dockerfiles == ()


def test_problems_are_those_of_the_dockerfiles() -> None:
    """Told with their lines in the YAML file."""
    facts = extract(compose("FROM a\nRUNN x"))

    assert [(problem.extent.line, "RUNN" in problem.message) for problem in facts.problems] == [(7, True)]
