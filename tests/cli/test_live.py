"""How far a boot is: a table on a terminal, lines for those who ask, nothing for those who want to be left alone."""

from __future__ import annotations

import io
import re

import pytest

from aiaudit.boot.record import Outcome
from aiaudit.cli.live import Live
from tests.boot.recorded import GIVEN, READY, STARTED


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def told(stream: io.StringIO, *, quiet: bool = False, verbose: bool = False) -> str:
    """What a stream shows of a run of two scenarios."""
    hidden = {GIVEN: "***"}
    with Live(stream, lambda text: text.replace(GIVEN, hidden[GIVEN]), quiet=quiet, verbose=verbose) as live:
        live.say(f"building Dockerfile for {GIVEN}")
        outcomes: list[Outcome] = [READY, STARTED]
        for outcome in outcomes:
            live(outcome.scenario.id, None)
            assert outcome.observation is not None
            live(outcome.scenario.id, outcome.observation)
            live(outcome.scenario.id, outcome)
    return stream.getvalue()


def test_lines() -> None:
    """What is done and what came of it, where nothing is drawn."""
    assert told(io.StringIO(), verbose=True).splitlines() == [
        "aiaudit: building Dockerfile for ***",
        "aiaudit: baseline: running",
        "aiaudit: baseline: seen",
        f"aiaudit: baseline: READY: {READY.reason}",
        "aiaudit: missing:OPENAI_API_KEY: running",
        "aiaudit: missing:OPENAI_API_KEY: seen",
        f"aiaudit: missing:OPENAI_API_KEY: STARTED_WITHOUT_VAR: {STARTED.reason}",
    ]


def test_only_what_is_done_without_being_asked() -> None:
    """A build runs foreign code: that is said."""
    assert told(io.StringIO()) == "aiaudit: building Dockerfile for ***\n"
    assert told(io.StringIO(), quiet=True) == ""
    assert told(Terminal(), quiet=True) == ""


def test_a_table_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line a scenario with its verdict; it is taken away in the end."""
    monkeypatch.setenv("TERM", "xterm")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told(Terminal()))

    assert re.search(r"baseline +READY +2\.1 s", shown)
    assert re.search(r"missing:OPENAI_API_KEY +STARTED_WITHOUT_VAR +2\.3 s", shown)
    assert GIVEN not in shown
