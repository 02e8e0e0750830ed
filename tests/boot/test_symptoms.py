"""What a log says about causes outside of the service."""

from __future__ import annotations

import pytest

from aiaudit.boot.record import Action, Contact, Observation, Scenario
from aiaudit.boot.symptoms import host_blamed, host_named, needs_gpu, waited_for

DATABASE = Contact("db.example", 5432, "tcp", 1.0)
HUB = Contact("huggingface.co", 0, "dns", 0.5)


def seen(log: str, *contacts: Contact) -> Observation:
    return Observation(Scenario("baseline", Action.READY, ()), log=log, contacts=contacts)


@pytest.mark.parametrize(
    ("log", "host"),
    [
        ("waiting for db.example\nwaiting for db.example\n", "db.example"),
        ("could not connect to db.example, retry 1\ncould not connect to db.example, retry 2\n", "db.example"),
        ("psycopg.OperationalError: connection refused\n", "db.example"),
        ("store db.example says no\n" * 4, "db.example"),
        ("INFO ready\n", ""),
        ("retry once\n", ""),
        ("INFO:     Waiting for application startup.\n" * 3, ""),
        ("", ""),
    ],
)
def test_the_host_that_is_waited_for(log: str, host: str) -> None:
    assert waited_for(seen(log, HUB, DATABASE)) == host


def test_nobody_is_waited_for_where_nothing_was_asked() -> None:
    assert waited_for(seen("connection refused\nconnection refused\n")) == ""


def test_the_host_that_a_program_ended_for_stands_in_its_last_words() -> None:
    told = "error: Failed to download `https://huggingface.co/x`\n  cause: tls handshake eof\n"
    assert host_blamed(seen(told, HUB)) == "huggingface.co"
    assert host_blamed(seen(told + "later\n" * 20, HUB)) == ""
    assert host_blamed(seen(told, DATABASE)) == ""


def test_a_host_of_other_boots_is_found_at_the_end_of_a_log() -> None:
    assert host_named("cannot reach huggingface.co\n", (DATABASE, HUB)) == "huggingface.co"
    assert host_named("cannot reach huggingface.co\n" + "later\n" * 60, (DATABASE, HUB)) == ""


@pytest.mark.parametrize(
    ("log", "is_missed"),
    [
        ("Traceback (most recent call last):\n  File 'a'\nRuntimeError: Found no NVIDIA driver on your system.", True),
        ("ImportError: libcuda.so.1: cannot open shared object file", True),
        ("ERROR: CUDA error: no device", True),
        (
            "INFO CUDA is not available, using the CPU\nTraceback (most recent call last):\n  File 'a'\nKeyError: 'X'",
            False,
        ),
    ],
)
def test_a_missing_graphics_processor(log: str, is_missed: bool) -> None:
    assert needs_gpu(log) is is_missed
