"""The container beside a target: it owns the network that both have, and sees the target from inside of it.

It runs the Python of the image that is looked at, as every image of a Python service has one, with the programs of
`inside`. Without a network but its own loopback, nothing leaves it; its user needs no privilege.
"""

from __future__ import annotations

import json
import math
import posixpath
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import resources
from typing import Any

from aiaudit.boot.inside.bootstrap import PACKAGE
from aiaudit.boot.record import ImageFacts, Network
from aiaudit.boot.world import Container, Engine, EngineError, Specification, Watcher, Watchers

STUB_PORT = 61080  # beyond the ports that outgoing connections get, so that none can have taken it
_BASE_URL = f"http://127.0.0.1:{STUB_PORT}/v1"

_FLAGS = ("-I", "-S", "-B")  # nothing of the image but the interpreter and its standard library
_MEMORY = 256 * 1024**2
_UP_WITHIN = 30.0
_LOOKED_EVERY = 0.01

# What each event holds beside its kind and time.
_PLACE = {"method": str, "path": str, "port": int}
_EVENTS: dict[str, dict[str, type]] = {
    "up": {},
    "listen": {"host": str, "port": int},
    "closed": {"host": str, "port": int},
    "answer": {**_PLACE, "status": int, "took": float, "length": int, "body": str, "detail": str},
    "contact": {"host": str, "port": int, "how": str},
    "call": {"method": str, "path": str, "stream": bool},
    "unroutable": {"count": int},
    "stream": {**_PLACE, "state": str, "status": int, "detail": str},
    "problem": {"detail": str},
}

_USUAL = (
    "/usr/local/bin/python3",
    "/usr/bin/python3",
    "/app/.venv/bin/python",
    "/opt/venv/bin/python",
    "/venv/bin/python",
    "/opt/conda/bin/python",
    "/opt/bitnami/python/bin/python3",
)


class ContainerWatcher:
    """A running watcher: orders go in as lines, events come out as lines."""

    def __init__(self, container: Container) -> None:
        self._container = container
        self._waiting: list[dict[str, Any]] = []
        self._is_over = False

    @property
    def network(self) -> str:
        """The network mode for containers beside it."""
        return f"container:{self._container.id}"

    @property
    def base_url(self) -> str:
        """Where the stub of the OpenAI-style API listens."""
        return _BASE_URL

    def wait(self, engine: Engine) -> str:
        """Wait until it is up; why the interpreter does not run ("": it does); `EngineError` for silence."""
        deadline = time.monotonic() + _UP_WITHIN
        while not engine.cancelled:
            found = list(self._read())
            self._waiting += found
            if any(event["event"] == "up" for event in found):
                return ""
            end = self._container.exit(_LOOKED_EVERY)
            if end is not None:
                return end.error or f"it ends with {end.code}: {self._container.log.text().strip()[-300:]}"
            if time.monotonic() > deadline:
                raise EngineError(f"The container that watches does not get ready within {_UP_WITHIN:.0f} s")
        raise EngineError("The run was ended before the container that watches was ready")

    def mark(self) -> None:
        """Seconds of later events count from here."""
        self._order("mark")

    def probe(self, ports: Sequence[int], paths: Sequence[str]) -> None:
        """Ask these paths of every listener, those at `ports` first; no paths end it."""
        self._order("probe", ports=list(ports), paths=list(paths))

    def events(self) -> Iterator[dict[str, Any]]:
        """The events since the last call; the end of the watcher itself is a `problem`."""
        waiting, self._waiting = self._waiting, []
        yield from waiting
        yield from self._read()
        if not self._is_over and self._container.exit() is not None:
            self._is_over = True
            yield {"t": 0.0, "event": "problem", "detail": "the container that watches has ended"}

    def request(self, method: str, port: int, path: str, body: str, headers: Sequence[tuple[str, str]]) -> None:
        """Make one request and report its answer."""
        self._order("request", method=method, port=port, path=path, body=body, headers=list(headers))

    def open_stream(self, method: str, port: int, path: str, body: str, headers: Sequence[tuple[str, str]]) -> None:
        """Open a request and follow its answer to the end."""
        self._order("stream", method=method, port=port, path=path, body=body, headers=list(headers))

    def close(self) -> None:
        """Remove it."""
        self._is_over = True
        self._container.remove()

    def _order(self, do: str, **values: Any) -> None:
        self._container.send(json.dumps({"do": do, **values}).encode("ascii") + b"\n")

    def _read(self) -> Iterator[dict[str, Any]]:
        """Events in the output; the interpreter is the image's, so that anything may stand there."""
        for line in self._container.lines():
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if is_event(event):
                yield event


