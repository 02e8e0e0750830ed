"""Processes as the engine lists them and as /proc shows them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from aiaudit.boot import engine_process
from aiaudit.boot.world import Process, Usage

on_linux = pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="NO /proc HERE")


def test_rows_of_docker_and_of_podman() -> None:
    docker = {"Titles": ["PID", "PPID", "S", "COMMAND"], "Processes": [["10", "1", "S", "a b"], ["11", "10", "Z", "c"]]}
    podman = {"Titles": ["PID", "PPID", "STATE", "COMMAND"], "Processes": [["1", "0", "S", "a b"]]}
    assert engine_process.processes(docker) == (Process(10, 1, "S", "a b"), Process(11, 10, "Z", "c"))
    assert engine_process.processes(podman) == (Process(1, 0, "S", "a b"),)


@pytest.mark.parametrize("listing", [{}, {"Titles": None, "Processes": None}, {"Titles": ["A"], "Processes": [["x"]]}])
def test_rows_that_cannot_be_read_are_none(listing: dict[str, object]) -> None:
    assert engine_process.processes(listing) == ()


def test_statistics_of_both_control_groups() -> None:
    cpu = {"cpu_usage": {"total_usage": 2_500_000_000}}
    first = {"usage": 100, "max_usage": 200, "stats": {"total_inactive_file": 30, "inactive_file": 10}}
    second = {"usage": 100, "stats": {"inactive_file": 10}}
    rest = {"pids_stats": {"current": 4}, "cpu_stats": cpu}
    assert engine_process.usage({"memory_stats": first, **rest}) == Usage(70, 200, 2.5, 4)
    assert engine_process.usage({"memory_stats": second, **rest}) == Usage(90, 0, 2.5, 4)


def test_statistics_without_a_process_are_of_no_container() -> None:
    assert engine_process.usage({}) is None
    assert engine_process.usage({"memory_stats": {"usage": 10**9}, "pids_stats": {"current": 0}}) is None


@pytest.mark.parametrize(("name", "number"), [("SIGTERM", 15), ("TERM", 15), ("15", 15), ("SIG_IGN", 0), ("x", 0)])
def test_names_of_signals(name: str, number: int) -> None:
    assert engine_process.signal_number(name) == number


_HANDLES = "import signal, time; signal.signal(signal.SIGTERM, print)"
_BLOCKS = "import signal, time; signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])"
_WAITS = "import signal, time; print('on', flush=True); signal.sigtimedwait([signal.SIGTERM], 60)"
_IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"


@on_linux
@pytest.mark.parametrize(
    ("program", "expected"),
    [(_HANDLES, True), (_BLOCKS, True), (_WAITS, True), (_IGNORES, False), ("import time", False)],
)
def test_who_handles_or_waits_for_a_signal(program: str, expected: bool) -> None:
    process = _python(f"{program}; print('on', flush=True); time.sleep(60)")
    try:
        assert _soon(lambda: engine_process.catches(process.pid, "SIGTERM") is expected)
    finally:
        process.kill()
        process.wait()


@on_linux
def test_a_process_that_is_gone_or_a_signal_that_is_none_tells_nothing() -> None:
    process = _python("print('on', flush=True)")
    process.wait()
    assert engine_process.catches(process.pid, "SIGTERM") is None
    assert engine_process.catches(os.getpid(), "SIGNOTHING") is None
    assert engine_process.tree(process.pid) == ()


@on_linux
def test_a_tree_with_a_zombie() -> None:
    program = "import subprocess, time; a = subprocess.Popen(['true']); b = subprocess.Popen(['sleep', '60'])"
    process = _python(f"{program}; print('on', flush=True); time.sleep(60)")
    try:
        assert _soon(lambda: [found.state for found in engine_process.tree(process.pid)][1:] == ["Z", "S"])
        main, zombie, sleeper = engine_process.tree(process.pid)
        assert (main.pid, main.command) == (process.pid, f"{sys.executable} -c {process.args[2]}")  # type: ignore[index]
        assert (zombie.parent, zombie.command) == (process.pid, "[true]")
        assert (sleeper.parent, sleeper.command) == (process.pid, "sleep 60")
        os.kill(sleeper.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()


@on_linux
def test_a_process_of_another_container_or_of_none_is_not_taken_for_ours() -> None:
    assert not engine_process.is_of(os.getpid(), "5e5510" * 10)
    assert not engine_process.is_of(0, "")


def _python(program: str) -> subprocess.Popen[str]:
    """A program that has written its first line."""
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "on\n"
    return process


def _soon(condition: Callable[[], bool]) -> bool:
    """Whether something comes true within some seconds."""
    deadline = time.monotonic() + 20
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
