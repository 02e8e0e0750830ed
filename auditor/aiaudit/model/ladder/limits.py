"""The limits of proxies and platforms, with their sources."""

from __future__ import annotations

from functools import lru_cache

from aiaudit.model.tables import table
from aiaudit.patterns import regex
from aiaudit.values import dataclass

_DURATION = regex(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|)")
_UNITS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Limit:
    """What holds where nothing is configured."""

    seconds: float
    source: str


@lru_cache(maxsize=1)
def limits() -> dict[str, Limit]:
    """All limits by the name of the proxy or platform."""
    return {name: Limit(float(row["seconds"]), row["source"]) for name, row in table("ladder/limits").items()}


def duration(text: str) -> float | None:
    """The seconds of `60`, `75s`, `5m`, `1h 30m`; None for anything else (a variable)."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
