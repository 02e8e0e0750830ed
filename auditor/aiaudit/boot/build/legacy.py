"""The engine's own classic builder, through the docker package."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiaudit.boot.build.context import pack
from aiaudit.boot.build.results import LEGACY, LOG_LINES, SHOWN_LINES, BuildFailed, BuildResult, Options, Step
from aiaudit.boot.build.steps import by_number, step
from aiaudit.boot.build.tidy import added, known
from aiaudit.boot.build.watchdog import Watchdog
from aiaudit.boot.masking import masked
from aiaudit.boot.world import EngineError
from aiaudit.patterns import regex
from aiaudit.sources.dockerfile.facts import DockerfileFacts

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine

_STEP = regex(r"Step (\d+)/\d+ : (.*)")
_IMAGE = regex(r" ---> ([0-9a-f]{12,64})\n?")


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
        with Watchdog(engine, options.seconds, stream.close) as watchdog:
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
        begins = _STEP.match(text)
        if begins:
            self._end()
            self._begun.append(_Begun(int(begins[1]), begins[2]))
        elif self._begun:
            self._continue(self._begun[-1], text)

    def _continue(self, current: _Begun, text: str) -> None:
        if text.startswith(" ---> Using cache"):
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
            instruction = by_number(self._facts, begun.number)
            if instruction is not None:
                yield step(instruction, begun.text, begun.cached and not begun.ran, begun.ended - begun.started)

    @property
    def last(self) -> Step | None:
        """The step that was the last to begin."""
        return next(reversed(self.steps()), None)


class _Begun:
    """A step that has begun."""

    def __init__(self, number: int, text: str) -> None:
        self.number = number
        self.text = text
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
