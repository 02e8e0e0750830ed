"""What `boot` and `prove` write: one module a format, each with `render(result, stream, look)`.

Log lines, names and answers in a result come from a container that nobody trusts: each format makes them harmless.
"""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING

from aiaudit.report.look import Look

if TYPE_CHECKING:
    from aiaudit.boot.report.result import Result

FORMATS = ("text", "json", "sarif", "junit", "markdown")


def render(name: str, result: Result, look: Look) -> bytes:
    """The result in the named format, ready to be written."""
    stream = io.StringIO()
    importlib.import_module(f"aiaudit.boot.report.{name}").render(result, stream, look)
    return stream.getvalue().encode("utf-8", "backslashreplace")
