"""The program inside as a process of its own, told what to do by lines and heard by lines."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import aiaudit.boot.inside
from aiaudit.boot.watcher import sources
from tests.boot.hostile import saying, serving
from tests.boot.inside_reports import Heard

_INSIDE = Path(aiaudit.boot.inside.__file__).parent
_MODULES = sorted(_INSIDE.glob("*.py"))
_BOOTSTRAP, _PROGRAMS = sources()


class Running:
    """A watcher's program, without a network of its own: no names, no sinkhole, no probe here."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-S", "-B", "-c", _BOOTSTRAP]
        options = {"network": "none", "free": [], "stub": 0, "local": []}
        self.process = subprocess.Popen(
            [*command, json.dumps(options)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.order(_PROGRAMS.decode().rstrip("\n"))
        self.heard = Heard()
        threading.Thread(target=self._read, daemon=True).start()

    def order(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.heard.lines.extend(self.process.stdout)


@pytest.fixture
def running() -> Iterator[Running]:
    made = Running()
    assert made.heard.wait("up")
    yield made
    made.process.kill()
    made.process.wait()


def test_its_stub_is_up_without_a_network_too(running: Running) -> None:
    [up] = running.heard.wait("up")
    assert up["stub"] > 0


def test_time_counts_from_the_mark(running: Running) -> None:
    running.heard.wait("up")
    time.sleep(0.5)
    running.order('{"do": "mark"}')
    running.order('{"do": "nothing"}')
    running.heard.wait("problem")

    assert running.heard.timed("problem")[0][0] < 0.4


def test_a_request_is_answered_with_what_was_asked(running: Running) -> None:
    with serving(saying(b"HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nx")) as port:
        order: dict[str, Any] = {"do": "request", "method": "POST", "port": port, "path": "/chat", "body": "{}"}
        running.order(json.dumps({**order, "headers": [["X-Key", "k"]]}))
        answers = running.heard.wait("answer")

    values = {name: answers[0][name] for name in ("request", "method", "port", "path", "status", "body")}
    assert values == {"request": True, "method": "POST", "port": port, "path": "/chat", "status": 201, "body": "x"}


def test_a_request_that_nobody_takes_is_answered_as_well(running: Running) -> None:
    running.order('{"do": "request", "method": "GET", "port": 1, "path": "/", "body": "", "headers": []}')
    (answer,) = running.heard.wait("answer")

    assert (answer["status"], answer["detail"], answer["request"]) == (0, "refused", True)


def test_a_stream_is_followed(running: Running) -> None:
    with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")) as port:
        order = {"do": "stream", "method": "POST", "port": port, "path": "/chat", "body": "", "headers": []}
        running.order(json.dumps(order))
        states = running.heard.wait("stream", count=2)

    assert [(each["state"], each["port"], each["status"]) for each in states] == [
        ("open", port, 200),
        ("clean", port, 200),
    ]


@pytest.mark.parametrize(
    "line", ["", "garbage", "[]", '{"do": "fly"}', '{"do": "request"}', '{"do": ["mark"]}', "\0" * 99]
)
def test_an_order_that_is_none_is_a_problem_and_not_the_end(running: Running, line: str) -> None:
    running.order(line)
    assert len(running.heard.wait("problem")) == 1
    running.order(line)
    assert len(running.heard.wait("problem", count=2)) == 2


def test_a_part_that_breaks_is_a_problem(running: Running) -> None:
    with serving(saying(b"")) as port:
        order = {"do": "request", "method": "GET", "port": port, "path": "/", "body": 1, "headers": []}
        running.order(json.dumps(order))
        (problem,) = running.heard.wait("problem")

    assert problem["detail"].startswith("a part of it broke: AttributeError")


def test_the_end_of_the_input_is_the_end(running: Running) -> None:
    running.heard.wait("up")
    assert running.process.stdin is not None
    running.process.stdin.close()

    assert running.process.wait(10) == 0


@pytest.mark.parametrize("module", _MODULES, ids=[module.name for module in _MODULES])
def test_it_is_written_for_old_interpreters_and_their_standard_library(module: Path) -> None:
    tree = ast.parse(module.read_text("utf-8"), feature_version=(3, 8))

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert {alias.name for alias in node.names} <= sys.stdlib_module_names
        if isinstance(node, ast.ImportFrom) and not node.level:
            assert str(node.module).partition(".")[0] in sys.stdlib_module_names


def test_an_input_that_ends_before_the_programs_ends_it() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", _BOOTSTRAP, "{}"], input=b'{"inside', timeout=20)

    assert done.returncode == 0
