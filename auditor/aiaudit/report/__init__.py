"""Output: one module a format, each with `render(report, stream, look)`."""

from __future__ import annotations

import importlib
import io

from aiaudit.patterns import regex
from aiaudit.report.look import Look
from aiaudit.results import Report

FORMATS = ("text", "concise", "json", "sarif")

# What a terminal would act upon: control characters, and marks that reorder text.
_ACTIVE = regex("[\x00-\x08\x0a-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def render(name: str, report: Report, look: Look) -> bytes:
    """The report in the named format, ready to be written."""
    stream = io.StringIO()
    importlib.import_module(f"aiaudit.report.{name}").render(report, stream, look)
    return stream.getvalue().encode("utf-8", "backslashreplace")


def printable(text: str) -> str:
    """Text of an audited file that cannot steer the terminal: what is active is shown as an escape."""
    if text.isprintable():
        return text
    return _ACTIVE.sub(lambda match: match.group().encode("unicode_escape").decode(), text)
