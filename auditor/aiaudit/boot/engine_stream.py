"""The two long answers of an engine: the end of a container, and its output. Each is read by a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any

from aiaudit.boot.engine_log import STDERR, STDOUT, BrokenStream, Frames, Lines, RingLog

if TYPE_CHECKING:
    from docker import APIClient

_OPEN_WITHIN = 2.0  # seconds; an engine that answers the wait only at the end is not waited for
_PART = 64 * 1024


class Ending:
    """Waits for the next end of a container: `over` is set when the engine tells of it, or breaks off."""

    def __init__(self, api: APIClient, container: str) -> None:
        self.over = threading.Event()
        self._opened = threading.Event()
        self._api = api
        self._container = container
        threading.Thread(target=self._wait, name="aiaudit-wait", daemon=True).start()
        self._opened.wait(_OPEN_WITHIN)

    def _wait(self) -> None:
        with suppress(Exception):  # whatever happens, the state is asked for: that tells of the end, and of errors
            url = _url(self._api, self._container, "wait")
            response = self._api.post(url, params={"condition": "next-exit"}, stream=True, timeout=None)
            self._opened.set()  # the engine has sent the head: it waits
            if response.ok:
                response.json()
        self._opened.set()
        self.over.set()


class Sink:
    """Where the output of a container goes, through all its starts."""

    def __init__(self, has_lines: bool) -> None:
        self.log = RingLog()
        self.lines = Lines() if has_lines else None
        self.seen = {STDOUT: 0, STDERR: 0}

    def take(self, stream: int, data: bytes) -> None:
        """Take more of one stream."""
        self.seen[stream] = self.seen.get(stream, 0) + len(data)
        self.log.add(data)
        if self.lines is not None and stream == STDOUT:
            self.lines.add(data)


class Output:
    """Follows the output of one start of a container, over a connection opened before that start."""

    def __init__(self, api: APIClient, container: str, sink: Sink) -> None:
        self._api = api
        self._container = container
        self._sink = sink
        wanted = {"stdout": 1, "stderr": 1, "stream": 1, "stdin": int(sink.lines is not None)}
        self._link: Any = api.attach_socket(container, params=wanted)
        self._thread = threading.Thread(target=self._follow, name="aiaudit-log", daemon=True)
        self._thread.start()

    def send(self, data: bytes) -> None:
        """Write to the standard input; raises OSError when nobody reads."""
        getattr(self._link, "_sock", self._link).sendall(data)

    def join(self, seconds: float) -> None:
        """Wait until everything is in the log."""
        self._thread.join(seconds)

    def close(self) -> None:
        """Let the connection go; the thread ends."""
        with suppress(Exception):
            getattr(self._link, "_sock", self._link).shutdown(SHUT_RDWR)

    def _follow(self) -> None:
        """Read to the end; where the engine breaks off before it, read on in the log that it keeps."""
        if self._read(_attached(self._link), {}) and not self._runs():
            return
        with suppress(Exception):
            if self._read(self._kept(), dict(self._sink.seen)):
                return
        self._sink.log.break_off()

    def _read(self, parts: Iterable[bytes], skip: dict[int, int]) -> bool:
        """Take everything but the first bytes of each stream; whether it ended with a whole frame."""
        frames = Frames()
        try:
            for part in parts:
                for stream, data in frames.feed(part):
                    known = min(skip.get(stream, 0), len(data))
                    skip[stream] = skip.get(stream, 0) - known
                    self._sink.take(stream, data[known:])
        except (BrokenStream, OSError, ValueError):
            return False
        return frames.is_whole

    def _runs(self) -> bool:
        with suppress(Exception):
            return bool(self._api.inspect_container(self._container)["State"]["Running"])
        return False

    def _kept(self) -> Iterator[bytes]:
        """The engine's log from its first byte to the end of the container."""
        wanted = {"stdout": 1, "stderr": 1, "follow": 1}
        url = _url(self._api, self._container, "logs")
        response = self._api.get(url, params=wanted, stream=True, timeout=None)
        response.raise_for_status()
        yield from response.iter_content(_PART)


def _url(api: APIClient, container: str, what: str) -> str:
    return f"{api.base_url}/v{api.api_version}/containers/{container}/{what}"


def _attached(link: Any) -> Iterator[bytes]:
    """What the engine sends over an upgraded connection, until it closes."""
    from docker.utils.socket import read

    while True:
        part = read(link, _PART)
        if part is None:
            continue  # interrupted
        if not part:
            return
        yield bytes(part)
