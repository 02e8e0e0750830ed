"""SARIF: the findings, as `check` writes them."""

from __future__ import annotations

from typing import TextIO

from aiaudit.boot.report.result import Result
from aiaudit.report import sarif
from aiaudit.report.look import Look


def render(result: Result, stream: TextIO, look: Look) -> None:
    """Write the findings as one SARIF log."""
    sarif.render(result.report, stream, look)
