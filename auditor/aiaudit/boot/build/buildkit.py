"""BuildKit, through a docker client that can use it: the docker package cannot."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from aiaudit.boot.build.progress import Progress, Vertex, reader
from aiaudit.boot.build.results import BUILDKIT, LOG_LINES, SHOWN_LINES, BuildFailed, BuildResult, Options, Step
from aiaudit.boot.build.steps import by_vertex, step
from aiaudit.boot.build.tidy import added, known
from aiaudit.boot.build.watchdog import Watchdog
from aiaudit.boot.masking import masked
from aiaudit.patterns import regex
from aiaudit.programs import places_of
from aiaudit.sources.dockerfile.facts import DockerfileFacts
from aiaudit.values import dataclass

if TYPE_CHECKING:
    from aiaudit.boot.world import Engine

_PASSED = ("PATH", "HOME", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "SSL_CERT_FILE", "SSL_CERT_DIR",
           "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")  # fmt: skip
_LAST_WITHOUT_PLUGIN = 22
_RAW_SINCE = (0, 13)


@dataclass(frozen=True, slots=True)
class Client:
    """A docker program that builds with BuildKit: the words before the options, and the progress that it can tell."""

    words: tuple[str, ...]
    progress: str


def client(address: str) -> Client | None:
    """A docker program that can build with BuildKit: one with buildx, or one from before that became a plugin."""
    environment = environment_for(address)
    for path in places_of("docker"):
        buildx = _output(environment, path, "buildx", "version")
        if buildx:
            raw = _version(buildx.split()[1] if len(buildx.split()) > 1 else "") >= _RAW_SINCE
            return Client((path, "buildx", "build", "--load"), "rawjson" if raw else "plain")
        version = _version(_output(environment, path, "version", "--format", "{{.Client.Version}}"))
        if version and version[0] <= _LAST_WITHOUT_PLUGIN:
            return Client((path, "build"), "plain")
    return None


def _output(environment: Mapping[str, str], *command: str) -> str:
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    # without an engine, `version` fails but has told its own version
    return done.stdout.strip() if done.returncode == 0 or command[1] == "version" else ""


def _version(text: str) -> tuple[int, ...]:
    parts = text.strip().lstrip("v").split("+")[0].split("-")[0].split(".")
    return tuple(int(part) for part in parts[:2] if part.isdigit())


def environment_for(address: str) -> dict[str, str]:
    """What the docker program gets of our environment: what it needs to reach the engine and registries, no more."""
    given = {name: os.environ[name] for name in _PASSED if name in os.environ}
    host = regex("^https?://").sub("tcp://", address)
    return given | {"DOCKER_HOST": host, "DOCKER_BUILDKIT": "1"}


def build(
    program: Client,
    folder: Path,
    dockerfile: Path,
    facts: DockerfileFacts,
    options: Options,
    engine: Engine,
    secrets: tuple[str, ...],
) -> BuildResult:
    """Build; `secrets` are values that no output may show."""
    started = time.monotonic()
    before = known(engine)
    progress = reader(program.progress)
    with tempfile.TemporaryDirectory(prefix="aiaudit-build-") as scratch:
        identity = Path(scratch) / "image"
        given = _arguments(folder, dockerfile, options, engine.labels, identity)
        command = (*program.words, f"--progress={program.progress}", *given)
        environment = environment_for(engine.address) | dict(options.arguments)
        code, ended = _run(command, environment, options.seconds, engine, progress)
        image = identity.read_text().strip() if identity.is_file() else ""
    seconds = time.monotonic() - started
    log = masked("\n".join(progress.log[-LOG_LINES:]), secrets)
    if code != 0 or ended or not image:
        raise _failure(progress, facts, ended, secrets, log)
    made = added(engine, before, [image])
    return BuildResult(image, BUILDKIT, seconds, tuple(_steps(progress, facts)), made, log)


def _arguments(
    folder: Path, dockerfile: Path, options: Options, labels: Mapping[str, str], identity: Path
) -> Iterator[str]:
    """The options of `docker build`; values of build arguments go by the environment, which no process list shows."""
    yield f"--file={dockerfile}"
    yield f"--iidfile={identity}"
    yield from (f"--label={name}={value}" for name, value in labels.items())
    yield from (f"--build-arg={name}" for name, _ in options.arguments)
    for name, value in (("target", options.target), ("network", options.network), ("platform", options.platform)):
        if value:
            yield f"--{name}={value}"
    yield str(folder)


def _run(
    command: tuple[str, ...], environment: Mapping[str, str], seconds: float, engine: Engine, progress: Progress
) -> tuple[int, str]:
    """Run the client and read what it tells; its exit code, and why it was ended ("" where nobody did)."""
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us: the watchdog passes on that the build has to end
    ) as process:
        assert process.stderr is not None
        with Watchdog(engine, seconds, process.terminate) as watchdog:
            for line in process.stderr:
                progress.take(line.decode("utf-8", "replace").rstrip("\r\n"))
        return process.wait(), watchdog.reason


def _steps(progress: Progress, facts: DockerfileFacts) -> Iterator[Step]:
    """The steps in the order of the Dockerfile's lines."""
    found: dict[int, Step] = {}
    for vertex in progress.vertices():
        instruction = by_vertex(facts, vertex.name)
        if instruction is None or not (vertex.cached or vertex.is_done):
            continue
        known_step = found.get(instruction.extent.line)
        seconds = vertex.seconds + (known_step.seconds if known_step else 0.0)
        cached = vertex.cached and (known_step is None or known_step.cached)  # once a platform
        found[instruction.extent.line] = step(instruction, vertex.text, cached, seconds)
    yield from (found[line] for line in sorted(found))


def _failure(progress: Progress, facts: DockerfileFacts, ended: str, secrets: tuple[str, ...], log: str) -> BuildFailed:
    failed = progress.failed
    instruction = by_vertex(facts, failed.name) if failed else None
    line = instruction.extent.line if instruction else 0
    shown = _tail(failed, secrets) or "\n".join(log.rstrip().splitlines()[-SHOWN_LINES:])
    if ended:
        return BuildFailed(ended, line, shown)
    if failed is None:
        said = next((text for text in reversed(progress.log) if text.strip()), "the client says nothing")
        return BuildFailed(f"the build fails: {masked(said, secrets).strip()}", 0, shown)
    where = f"line {line} (`{masked(failed.text, secrets)[:200]}`)" if line else f"`{masked(failed.name, secrets)}`"
    return BuildFailed(f"the build fails at {where}: {masked(failed.error, secrets)}", line, shown)


def _tail(vertex: Vertex | None, secrets: tuple[str, ...]) -> str:
    return masked("\n".join(vertex.output[-SHOWN_LINES:]), secrets) if vertex else ""
