"""How output should look: colours, width, how much of it; and the exit code it should explain."""

from __future__ import annotations

import os
from typing import TextIO

from aiaudit.finding import Severity
from aiaudit.values import dataclass

NARROWEST, WIDEST_PIPED = 40, 160


@dataclass(frozen=True, slots=True)
class Look:
    """Settings of the output. `width` bounds code frames; `color` is only true on terminals or when asked for."""

    color: bool = False
    width: int = WIDEST_PIPED
    quiet: bool = False
    exit_code: int = 0
    fail_on: Severity = Severity.LOW
    started: float = 0.0
    arguments: tuple[str, ...] = ()

    @classmethod
    def of(cls, stream: TextIO, color: str, quiet: bool) -> Look:
        """The look that fits a stream: `color` is "auto", "always" or "never"."""
        terminal = stream.isatty()
        wanted = color == "always" or (color == "auto" and _wants_color(terminal))
        return cls(color=wanted, width=_width(stream) if terminal else WIDEST_PIPED, quiet=quiet)


def _wants_color(terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def _width(stream: TextIO) -> int:
    try:
        columns = int(os.environ.get("COLUMNS", "0")) or os.get_terminal_size(stream.fileno()).columns
    except (OSError, ValueError):
        return WIDEST_PIPED
    return max(columns, NARROWEST)
