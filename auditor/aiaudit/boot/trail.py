"""What the events of one boot amount to while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiaudit.boot.readiness import Level, Readiness, advance
from aiaudit.boot.record import Answer, Contact, Event

# So many different answers and contacts are kept; a service that makes more says nothing new.
_MOST = 200


class Trail:
    """Takes the events of a watcher and keeps the state, the first of each answer and contact, and what changed."""

    def __init__(self, state: Readiness) -> None:
        self.state = state
        self.timeline: list[Event] = []
        self.answers: list[Answer] = []
        self.contacts: list[Contact] = []
        self.bodies: dict[str, str] = {}
        self.requested: list[Answer] = []
        self.stream = ""
        self._last: dict[tuple[int, str], int] = {}
        self._contacted: set[tuple[str, int, str]] = set()
        self._noted: set[str] = set()

    def note(self, seconds: float, what: str) -> None:
        """Put something into the timeline."""
        self.timeline.append(Event(round(seconds, 3), what))

    def _note_once(self, seconds: float, what: str) -> None:
        if what not in self._noted and len(self._noted) < _MOST:
            self._noted.add(what)
            self.note(seconds, what)

    def take(self, event: Mapping[str, Any]) -> None:
        """One event."""
        before = self.state
        self.state = advance(before, event)
        match event["event"]:
            case "listen" if len(self.state.listeners) > len(before.listeners):
                self.note(event["t"], f"listens on {event['host']}:{event['port']}")
            case "answer" if event["port"] not in before.left_out:
                self._answer(event)
            case "contact":
                self._contact(event)
            case "stream":
                self._stream(event)
            case "call":
                self._note_once(event["t"], f"calls the model's API: {event['method']} {event['path']}")
            case "unroutable":
                self._note_once(event["t"], "sends to an address outside that it did not ask a name for")
        self._levels(before, event)

    def _levels(self, before: Readiness, event: Mapping[str, Any]) -> None:
        after = self.state
        if before.serving is None and after.serving is not None:
            self.note(after.serving, f"serves: {after.serving_path} answers {event['status']}")
        if before.ready is None and after.ready is not None:
            self.note(after.ready, f"ready: {after.ready_path}{' (assumed)' if after.assumed else ''}")
        if before.level < Level.STABLE and after.level is Level.STABLE:
            self.note(event["t"], "stays ready")

    def _answer(self, event: Mapping[str, Any]) -> None:
        answer = Answer(
            event["t"],
            event.get("took", 0.0),
            event["method"],
            event["path"],
            event["status"],
            event.get("length", 0),
            event.get("detail", ""),
            event["port"],
        )
        if event.get("body"):
            self.bodies.setdefault(f"{answer.method} {answer.path}: {answer.status}", event["body"])
        if event.get("request"):
            self.requested.append(answer)
            self.answers.append(answer)
            self.note(answer.seconds, f"{answer.method} {answer.path} answers {answer.status}")
            return
        key = (answer.port, answer.path)
        if self._last.get(key) == answer.status or len(self.answers) >= _MOST:
            return
        self._last[key] = answer.status
        self.answers.append(answer)
        if answer.status >= 500:
            self.note(answer.seconds, f"{answer.path} answers {answer.status}")

    def _contact(self, event: Mapping[str, Any]) -> None:
        key = (event["host"], event["port"], event["how"])
        if key in self._contacted or len(self.contacts) >= _MOST:
            return
        self._contacted.add(key)
        self.contacts.append(Contact(*key, seconds=event["t"]))
        self.note(event["t"], f"asks for {event['host']}" + (f":{event['port']}" if event["port"] else ""))

    def _stream(self, event: Mapping[str, Any]) -> None:
        self.stream = event["state"]
        status = event.get("status", 0)
        detail = event.get("detail", "") or (f"status {status}" if status else "")
        self.note(event["t"], f"stream: {self.stream}{f' ({detail})' if detail else ''}")