class ContainerWatchers:
    """Makes watchers out of one image, with the first interpreter of it that works."""

    def __init__(self, engine: Engine, image: ImageFacts, beside: Sequence[str]) -> None:
        self._engine = engine
        self._image = image
        self._beside = sorted(beside)
        self._bootstrap, self._programs = sources()
        self._candidates = interpreters(image)
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        """Where the stub listens beside every container."""
        return _BASE_URL

    def watch(self, name: str, network: Network, free: Sequence[int]) -> Watcher:
        """A running watcher; the ports in `free` and those that the image exposes are left to the target."""
        failures: list[str] = []
        for interpreter in self._candidates:
            watcher = self._started(name, network, free, interpreter, failures)
            if watcher is not None:
                with self._lock:
                    self._candidates = (interpreter,)
                return watcher
        raise EngineError(
            f"No Python runs in {_shown(self._image)} to watch it with (tried {'; '.join(failures)}). Name an image"
            ' that has one with `watcher = "python:3.12-slim"` in [tool.aiaudit.boot].'
        )

    def _started(
        self, name: str, network: Network, free: Sequence[int], interpreter: str, failures: list[str]
    ) -> ContainerWatcher | None:
        """A watcher that is up; None, and the reason in `failures`, where the interpreter does not run."""
        container = self._engine.create(self._specification(name, network, free, interpreter))
        watcher = ContainerWatcher(container)
        try:
            container.start()
            with suppress(EngineError):  # what is no Python takes no input; its end tells why
                container.send(self._programs)
            failure = watcher.wait(self._engine)
        except BaseException:
            container.remove()
            raise
        if not failure:
            return watcher
        failures.append(f"{interpreter}: {failure}")
        container.remove()
        return None

    def _specification(self, name: str, network: Network, free: Sequence[int], interpreter: str) -> Specification:
        free = sorted({*free, *self._image.ports})
        options = {"network": network.value, "free": free, "stub": STUB_PORT, "local": self._beside}
        return Specification(
            image=self._image.id,
            role="watcher",
            name=f"watch-{name}",
            entrypoint=(interpreter,),
            command=(*_FLAGS, "-c", self._bootstrap, json.dumps(options)),
            memory=_MEMORY,
            dns=("127.0.0.1",),  # asked by the containers beside it, too; without a network nobody answers
            stdin=True,
        )


def watchers(engine: Engine, image: ImageFacts, instead: str = "", beside: Sequence[str] = ()) -> Watchers:
    """Makes a watcher for each boot of an image.

    `instead` names another image to run it in, one with a Python; `beside` are the host names of companions.
    """
    return ContainerWatchers(engine, engine.image(instead) if instead else image, beside)


def interpreters(image: ImageFacts) -> tuple[str, ...]:
    """Where an image may have its Python, the likeliest first: by its own path, beside the command that it runs, in its
    virtual environment, at the usual places."""
    folders = [posixpath.dirname(words[0]) for words in (image.entrypoint, image.command) if words]
    folders += [posixpath.join(value, "bin") for name, value in image.environment if name == "VIRTUAL_ENV"]
    beside = [f"{folder}/python" for folder in folders if folder.startswith("/") and folder.endswith("/bin")]
    return tuple(dict.fromkeys(("python3", "python", *beside, *_USUAL)))


def is_event(value: object) -> bool:
    """Whether a value is an event as the programs inside report them; an interpreter that is none may say anything."""
    if not isinstance(value, dict) or not isinstance(value.get("event"), str):
        return False
    fields = {"t": float, **_EVENTS.get(value["event"], {"": str})}
    is_whole = all(isinstance(value.get(name), kind) for name, kind in fields.items())
    return is_whole and all(math.isfinite(value.get(name, 0.0)) for name in ("t", "took"))


def sources() -> tuple[str, bytes]:
    """The program that the interpreter is started with, and the line with all others that it reads first."""
    package = resources.files("aiaudit.boot") / PACKAGE
    names = sorted(each.name for each in package.iterdir() if each.name.endswith(".py"))
    texts = {name.removesuffix(".py"): (package / name).read_text("utf-8") for name in names}
    bootstrap = texts.pop("bootstrap")
    modules = {PACKAGE: texts.pop("__init__"), **{f"{PACKAGE}.{name}": text for name, text in texts.items()}}
    return bootstrap, json.dumps(modules).encode("ascii") + b"\n"


def _shown(image: ImageFacts) -> str:
    return image.tags[0] if image.tags else image.id
