"""The limits of proxies and platforms, with their sources."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

from aiaudit.patterns import regex
from aiaudit.values import dataclass

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_DATA = Path(__file__).with_name("limits.toml")
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
    with _DATA.open("rb") as file:
        return {name: Limit(float(row["seconds"]), row["source"]) for name, row in tomllib.load(file).items()}


def duration(text: str) -> float | None:
    """The seconds of `60`, `75s`, `5m`, `1h 30m`; None for anything else (a variable)."""
    parts = _DURATION.findall(text)
    if not parts or _DURATION.sub("", text).strip():
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
