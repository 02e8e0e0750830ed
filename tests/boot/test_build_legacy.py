"""What the engine's classic builder says, as an engine 20.10 said it."""

from __future__ import annotations

from aiaudit.boot.build.legacy import Transcript
from aiaudit.sources.dockerfile.parse import extract

DOCKERFILE = """\
ARG TAG=3.11-slim
FROM python:$TAG AS a
RUN echo hello

FROM python:$TAG
COPY f.txt /f.txt
RUN echo n && exit 3
"""
BASE, OURS, COPIED = "a3a8215ebb81", "be0bb81bc2bc", "616fee08082c"


def _streams(*texts: str) -> list[dict[str, object]]:
    return [{"stream": text} for text in texts]


MESSAGES: list[dict[str, object]] = [
    *_streams("Step 1/6 : ARG TAG=3.11-slim", "\n"),
    *_streams("Step 2/6 : FROM python:$TAG AS a", "\n", f" ---> {BASE}\n"),
    *_streams("Step 3/6 : RUN echo hello", "\n", " ---> Running in 998e3045c35a\n", "hello\n"),
    *_streams("Removing intermediate container 998e3045c35a\n", f" ---> {OURS}\n"),
    {"aux": {"ID": f"sha256:{OURS}"}},
    *_streams("Step 4/6 : FROM python:$TAG", "\n", "# Executing 1 build trigger", "\n", " ---> Using cache\n"),
    *_streams(f" ---> {BASE}\n"),
    *_streams("Step 5/6 : COPY f.txt /f.txt", "\n", " ---> Using cache\n", f" ---> {COPIED}\n"),
    *_streams("Step 6/6 : RUN echo n && exit 3", "\n", " ---> Running in f096bc5ac69d\n", "n\n"),
    {"errorDetail": {"code": 3}, "error": "The command '/bin/sh -c echo n && exit 3' returned a non-zero code: 3"},
]


def _read(messages: list[dict[str, object]]) -> Transcript:
    transcript = Transcript(extract(DOCKERFILE))
    for message in messages:
        transcript.take(message)
    return transcript


def test_steps_stand_for_the_instructions_in_their_order() -> None:
    steps = _read(MESSAGES).steps()
    assert [(step.line, step.keyword, step.cached) for step in steps] == [
        (1, "ARG", False), (2, "FROM", False), (3, "RUN", False),
        (5, "FROM", True), (6, "COPY", True), (7, "RUN", False),
    ]  # fmt: skip


def test_only_images_that_were_made_count_as_made() -> None:
    transcript = _read(MESSAGES)
    assert transcript.made == [OURS]
    assert transcript.image == f"sha256:{OURS}"


def test_the_error_belongs_to_the_last_step() -> None:
    transcript = _read(MESSAGES)
    assert transcript.last is not None
    assert transcript.last.line == 7
    assert "non-zero code: 3" in transcript.error


def test_a_step_that_the_builder_added_stands_for_no_line() -> None:
    steps = _read([*MESSAGES[:-1], *_streams("Step 7/7 : LABEL a=b", "\n", f" ---> {COPIED}\n")]).steps()
    assert max(step.line for step in steps) == 7


PODMAN = """\
FROM python:3.11-slim AS a
RUN echo hello
FROM python:3.11-slim
WORKDIR /w
# between
RUN echo \\
    two
"""


def test_podman_tells_other_words_for_the_same() -> None:
    transcript = Transcript(extract(PODMAN))
    texts = (
        "[1/2] STEP 1/2: FROM python:3.11-slim AS a\n", "[1/2] STEP 2/3: ARG OF_A_TRIGGER\n", "--> 1f669b2aa6f\n",
        "[1/2] STEP 3/3: RUN echo hello\n", "hello\n", "--> 9dfbd03ae2e\n",
        "[2/2] STEP 1/3: FROM python:3.11-slim\n", "[2/2] STEP 2/4: WORKDIR /w\n",
        "--> Using cache bd1785ef37ff503d4f8129095dff9c3e695186482ff6c1db597eef1d91cf991a\n", "--> bd1785ef37f\n",
        "[2/2] STEP 3/4: RUN echo     two\n", "two\n", "--> 3748e9227f6\n", '[2/2] STEP 4/4: LABEL "a"="1"\n',
        "[2/2] COMMIT\n", "--> d0e879ca872\n",
    )  # fmt: skip
    for message in _streams(*texts):
        transcript.take(message)
    assert [(step.line, step.keyword, step.cached) for step in transcript.steps()] == [
        (1, "FROM", False), (2, "RUN", False), (3, "FROM", False), (4, "WORKDIR", True), (6, "RUN", False),
    ]  # fmt: skip
    assert transcript.made == ["1f669b2aa6f", "9dfbd03ae2e", "3748e9227f6", "d0e879ca872"]
