"""How a watcher is made of an image, and what comes in and out of it; the container is a scripted one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from aiaudit.boot.record import Exit, ImageFacts, Network
from aiaudit.boot.watcher import STUB_PORT, interpreters, is_event, watchers
from aiaudit.boot.world import EngineError, Specification

UP = '{"t": 0.01, "event": "up", "stub": 61080}'
IMAGE = ImageFacts("sha256:1", ("web:1",), 1, "amd64", command=("/app/.venv/bin/uvicorn", "main:app"), ports=(80,))


class Text:
    def __init__(self, text: str) -> None:
        self._text = text

    def text(self) -> str:
        return self._text


class Scripted:
    """A container that writes lines and may end."""

    def __init__(self, specification: Specification, lines: list[str], end: Exit | None, log: str = "") -> None:
        self.id = "abc"
        self.specification = specification
        self.written = lines
        self.end = end
        self.log = Text(log)
        self.sent: list[dict[str, Any]] = []
        self.is_removed = False

    def start(self) -> None:
        pass

    def exit(self, seconds: float = 0.0) -> Exit | None:
        return self.end

    def lines(self) -> Iterator[str]:
        lines, self.written = self.written, []
        return iter(lines)

    def send(self, data: bytes) -> None:
        assert data.endswith(b"\n")
        self.sent.append(json.loads(data))

    def remove(self) -> None:
        self.is_removed = True


class Scripts:
    """An engine whose containers run where the interpreter is one of `working`."""

    def __init__(self, *working: str) -> None:
        self.working = working
        self.made: list[Scripted] = []
        self.cancelled = False
        self.missing = Exit(127, 0.0, error="exec: not found")

    def image(self, name: str) -> ImageFacts:
        return ImageFacts(f"sha256:{name}", (name,), 1, "amd64")

    def create(self, specification: Specification) -> Any:
        assert specification.entrypoint is not None
        works = specification.entrypoint[0] in self.working
        self.made.append(Scripted(specification, [UP] if works else [], None if works else self.missing))
        return self.made[-1]


def watched(engine: Scripts, network: Network = Network.SINKHOLE, free: tuple[int, ...] = ()) -> Any:
    return watchers(engine, IMAGE).watch("baseline", network, free)  # type: ignore[arg-type]


def test_it_owns_a_network_with_its_own_name_server_and_no_privilege() -> None:
    engine = Scripts("python3")
    watcher = watched(engine, free=(8000,))
    asked = engine.made[0].specification

    assert (watcher.network, watcher.base_url) == ("container:abc", f"http://127.0.0.1:{STUB_PORT}/v1")
    assert (asked.image, asked.role, asked.network, asked.dns) == ("sha256:1", "watcher", "none", ("127.0.0.1",))
    assert (asked.environment, asked.user, asked.stdin) == ((), "", True)
    options = {"network": "sinkhole", "free": [80, 8000], "stub": STUB_PORT, "local": []}
    assert json.loads((asked.command or ())[-1]) == options
    assert asked.files == {}


def test_the_programs_are_the_first_that_it_gets() -> None:
    engine = Scripts("python3")
    watched(engine)
    (programs,) = engine.made[0].sent

    assert {"inside", "inside.main", "inside.prober"} < set(programs)
    assert "bootstrap" not in str(list(programs))


def test_without_a_network_there_is_no_name_server_but_the_stub_that_settings_name() -> None:
    engine = Scripts("python3")

    assert watched(engine, Network.NONE).base_url == f"http://127.0.0.1:{STUB_PORT}/v1"
    assert json.loads((engine.made[0].specification.command or ())[-1])["network"] == "none"


def test_without_a_network_the_names_of_companions_are_answered_all_the_same() -> None:
    engine = Scripts("python3")
    watchers(engine, IMAGE, beside=["db"]).watch("a", Network.NONE, ())  # type: ignore[arg-type]
    asked = engine.made[0].specification

    assert json.loads((asked.command or ())[-1])["local"] == ["db"]


def test_the_interpreter_is_looked_for_and_remembered() -> None:
    engine = Scripts("/app/.venv/bin/python")
    made = watchers(engine, IMAGE)  # type: ignore[arg-type]
    made.watch("a", Network.SINKHOLE, ())
    made.watch("b", Network.SINKHOLE, ())

    tried = [(each.specification.entrypoint or ("",))[0] for each in engine.made]
    assert tried == ["python3", "python", "/app/.venv/bin/python", "/app/.venv/bin/python"]
    assert [each.is_removed for each in engine.made] == [True, True, False, False]


def test_an_image_without_python_is_named_with_the_way_out() -> None:
    engine = Scripts()
    with pytest.raises(EngineError) as raised:
        watched(engine)

    assert "No Python runs in web:1" in str(raised.value)
    assert "python3: exec: not found" in str(raised.value)
    assert 'watcher = "python:3.12-slim"' in str(raised.value)
    assert all(each.is_removed for each in engine.made)


def test_a_python_that_is_too_old_tells_so() -> None:
    engine = Scripts()
    engine.missing = Exit(1, 0.1)
    with pytest.raises(EngineError, match="it ends with 1"):
        watched(engine)


def test_another_image_can_watch() -> None:
    engine = Scripts("python3")
    watchers(engine, IMAGE, instead="python:3.12-slim").watch("a", Network.SINKHOLE, ())  # type: ignore[arg-type]

    assert engine.made[0].specification.image == "sha256:python:3.12-slim"


def test_a_run_that_is_ended_does_not_wait() -> None:
    engine = Scripts("python3")
    engine.cancelled = True
    with pytest.raises(EngineError, match="The run was ended"):
        watched(engine)
    assert [each.is_removed for each in engine.made] == [True]


def test_orders() -> None:
    engine = Scripts("python3")
    watcher = watched(engine)
    watcher.mark()
    watcher.probe((8000,), ("/health",))
    watcher.request("POST", 8000, "/chat", '{"a": "ü"}', (("X-Key", "k"),))
    watcher.open_stream("POST", 8000, "/chat", "{}", ())

    asked = {"method": "POST", "port": 8000, "path": "/chat"}
    assert engine.made[0].sent[1:] == [
        {"do": "mark"},
        {"do": "probe", "ports": [8000], "paths": ["/health"]},
        {"do": "request", **asked, "body": '{"a": "ü"}', "headers": [["X-Key", "k"]]},
        {"do": "stream", **asked, "body": "{}", "headers": []},
    ]


def test_events_are_given_once_and_garbage_of_the_image_is_left_out() -> None:
    engine = Scripts("python3")
    watcher = watched(engine)
    contact = {"t": 0.5, "event": "contact", "host": "a", "port": 443, "how": "tls"}
    engine.made[0].written = [
        "not JSON",
        "[]",
        '{"event": "listen"}',
        '{"t": "soon", "event": "listen"}',
        '{"t": 1.0, "event": []}',
        "[" * 100_000,
        json.dumps(contact),
    ]

    assert [event["event"] for event in watcher.events()] == ["up", "contact"]
    assert list(watcher.events()) == []


def test_the_end_of_the_watcher_is_a_problem_that_is_told_once() -> None:
    engine = Scripts("python3")
    watcher = watched(engine)
    list(watcher.events())
    engine.made[0].end = Exit(137, 3.0)

    assert [event["event"] for event in watcher.events()] == ["problem"]
    assert list(watcher.events()) == []


def test_closing_removes_it() -> None:
    engine = Scripts("python3")
    watcher = watched(engine)
    list(watcher.events())
    watcher.close()
    engine.made[0].end = Exit(137, 3.0)

    assert engine.made[0].is_removed
    assert list(watcher.events()) == []


ANSWER = {"t": 1.0, "event": "answer", "method": "GET", "path": "/", "port": 80, "status": 200, "took": 0.1}
ANSWER |= {"length": 2, "body": "ok", "detail": ""}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"t": 1.0},
        {"t": 1.0, "event": ["listen"]},
        {"t": 1.0, "event": "unheard-of"},
        {"t": 1, "event": "up"},
        {"t": math.inf, "event": "up"},
        {"t": math.nan, "event": "up"},
        {"t": 1.0, "event": "listen", "host": "0.0.0.0"},
        {"t": 1.0, "event": "listen", "host": "0.0.0.0", "port": "80"},
        {**ANSWER, "status": "200"},
        {**ANSWER, "took": math.nan},
        {**ANSWER, "body": None},
    ],
)
def test_what_is_no_event(value: object) -> None:
    assert is_event(ANSWER)
    assert not is_event(value)


@pytest.mark.parametrize(
    ("image", "beside"),
    [
        (ImageFacts("", (), 0, "", entrypoint=("/opt/app/bin/gunicorn",)), "/opt/app/bin/python"),
        (ImageFacts("", (), 0, "", environment=(("VIRTUAL_ENV", "/srv/env"),)), "/srv/env/bin/python"),
        (ImageFacts("", (), 0, "", command=("uvicorn", "main:app")), "/usr/local/bin/python3"),
    ],
)
def test_where_an_image_may_have_its_python(image: ImageFacts, beside: str) -> None:
    assert interpreters(image)[:3] == ("python3", "python", beside)
