"""Amounts as deploy files and people write them: bytes, seconds."""

from __future__ import annotations

from aiaudit.patterns import regex

_BYTES = regex(r"\s*(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b?\s*")
_SECONDS = regex(r"(\d+(?:\.\d+)?)\s*(ms|us|h|m|s|)")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "": 1.0, "ms": 0.001, "us": 0.000001}


def bytes_in(text: str, *, decimal: bool = False) -> int:
    """The bytes of `512m`, `1.5g`, `2Gi`; 0 for what is no amount.

    Docker counts `m` in 1024s; Kubernetes (`decimal`) counts `M` in 1000s and `Mi` in 1024s.
    """
    match = _BYTES.fullmatch(text.lower())
    if match is None:
        return 0
    base = 1000 if decimal and not match[3] else 1024
    return int(float(match[1]) * base ** _POWERS[match[2]])


def seconds_in(text: str) -> float:
    """The seconds of `40s`, `1m30s`, `30`; 0 for what is no duration."""
    text = text.strip().lower()
    parts = _SECONDS.findall(text)
    if not text or "".join(number + unit for number, unit in parts) != text.replace(" ", ""):
        return 0.0
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
