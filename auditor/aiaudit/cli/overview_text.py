"""The service map as text: one block a route, one line for each thing that it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiaudit.report.text import counted


def outline(found: dict[str, Any]) -> Iterator[str]:
    """The lines of a service map."""
    yield f"{found['path']}: {counted(found['files'].items()) or 'no files'}"
    for name, lines in _SECTIONS:
        part = found[name]
        if isinstance(part, dict):  # it could not be made
            yield from ("", f"{name}: {part['error']}")
        elif part:
            yield from ("", f"{name}:")
            for item in part:
                yield from (f"  {line}" for line in lines(item))
    for diagnostic in found["diagnostics"]:
        yield f"{diagnostic['level']}: {diagnostic['path']}: {diagnostic['message']}"


def _place(item: dict[str, Any]) -> str:
    return f"{item['path']}:{item['line']}"


def _image(item: dict[str, Any]) -> Iterator[str]:
    yield f"{item['path']}: {' -> '.join(stage['base'] for stage in item['stages'])}"


def _application(item: dict[str, Any]) -> Iterator[str]:
    yield f"{item['framework']}  {_place(item)}"


def _route(item: dict[str, Any]) -> Iterator[str]:
    yield f"{item['route']}  {_place(item)}"
    for asked in item["models"]:
        yield f"  asks {asked['call']}  {_place(asked)}  {'; '.join(_facts(asked))}"
    for asked in item["calls"]:
        yield f"  calls {asked['call']}  {_place(asked)}  {_waits(asked['timeout'])}"
    for made in item["resources"]:
        yield f"  uses {made['resource']}  {_place(made)}  made at {_when(made)}"


def _facts(asked: dict[str, Any]) -> Iterator[str]:
    yield _waits(asked["timeout"])
    if "output" in asked:
        cap = asked["output"]
        yield f"output {cap} tokens" if isinstance(cap, int) else f"output {cap}"
        yield "streams" if asked["streams"] else "whole answer"
    yield (
        f"unbounded: {', '.join(asked['unbounded'])}" if asked["unbounded"] else "input bounded or of the service's own"
    )


def _waits(limit: dict[str, Any]) -> str:
    """`waits up to 40 s (2 attempts, set at app/llm.py:4)`."""
    seconds = limit["seconds"]
    if limit["state"] == "unknown" or (seconds is None and limit["state"] == "default"):
        return "time-out not known"
    length = "as long as it is set" if seconds is None else seconds
    if isinstance(seconds, (int, float)):
        length = f"up to {seconds:g} s"
    notes = [f"{limit['attempts']} attempts"] if limit["attempts"] > 1 else []
    said = {"default": "the library's default", "disabled": "switched off", "ignored": "set, but dropped"}
    given = limit["given_at"]
    notes.append(said.get(limit["state"]) or (f"set at {_place(given)}" if given else "set"))
    return f"waits {length} ({', '.join(notes)})"


def _start(item: dict[str, Any]) -> Iterator[str]:
    yield f"{item['when']}: {item['runs']}  {_place(item)}"


def _resource(item: dict[str, Any]) -> Iterator[str]:
    yield f"{item['resource']} ({item['cost']})  {_place(item)}  made at {_when(item)}"
    if len(item["chain"]) > 1:
        yield f"  through {' -> '.join(item['chain'])}"


def _when(item: dict[str, Any]) -> str:
    return " and ".join(item["made"]) or "no time that is known"


def _setting(item: dict[str, Any]) -> Iterator[str]:
    fails = "the start fails without it" if item["fails_fast"] else "the service starts without it"
    yield f"{item['setting']}  {_place(item)}  default {item['default']}, read at {item['read']}; {fails}"


_SECTIONS = (
    ("images", _image),
    ("applications", _application),
    ("routes", _route),
    ("starts", _start),
    ("resources", _resource),
    ("settings", _setting),
)
