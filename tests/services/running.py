"""The golden service as a process of its own on loopback, and a plain client for it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.services.environment import GOLDEN
from tests.services.stub_model import StubModel

OPENAI_KEY = "stub-model-key-0123456789"
SERVICE_KEY = "stub-service-key-0123456789"
_STARTING = 30.0


@dataclass(frozen=True)
class Answer:
    """Status, headers (lower case) and text of one answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    def events(self) -> list[tuple[str, str]]:
        """Name and text of each server-sent event."""
        blocks = [block.splitlines() for block in self.text.split("\n\n") if block.strip()]
        return [
            (name.removeprefix("event: "), json.loads(data.removeprefix("data: "))["text"]) for name, data in blocks
        ]


def required_settings(stub: StubModel) -> dict[str, str]:
    """An environment in which the service starts, with the stub as its model provider."""
    return {
        "OPENAI_API_KEY": OPENAI_KEY,
        "SERVICE_API_KEY": SERVICE_KEY,
        "STATUS_URL": stub.origin,
        "OPENAI_BASE_URL": f"{stub.origin}/v1",
    }


class Service:
    """A started process."""

    def __init__(self, python: Path, environment: Mapping[str, str], log: Path, folder: Path = GOLDEN) -> None:
        self.port = free_port()
        self.log = log
        command = [str(python), "-m", "uvicorn", "app.main:app", "--host", "127.0.0.1", "--port", str(self.port)]
        clean = {"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [*command, "--timeout-graceful-shutdown", "2"],
                cwd=folder,
                env=clean | dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self) -> None:
        """Return when the ready route says so; fail at once when the process has ended."""
        await_ready(self.port, lambda: self.process.poll() is None, lambda: self.output)

    @property
    def output(self) -> str:
        """What the process has written."""
        return self.log.read_text(errors="replace")

    def open(self, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
        """Send a request and return the answer unread."""
        return open_request(self.port, method, path, body, **headers)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request with the service's key and read the whole answer."""
        response = self.open(method, path, body, **headers)
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read().decode())

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(10)


@contextmanager
def running(python: Path, environment: Mapping[str, str], log: Path) -> Iterator[Service]:
    """A ready service; it is ended with the block."""
    service = Service(python, environment, log)
    try:
        service.wait_ready()
        yield service
    finally:
        service.process.kill()
        service.process.wait()


def open_request(port: int, method: str, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
    """Send a request (JSON, unless the body is bytes) to a loopback port and return the answer unread."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    sent = {"X-API-Key": SERVICE_KEY, "Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    connection.request(method, path, content, sent)
    return connection.getresponse()


def await_ready(port: int, alive: Any, output: Any) -> None:
    """Poll the ready route."""
    deadline = time.monotonic() + _STARTING
    while time.monotonic() < deadline:
        assert alive(), f"the service ended while starting:\n{output()}"
        try:
            if open_request(port, "GET", "/health/ready").status == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"not ready after {_STARTING} s:\n{output()}")


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
