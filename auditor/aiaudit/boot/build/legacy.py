"""The engine's own builder, through the docker package: Docker's classic one, or podman's."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiaudit.boot.build.context import pack
from aiaudit.boot.build.results import LEGACY, LOG_LINES, SHOWN_LINES, BuildFailed, BuildResult, Options, Step
from aiaudit.boot.build.steps import by_number, one_line, step
from aiaudit.boot.build.tidy import added, known
from aiaudit.boot.build.watchdog import Watchdog
from aiaudit.boot.masking import masked
from aiaudit.boot.world import EngineError
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import DockerfileFacts, Instruction

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine

_STEP = regex(r"Step (\d+)/\d+ : (.*)")
_PODMAN_STEP = regex(r"(?:\[\d+/\d+\] )?STEP \d+/\d+: (.*)\n?")
_IMAGE = regex(r" ?--?-> ([0-9a-f]{11,64})\n?")
_CACHED = (" ---> Using cache", "--> Using cache")


def build(
    folder: Path, dockerfile: Path, facts: DockerfileFacts, options: Options, engine: Engine, secrets: tuple[str, ...]
) -> BuildResult:
    """Build; `secrets` are values that no output may show."""
    started = time.monotonic()
    transcript = Transcript(facts)
    before = known(engine)
    with tempfile.TemporaryFile(prefix="aiaudit-context-") as context:
        name = pack(folder, dockerfile, context)
        context.seek(0)
        ended = _read(context, name, options, engine, transcript)
    seconds = time.monotonic() - started
    log = masked("".join(transcript.log[-LOG_LINES:]), secrets)
    if ended or transcript.error or not transcript.image:
        raise _failure(transcript, ended, secrets, log, added(engine, before, transcript.made))
    made = added(engine, before, (*transcript.made, transcript.image))
    return BuildResult(transcript.image, LEGACY, seconds, transcript.steps(), made, log)


def _read(context: Any, name: str, options: Options, engine: Engine, transcript: Transcript) -> str:
    """Send the context and read what comes; why it was ended, "" where nobody did."""
    from docker.errors import DockerException
    from docker.types import CancellableStream
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    api = engine.client.api
    responses: list[Any] = []

    def note(response: Any, *_: Any, **__: Any) -> None:
        if "/build?" in response.request.path_url:
            responses.append(response)  # what has to be closed to end the build; the docker package keeps it to itself

    api.hooks["response"].append(note)
    try:
        output = api.build(
            fileobj=context,
            custom_context=True,
            dockerfile=name,
            decode=True,
            rm=True,
            forcerm=True,
            labels=dict(engine.labels),
            buildargs=dict(options.arguments),
            target=options.target or None,
            network_mode=options.network or None,
            platform=options.platform or None,
            use_config_proxy=True,
        )
        stream = CancellableStream(output, responses[-1])

        def end() -> None:
            with suppress(OSError, AttributeError, DockerException):  # it may have ended by itself meanwhile
                stream.close()

        with Watchdog(engine, options.seconds, end) as watchdog:
            try:
                for message in stream:
                    transcript.take(message)
            except (RequestException, HTTPError, OSError, ValueError) as error:
                if not watchdog.reason:
                    raise EngineError(f"the engine broke off the build: {error}") from None
        return watchdog.reason
    except (DockerException, RequestException) as error:
        raise EngineError(f"the engine refuses to build: {error}") from None
    finally:
        api.hooks["response"].remove(note)


class Transcript:
    """What the classic builder said, message by message."""

    def __init__(self, facts: DockerfileFacts) -> None:
        self.log: list[str] = []
        self.error = ""
        self.image = ""
        self.made: list[str] = []
        self._facts = facts
        self._begun: list[_Begun] = []
        self._place = 0

    def take(self, message: Mapping[str, Any]) -> None:
        """Read one message."""
        if message.get("error"):
            self.error = str(message["error"])
            self._end()
        aux = message.get("aux")
        if isinstance(aux, Mapping) and aux.get("ID"):
            self.image = str(aux["ID"])
        text = str(message.get("stream", ""))
        if not text:
            return
        self.log.append(text)
        begins, podman = _STEP.match(text), _PODMAN_STEP.fullmatch(text)
        if begins:
            self._begin(begins[2], by_number(self._facts, int(begins[1])))
        elif podman:
            self._begin(podman[1], self._by_text(podman[1]))
        elif self._begun:
            self._continue(self._begun[-1], text)

    def _begin(self, text: str, instruction: Instruction | None) -> None:
        self._end()
        self._begun.append(_Begun(text, instruction))

    def _by_text(self, text: str) -> Instruction | None:
        """The next instruction of this text: podman counts the base image's triggers and its own labels as well."""
        following = self._facts.instructions[self._place :]
        for number, instruction in enumerate(following, self._place + 1):
            if one_line(instruction.raw) == one_line(text):
                self._place = number
                return instruction
        return None

    def _continue(self, current: _Begun, text: str) -> None:
        if text.startswith(_CACHED):
            current.cached = True
        elif text.startswith(" ---> Running in"):
            current.ran = True
        image = _IMAGE.fullmatch(text)
        # FROM names its base, unless triggers of that made an image of their own
        if image and not current.cached and (current.ran or current.keyword != "FROM"):
            self.made.append(image[1])

    def _end(self) -> None:
        if self._begun and not self._begun[-1].ended:
            self._begun[-1].ended = time.monotonic()

    def steps(self) -> tuple[Step, ...]:
        """The steps that instructions of the Dockerfile stand for."""
        self._end()
        return tuple(self._steps())

    def _steps(self) -> Iterator[Step]:
        for begun in self._begun:
            if begun.instruction is not None:
                yield step(begun.instruction, begun.text, begun.cached and not begun.ran, begun.ended - begun.started)

    @property
    def last(self) -> Step | None:
        """The step that was the last to begin."""
        return next(reversed(self.steps()), None)


class _Begun:
    """A step that has begun."""

    def __init__(self, text: str, instruction: Instruction | None) -> None:
        self.text = text
        self.instruction = instruction
        self.keyword = text.split(" ", 1)[0].upper()
        self.cached = self.ran = False
        self.started = time.monotonic()
        self.ended = 0.0


def _failure(
    transcript: Transcript, ended: str, secrets: tuple[str, ...], log: str, made: tuple[str, ...]
) -> BuildFailed:
    last = transcript.last
    where = f"line {last.line} (`{masked(last.text, secrets)[:200]}`)" if last else "the first step"
    said = masked(transcript.error, secrets).strip()
    message = f"{ended} at {where}" if ended else f"the build fails at {where}: {said or 'no image came of it'}"
    shown = "\n".join(log.rstrip().splitlines()[-SHOWN_LINES:])
    return BuildFailed(message, last.line if last else 0, shown, made)
