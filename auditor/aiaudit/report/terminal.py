"""Colours for the text report, through rich."""

from __future__ import annotations

import io
from collections.abc import Iterable

STYLES = {
    "critical": "bold red",
    "high": "bold bright_red",
    "medium": "bold yellow",
    "low": "bold cyan",
    "strong": "bold",
    "faint": "dim",
    "gutter": "bold blue",
    "path": "underline",
    "code": "",
    "caret": "bold red",
    "help": "bold green",
    "good": "bold green",
    "": "",
}


def paint(lines: Iterable[list[tuple[str, str]]]) -> str:
    """Lines of styled segments as text with escape codes; one print for all of them, which is what rich is fast at."""
    from rich.console import Console
    from rich.text import Text

    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, color_system="standard", soft_wrap=True, highlight=False, legacy_windows=False
    )
    text = Text(end="")
    for line in lines:
        for content, style in line:
            text.append(content, STYLES[style])
        text.append("\n")
    console.print(text, soft_wrap=True, end="", no_wrap=True, crop=False)
    return stream.getvalue()
