"""The requests of the container API that the fake engine understands."""

from __future__ import annotations

import io
import json
import socketserver
import tarfile
import uuid
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from tests.boot.fake_engine import FakeContainer, FakeEngine


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Listens for an engine; a thread for each connection."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, engine: FakeEngine, path: Path) -> None:
        super().__init__(str(path), _Handler)
        self.engine = engine

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server: Server

    def setup(self) -> None:
        super().setup()
        self.engine = self.server.engine
        self.engine.connected(self.connection)

    def log_message(self, format: str, *arguments: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        """Answer."""
        self._handle()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def _handle(self) -> None:
        address = urlsplit(self.path)
        self.query = {name: values[-1] for name, values in parse_qs(address.query).items()}
        parts = [unquote(part) for part in address.path.split("/") if part]
        if parts and parts[0].startswith("v1."):
            parts = parts[1:]
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = "/" + "/".join(parts)
        self.engine.requests.append((self.command, path))
        container = self.engine.containers.get(parts[1]) if len(parts) > 1 and parts[0] == "containers" else None
        refusal = self.engine.ruling(self.command, path, container)
        if refusal:
            self._refuse(*refusal)
        elif path in self.engine.raw:
            self._send(200, self.engine.raw[path], "application/json")
        elif parts and parts[0] == "containers" and len(parts) > 1:
            self._on_containers(parts[1:])
        else:
            self._on_others(parts)

    def _on_others(self, parts: list[str]) -> None:
        engine = self.engine
        kind = parts[0] if parts else ""
        if kind == "_ping":
            self._send(200, b"OK", "text/plain")
        elif kind == "version":
            self._json(engine.version)
        elif kind == "info":
            self._json(engine.info)
        elif kind == "images" and parts[-1] == "json" and len(parts) > 2:
            image = engine.images.get("/".join(parts[1:-1]))
            self._json(image) if image else self._refuse(404, "No such image")
        elif self.command == "DELETE":
            engine.things[kind] = [t for t in engine.things[kind] if parts[1] not in (t.get("Id"), t.get("Name"))]
            self._json([])
        elif kind in engine.things:
            things = engine.things[kind]
            self._json({"Volumes": things} if kind == "volumes" else things)
        else:
            self._refuse(404, "page not found")

    def _on_containers(self, parts: list[str]) -> None:
        if parts == ["json"]:
            found = self.engine.containers.values()
            self._json([{"Id": c.id, "Names": [f"/{c.name}"], "Labels": c.body["Labels"]} for c in list(found)])
            return
        if parts == ["create"]:
            self._create()
            return
        container = self.engine.containers.get(parts[0])
        if container is None:
            self._refuse(404, f"No such container: {parts[0]}")
            return
        what = parts[1] if len(parts) > 1 else "remove"
        getattr(self, f"_{what}" if what != "json" else "_inspect")(container)

    def _create(self) -> None:
        body = json.loads(self.body)
        if body["Image"] not in self.engine.images:
            self._refuse(404, f"No such image: {body['Image']}")
            return
        id = uuid.uuid4().hex * 2
        self.engine.add(id, self.query.get("name", id), body)
        self._json({"Id": id, "Warnings": []}, 201)

    def _inspect(self, container: FakeContainer) -> None:
        self._json(container.described())

    def _remove(self, container: FakeContainer) -> None:
        if container.running and self.query.get("force") not in ("1", "True", "true"):
            self._refuse(409, "You cannot remove a running container")
            return
        self.engine.end(container, 137)
        self.engine.containers.pop(container.id, None)
        self._send(204)

    def _start(self, container: FakeContainer) -> None:
        if self.engine.start_error:
            container.code, container.error = self.engine.start_error
            self._refuse(400, container.error)
        elif container.running:
            self._send(304)
        else:
            self.engine.start(container)
            self._send(204)

    def _kill(self, container: FakeContainer) -> None:
        name = self.query.get("signal", "SIGKILL")
        if not container.running:
            self._refuse(409, "Container is not running")
            return
        container.signals.append(name)
        if name in self.engine.stops:
            self.engine.end(container, self.engine.stops[name])
        self._send(204)

    def _wait(self, container: FakeContainer) -> None:
        engine = self.engine
        started = container.starts
        if engine.waits != "late":
            self._head_of_chunks("application/json")
        with engine.changed:
            while not engine.is_gone and (engine.waits == "silent" or container.running or container.starts == started):
                engine.changed.wait()
        if engine.waits == "breaks" or engine.is_gone:
            self.close_connection = True
            return
        if engine.waits == "late":
            self._head_of_chunks("application/json")
        self._chunk(json.dumps({"StatusCode": container.code}).encode())
        self._chunk(b"")

    def _attach(self, container: FakeContainer) -> None:
        head = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
        with self.engine.changed:  # who reads the head is attached already, as with an engine
            self.connection.sendall(f"{head}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode())
            container.attached.append(self.connection)
        self.close_connection = True
        with suppress(OSError):
            while part := self.connection.recv(4096):
                container.input += part

    def _logs(self, container: FakeContainer) -> None:
        self._head_of_chunks("application/octet-stream")
        given = 0
        while True:
            with self.engine.changed:
                while given == len(container.frames) and container.running and not self.engine.is_gone:
                    self.engine.changed.wait()
                frames, is_over = container.frames[given:], not container.running
            for frame in frames:
                self._chunk(frame)
            given += len(frames)
            if is_over and not frames:
                self._chunk(b"")
                return

    def _stats(self, container: FakeContainer) -> None:
        memory = {"usage": 50_000_000, "max_usage": 60_000_000, "stats": {"total_inactive_file": 10_000_000}}
        running = {
            "memory_stats": memory,
            "pids_stats": {"current": 3},
            "cpu_stats": {"cpu_usage": {"total_usage": 10**9}},
        }
        self._json(running if container.running else {"memory_stats": {}, "pids_stats": {}})

    def _top(self, container: FakeContainer) -> None:
        if not container.running:
            self._refuse(409, "Container is not running")
            return
        rows = [["4711", "1", "S", "serve --port 8000"], ["4712", "4711", "Z", "[worker] <defunct>"]]
        self._json({"Titles": ["PID", "PPID", "S", "COMMAND"], "Processes": rows})

    def _changes(self, container: FakeContainer) -> None:
        kinds = (("/tmp", 0), ("/tmp/new", 1), ("/old", 2))
        self._json([{"Path": path, "Kind": kind} for path, kind in kinds])

    def _archive(self, container: FakeContainer) -> None:
        if self.command == "PUT":
            with tarfile.open(fileobj=io.BytesIO(self.body)) as archive:
                for member in archive.getmembers():
                    content = archive.extractfile(member)
                    container.files[f"/{member.name}"] = content.read() if content else b""
            self._send(200)
            return
        path = self.query["path"]
        if path in container.files:
            container.archives[path] = _archived(path, container.files[path])
        if path not in container.archives:
            self._refuse(404, "Could not find the file")
            return
        stat = {"X-Docker-Container-Path-Stat": "e30="}
        self._send(200, container.archives[path], "application/x-tar", stat)

    def _json(self, value: object, status: int = 200) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _refuse(self, status: int, message: str) -> None:
        self._json({"message": message}, status)

    def _send(self, status: int, body: bytes = b"", kind: str = "", headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if kind:
            self.send_header("Content-Type", kind)
        if status not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head_of_chunks(self, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


def _archived(path: str, content: bytes) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as archive:
        member = tarfile.TarInfo(path.rpartition("/")[2])
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return whole.getvalue()
