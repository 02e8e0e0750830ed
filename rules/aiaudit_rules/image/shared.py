"""What several rules of this pack say in the same way."""

from __future__ import annotations

from collections.abc import Sequence


def listed(names: Sequence[str], limit: int) -> str:
    """`a, b and 3 more`."""
    shown = list(dict.fromkeys(names))
    if len(shown) <= limit:
        return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
    return f"{', '.join(shown[:limit])} and {len(shown) - limit} more"


def shortened(text: str, limit: int = 60) -> str:
    """A command on one line, cut where it gets long."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def size(count: int) -> str:
    """Bytes as people say them: `5.5 GB`, `159 MB`."""
    if count >= 1_000_000_000:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB"
