"""What a build is asked for and what comes of it."""

from __future__ import annotations

from aiaudit.boot.world import EngineError
from aiaudit.values import dataclass

LEGACY, BUILDKIT, AUTO = "legacy", "buildkit", "auto"
LOG_LINES, SHOWN_LINES = 400, 15
"""How many lines of a build are kept, and how many an error shows."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to build. `arguments` are build arguments, `network` is that of RUN ("" for the engine's own choice).

    `builder` is "legacy", "buildkit" or "auto": BuildKit where a client can use it, else the engine's own builder for
    a Dockerfile that needs no more. `seconds` is the longest that it may take.
    """

    arguments: tuple[tuple[str, str], ...] = ()
    target: str = ""
    network: str = ""
    platform: str = ""
    builder: str = AUTO
    seconds: float = 1800.0


@dataclass(frozen=True, slots=True)
class Step:
    """One step that the builder told of: the Dockerfile's line (0 where it is none's), its keyword and text, whether it
    came from the cache, and how many seconds it took."""

    line: int
    keyword: str
    text: str
    cached: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class BuildResult:
    """A built image: its id, the builder that made it, seconds, steps in the order of the Dockerfile's lines.

    `made` are the ids of images that this build added to the engine, this one first; `log` is what the builder wrote,
    secrets masked.
    """

    image: str
    builder: str
    seconds: float
    steps: tuple[Step, ...] = ()
    made: tuple[str, ...] = ()
    log: str = ""


class NoBuilder(EngineError):
    """Nothing here can build this Dockerfile; the message says what it needs and how to get that."""


class BuildFailed(EngineError):
    """The build ended without an image; the message names the step, `line` is the Dockerfile's (0 for none), `log` the
    last lines, masked. `made` are images that it left."""

    def __init__(self, message: str, line: int = 0, log: str = "", made: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.line = line
        self.log = log
        self.made = made
