"""What somebody meant who wrote a name that does not exist."""

from __future__ import annotations


def suggestion(wrong: str, known: list[str]) -> str:
    """`; did you mean 'x'?` when something close is known."""
    import difflib

    folded = {name.lower(): name for name in known}
    close = difflib.get_close_matches(wrong.lower(), folded, 1)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""
