"""What is noted of a boot when its watcher says the same thing often."""

from __future__ import annotations

from typing import Any

import pytest

from aiaudit.boot.readiness import Readiness
from aiaudit.boot.trail import Trail


def noted(*events: dict[str, Any]) -> list[str]:
    trail = Trail(Readiness())
    for number, event in enumerate(events):
        trail.take({"t": float(number), **event})
    return [event.what for event in trail.timeline]


@pytest.mark.parametrize(
    ("event", "what"),
    [
        (
            {"event": "call", "method": "POST", "path": "/v1/chat/completions", "stream": False},
            "calls the model's API: POST /v1/chat/completions",
        ),
        ({"event": "unroutable", "count": 3}, "sends to an address outside that it did not ask a name for"),
        ({"event": "contact", "host": "huggingface.co", "port": 443, "how": "tls"}, "asks for huggingface.co:443"),
    ],
)
def test_what_is_repeated_is_noted_once(event: dict[str, Any], what: str) -> None:
    assert noted(event, event, event) == [what]


def test_what_never_ends_is_noted_within_bounds() -> None:
    calls = [{"event": "call", "method": "GET", "path": f"/{number}", "stream": False} for number in range(1000)]

    assert len(noted(*calls)) == 200
