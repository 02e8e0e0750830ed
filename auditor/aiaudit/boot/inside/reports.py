"""What is seen, as lines of JSON with the seconds since the start of the target."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_DISTINCT = 0.2  # seconds within which the same contact is one
_MOST_CONTACTS = 5000


def _to_stdout(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


class Reports:
    """Events on their way out, in the order in which they happened."""

    def __init__(self, write: Callable[[str], None] = _to_stdout) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._zero = time.monotonic()
        self._contacts: dict[tuple[str, int, str], float] = {}
        self._contacts_left = _MOST_CONTACTS

    def mark(self) -> None:
        """Seconds count from now on."""
        with self._lock:
            self._zero = time.monotonic()

    def say(self, event: str, **values: Any) -> None:
        """Report something that happens now."""
        with self._lock:
            seconds = round(time.monotonic() - self._zero, 4)
            self._write(json.dumps({"t": seconds, "event": event, **values}) + "\n")

    def contact(self, host: str, port: int, how: str) -> None:
        """Report that a host was wanted; repetitions within a moment are left out, a flood is not all reported."""
        now, key = time.monotonic(), (host, port, how)
        with self._lock:
            last = self._contacts.get(key)
            if self._contacts_left <= 0 or (last is not None and now - last < _DISTINCT):
                return
            self._contacts[key] = now
            self._contacts_left -= 1
        self.say("contact", host=host, port=port, how=how)


def plain_name(raw: bytes) -> str:
    """A host name as text that can be shown: lower case, no dot at the end, odd bytes replaced."""
    shown = "".join(chr(byte) if 33 <= byte < 127 else "?" for byte in raw[:255])
    return shown.lower().rstrip(".")
