"""Watches who begins to listen and asks it the same paths again and again."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

from . import sockets
from .client import Refused, Request, addresses, ask
from .reports import Reports

_SCAN_SECONDS = 0.05
_SCAN_SHARE = 0.05  # of a processor, where looking takes long
_SHORTEST, _LONGEST, _GROWTH = 0.1, 1.0, 1.25
_ANSWER_SECONDS = 5.0
_MOST_ASKED = 64
_MOST_SEEN = 200
_ABSENT = (404, 405)


class Prober:
    """Reports sockets that begin and cease to listen, and the answers of those that speak HTTP."""

    def __init__(self, reports: Reports, own: set[tuple[str, int]], kernel: Any = sockets) -> None:
        self._reports = reports
        self._own = own
        self._kernel = kernel
        self._ports: frozenset[int] = frozenset()
        self._paths: tuple[str, ...] = ()
        self._round = 0
        self._is_new = False
        self._listeners: frozenset[tuple[str, int]] = frozenset()
        self._asked: set[tuple[int, str, int]] = set()
        self._body_bytes = 4 * 1024 * 1024

    def start(self) -> None:
        """Watch from now on."""
        threading.Thread(target=self._watch, daemon=True).start()

    def ask_for(self, ports: Sequence[int], paths: Sequence[str]) -> None:
        """Ask for these paths from now on, and for none of those before; listeners at `ports` come first."""
        self._ports = frozenset(ports)
        self._paths = tuple(dict.fromkeys(paths))
        self._round += 1

    def forget(self) -> None:
        """Report who listens anew: the target starts, perhaps again, and so quickly that its end was not seen."""
        self._is_new = True

    def _watch(self) -> None:
        known: frozenset[tuple[str, int]] = frozenset()
        unrouted = self._kernel.unroutable()
        while True:
            if self._is_new:
                self._is_new, known = False, frozenset()
            began = time.thread_time()
            try:
                now = self._now()
            except OSError as error:
                self._reports.say("problem", detail=f"listening sockets cannot be seen: {error}")
                return
            for what, listeners in (("listen", now - known), ("closed", known - now)):
                for host, port in sorted(listeners):
                    self._reports.say(what, host=host, port=port)
            known = self._listeners = now
            self._begin_asking()
            count = self._kernel.unroutable()
            if count > unrouted:
                self._reports.say("unroutable", count=count - unrouted)
                unrouted = count
            time.sleep(max(_SCAN_SECONDS, (time.thread_time() - began) / _SCAN_SHARE))

    def _now(self) -> frozenset[tuple[str, int]]:
        """Who listens beside the watcher; of very many those at the expected ports and some others."""
        found = self._kernel.listening() - self._own
        if len(found) > _MOST_SEEN:
            found = sorted(found, key=self._by_expectation)[:_MOST_SEEN]
        return frozenset(found)

    def _by_expectation(self, listener: tuple[str, int]) -> tuple[bool, tuple[str, int]]:
        return listener[1] not in self._ports, listener

    def _begin_asking(self) -> None:
        """Start to ask each listener for each path, unless that is under way; threads are bounded."""
        for host, port in sorted(self._listeners, key=self._by_expectation):
            for path in self._paths:
                task = (port, path, self._round)
                if task in self._asked or len(self._asked) >= _MOST_ASKED:
                    continue
                self._asked.add(task)
                request = Request("GET", port, path, hosts=addresses(host))
                threading.Thread(target=self._keep_asking, args=(request, task), daemon=True).start()

    def _keep_asking(self, request: Request, task: tuple[int, str, int]) -> None:
        """Ask one path as long as its port listens; what it does not have is asked for less often."""
        pause, last_body = _SHORTEST, ""
        while task[2] == self._round and any(port == request.port for _, port in self._listeners):
            try:
                answer = ask(request, _ANSWER_SECONDS)
            except Refused:
                break  # it has just ceased to listen, or cannot be reached from here
            request = request._replace(tls=request.tls or bool(answer.get("tls")))
            last_body = self._say(answer, last_body)
            time.sleep(pause)
            pause = _LONGEST if answer["status"] in _ABSENT else min(_LONGEST, pause * _GROWTH)
        time.sleep(_SHORTEST)
        self._asked.discard(task)

    def _say(self, answer: dict[str, Any], last_body: str) -> str:
        """Report an answer; a body that was told before or that is beyond all measure is left out."""
        body = answer["body"]
        if body == last_body or len(body) > self._body_bytes:
            answer["body"] = ""
        self._body_bytes -= len(answer["body"])
        self._reports.say("answer", **answer)
        return str(body)
