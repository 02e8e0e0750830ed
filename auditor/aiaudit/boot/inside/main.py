"""The program of the container that watches: sets everything up, then does what each line of its input orders."""

from __future__ import annotations

import json
import os
import select
import sys
import threading
from collections.abc import Callable
from typing import Any

from .client import Refused, Request, ask, stream
from .names import ADDRESS, NameServer
from .prober import Prober
from .reports import Reports
from .sinkhole import PORTS, Sinkhole
from .stub import Stub

_REQUEST_SECONDS = 120.0
_STREAM_SECONDS = 120.0
_IDLE_SECONDS = 3600.0  # nobody orders anything any more: end, in case nobody removes the container either


class Watch:
    """The parts and what they share: the sockets that are not the target's."""

    def __init__(self, reports: Reports) -> None:
        self._reports = reports
        self._own: set[tuple[str, int]] = set()
        self._prober = Prober(reports, self._own)
        self._stub: Stub | None = None
        self._streams = 0
        self._lock = threading.Lock()
        self._orders: dict[str, Callable[..., None]] = {
            "mark": self._mark,
            "probe": self._prober.ask_for,
            "request": self._request,
            "stream": self._stream,
        }

    def begin(self, network: str, free: list[int], stub: int, local: list[str], names: int = 53) -> None:
        """Open what this network has; what cannot be opened is reported as a problem.

        Names in `local` are those of containers beside the target; without a network there are no others.
        """
        if network != "none":
            ports = [port for port in PORTS if port not in free]
            sinkhole = Sinkhole(self._reports, self._own, ports, silent=network == "blackhole")
            sinkhole.start()
            self._open_names(names, local, sinkhole.address_of)
        elif local:
            self._open_names(names, local, lambda name: "")
        self._open_stub(stub)  # an address that the settings name is there without a network, too
        self._prober.start()
        self._reports.say("up", stub=self._stub.port if self._stub else 0)

    def obey(self, line: str) -> None:
        """Do what a line orders: an object with `do` and its arguments."""
        order = json.loads(line)
        self._orders[order.pop("do")](**order)

    def _mark(self) -> None:
        self._reports.mark()
        self._prober.forget()

    def _open_names(self, port: int, local: list[str], address_of: Callable[[str], str]) -> None:
        try:
            names = NameServer(self._reports, address_of, local, port)
        except OSError as error:
            self._reports.say("problem", detail=f"names are not answered, port {port} cannot be bound: {error}")
            return
        self._own.add((ADDRESS, names.port))
        names.start()

    def _open_stub(self, port: int) -> None:
        try:
            self._stub = Stub(self._reports, port)
        except OSError as error:
            self._reports.say("problem", detail=f"the API stub cannot listen on port {port}: {error}")
            return
        self._own.add((ADDRESS, self._stub.port))
        self._stub.start()

    def _request(self, **values: Any) -> None:
        threading.Thread(target=self._ask, args=(_request_of(values),), daemon=True).start()

    def _ask(self, request: Request) -> None:
        try:
            answer = ask(request, _REQUEST_SECONDS)
        except Refused as error:
            place = {"method": request.method, "path": request.path, "port": request.port}
            answer = {**place, "status": 0, "took": 0.0, "length": 0, "body": "", "detail": str(error)}
        self._reports.say("answer", request=True, **answer)

    def _stream(self, **values: Any) -> None:
        threading.Thread(target=self._follow, args=(_request_of(values),), daemon=True).start()

    def _follow(self, request: Request) -> None:
        """Follow a stream to its end; those of the stub are slow meanwhile."""
        place = {"method": request.method, "path": request.path, "port": request.port}

        def say(state: str, **more: Any) -> None:
            self._reports.say("stream", state=state, **place, **more)

        self._count_streams(1)
        stream(request, _STREAM_SECONDS, say)
        self._count_streams(-1)

    def _count_streams(self, more: int) -> None:
        with self._lock:
            self._streams += more
            if self._stub:
                self._stub.slow = self._streams > 0


def _request_of(values: dict[str, Any]) -> Request:
    headers = dict(values.get("headers", ()))
    return Request(values["method"], int(values["port"]), values["path"], values.get("body", ""), headers)


def lines(descriptor: int) -> Any:
    """The lines of the input; ends with it, or when none has come for long."""
    rest = b""
    while select.select([descriptor], [], [], _IDLE_SECONDS)[0]:
        data = os.read(descriptor, 65536)
        if not data:
            return
        *whole, rest = (rest + data).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in whole)


def main() -> None:
    """Run with the options in the first argument, as JSON."""
    reports = Reports()

    def report(failed: threading.ExceptHookArgs) -> None:
        reports.say("problem", detail=f"a part of it broke: {failed.exc_type.__name__}: {failed.exc_value}")

    threading.excepthook = report  # a part that is silently gone would make what follows look like nothing
    watch = Watch(reports)
    watch.begin(**json.loads(sys.argv[1]))
    for line in lines(0):
        try:
            watch.obey(line)
        except (ValueError, KeyError, TypeError) as error:
            reports.say("problem", detail=f"an order is not understood: {error}")
