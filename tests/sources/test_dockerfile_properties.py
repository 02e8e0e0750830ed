"""Any text gives facts, and every span of the facts lies inside the file, in order."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

from hypothesis import example, given, settings
from hypothesis import strategies as st

from aiaudit.sources.dockerfile.dump import dump
from aiaudit.sources.dockerfile.expand import expand
from aiaudit.sources.dockerfile.facts import Command, DockerfileFacts, Instruction
from aiaudit.sources.dockerfile.parse import extract
from aiaudit.span import Extent

FRAGMENTS = st.sampled_from(
    [
        "FROM python:3.12",
        "FROM ${BASE:-alpine} AS build",
        "RUN",
        "RUN pip install x",
        "COPY",
        "--from=build",
        "--mount=type=cache,target=/x",
        "ENV A=1",
        "ENV A b c",
        "ARG",
        "LABEL",
        "ONBUILD",
        "HEALTHCHECK CMD",
        "SHELL",
        "USER",
        '["a", "b\\u00e9", "sh", "-c"]',
        '["sh", "-c", "echo \\"x\\" && y"]',
        "[",
        "<<EOF",
        "<<-'EOF'",
        "<< EOF",
        "EOF",
        "\\",
        "`",
        "\n",
        "\r\n",
        "\\\n",
        "`\n",
        " ",
        "\t",
        "\xa0",
        "\u2028",
        "\x1c",
        "#",
        "# syntax=docker/dockerfile:1\n",
        "# escape=`\n",
        "&&",
        "||",
        ";",
        "|",
        "$(date)",
        "${x:?y}",
        "${a/b/c}",
        "$",
        '"',
        "'",
        "(",
        ")",
        "{",
        "}",
        "if a; then b; fi",
        "bash -c 'pip install \"y\"'",
        "é😀",
        "\ufeff",
        "\x00",
        "\udc80",
        "\ud83d",
    ]
)
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(FRAGMENTS, max_size=25).map("".join), st.lists(FRAGMENTS, max_size=25).map(" ".join)
)


def extents_of(instruction: Instruction) -> Iterator[Extent]:
    yield instruction.extent
    yield from (flag.extent for flag in instruction.flags)
    yield from (word.extent for word in instruction.words)
    yield from (pair.extent for pair in instruction.pairs)
    yield from (document.extent for document in instruction.heredocs)
    for command in instruction.commands:
        yield from command_extents(command)
    if instruction.trigger is not None:
        yield from extents_of(instruction.trigger)


def command_extents(command: Command) -> Iterator[Extent]:
    yield command.extent
    yield from (word.extent for word in command.words)
    yield from (pair.extent for pair in command.assignments)


def all_extents(facts: DockerfileFacts) -> Iterator[Extent]:
    for instruction in facts.instructions:
        yield from extents_of(instruction)
    yield from (comment.extent for comment in facts.comments)
    yield from (problem.extent for problem in facts.problems)


def inside(extent: Extent, lines: list[str]) -> bool:
    """Whether both ends are places of the file, the first before the second."""
    start, end = extent[:2], extent[2:]
    if start > end or extent.line < 1 or extent.column < 1 or extent.end_line > len(lines):
        return False
    return extent.column <= len(lines[extent.line - 1]) + 1 and extent.end_column <= len(lines[extent.end_line - 1]) + 1


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("RUN <<EOF")
@example("FROM a\nRUN <<A <<B\nx\nA\n")
@example("\\\n\xa0\\")
@example("ONBUILD # x")
@example("RUN " + "(" * 400)
@example("RUN " + "a && " * 3000 + "b")
@example("ENV A=${" + "x:-${" * 300)
def test_any_text_gives_facts_with_spans_inside_the_file(text: str) -> None:
    facts = extract(text)
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    for extent in all_extents(facts):
        assert inside(extent, lines), (extent, lines)
    starts = [instruction.extent[:2] for instruction in facts.instructions]
    assert starts == sorted(starts)
    ends = [instruction.extent.end_line for instruction in facts.instructions]
    assert all(end < following[0] for end, following in zip(ends, starts[1:], strict=False))


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_facts_survive_the_store_and_the_dump(text: str) -> None:
    facts = extract(text)
    assert pickle.loads(pickle.dumps(facts)) == facts
    dumped = dump(facts)
    assert [entry["cmd"] for entry in dumped["instructions"]] == [i.keyword for i in facts.instructions]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(FRAGMENTS, max_size=8).map("".join)), st.sampled_from(["\\", "`"]))
def test_expansion_never_raises(text: str, escape: str) -> None:
    values = {"x": "value", "a": "", "BASE": "python:3.12"}
    result = expand(text, values.get, escape)
    assert result.error is None or result.text == text
    assert not set(result.unknown) & set(values)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(["FROM a", "RUN a \\\n b", "# c", "", "ENV A=1 \\\n# c\n B=2", 'CMD ["x"]']), min_size=1)
)
def test_line_ends_and_a_byte_order_mark_change_nothing(parts: list[str]) -> None:
    text = "\n".join(parts) + "\n"
    plain = extract(text)
    assert extract(text.replace("\n", "\r\n")).stages == plain.stages
    assert extract("\ufeff" + text) == plain
