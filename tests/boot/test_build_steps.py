"""Builders' steps and the instructions that they stand for."""

from __future__ import annotations

import pytest

from aiaudit.boot.build.steps import by_vertex, demand
from aiaudit.sources.dockerfile.parse import extract

STAGES = """\
FROM python:3.11-slim AS Build
WORKDIR /srv
ENV A=1
COPY a b
RUN echo \\
    one
FROM build
RUN echo two
FROM scratch
COPY --from=build /b /b
"""


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("[build 1/4] FROM docker.io/library/python:3.11-slim", 1),
        ("[build 2/4] WORKDIR /srv", 2),
        ("[build 4/4] RUN echo     one", 5),
        ("[linux/arm64 build 3/4] COPY a b", 4),
        ("[build 4/6] WORKDIR /srv", 2),  # two triggers of the base image come first
        ("[build 2/6] RUN echo trigger", 1),
        ("[stage-1 1/1] RUN echo two", 8),
        ("[stage-2  1/1] COPY --from=build /b /b", 10),
        ("[internal] load build context", None),
        ("exporting to image", None),
        ("[1/2] RUN of a file with one stage", None),
    ],
)
def test_a_vertex_stands_for_an_instruction(name: str, line: int | None) -> None:
    instruction = by_vertex(extract(STAGES), name)
    assert (instruction.extent.line if instruction else None) == line


def test_a_stage_without_a_name_that_stands_alone_is_not_named() -> None:
    instruction = by_vertex(extract("FROM a\nRUN b\nRUN c\n"), "[3/3] RUN c")
    assert instruction is not None
    assert instruction.extent.line == 3


@pytest.mark.parametrize(
    ("text", "needed"),
    [
        ("FROM a\nRUN --mount=type=cache,target=/c b\n", (2, "RUN --mount")),
        ("FROM a\nCOPY --link b c\n", (2, "COPY --link")),
        ("FROM a\nCOPY --chmod=755 b c\n", (2, "COPY --chmod")),
        ("FROM a\nRUN <<EOF\nb\nEOF\n", (2, "a here-document")),
        ("# syntax=docker/dockerfile:1\nFROM a\n", (1, "a frontend of its own (`syntax=docker/dockerfile:1`)")),
        ("FROM --platform=$BUILDPLATFORM a\n", (1, "the platform arguments")),
        ("FROM a\nCOPY --from=b --chown=1:1 b c\nRUN c\n", None),
    ],
)
def test_what_needs_buildkit_is_named(text: str, needed: tuple[int, str] | None) -> None:
    assert demand(extract(text)) == needed
