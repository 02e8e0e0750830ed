"""Secrets that came out, whole or cut."""

from __future__ import annotations

import pytest

from aiaudit.boot.leaks import leaks
from aiaudit.boot.masking import masked
from aiaudit.boot.record import Leak

SECRET = "sk-proj-TcemFeTtdaDF5d1tVyBhs2xipSiq0JOn8mJB3Z07F1MpuKip"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"started\nkey={SECRET}\n", 2),
        (f"key={SECRET[:30]}...\n", 1),
        (f"a\nb\ninput_value={{'openai_api_key': '{SECRET[:5]}...{SECRET[-22:]}'}}\n", 3),
    ],
)
def test_whole_and_cut_secrets_are_found_and_hidden(text: str, line: int) -> None:
    """Programs cut long values at their end, pydantic in the middle."""
    assert leaks({"KEY": SECRET}, [("log", text)]) == (Leak("KEY", "log", line),)
    assert leaks({"KEY": SECRET}, [("log", masked(text, [SECRET]))]) == ()


@pytest.mark.parametrize("text", ["sk-proj-...", "sk-proj-Tcem", "MpuKip", "sk-proj-another0key1of2somebody"])
def test_what_gives_nothing_away_is_no_leak(text: str) -> None:
    """The public beginning, and a few characters more."""
    assert leaks({"KEY": SECRET}, [("log", text)]) == ()
    assert masked(text, [SECRET]) == text
