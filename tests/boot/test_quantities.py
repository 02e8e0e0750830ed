"""Amounts of deploy files."""

from __future__ import annotations

import pytest

from aiaudit.boot.quantities import bytes_in, seconds_in

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("text", "decimal", "expected"),
    [
        ("512m", False, 512 * MIB),
        ("512M", False, 512 * MIB),
        ("1.5g", False, 1536 * MIB),
        ("2gb", False, 2048 * MIB),
        ("1024", False, 1024),
        ("512Mi", True, 512 * MIB),
        ("512M", True, 512_000_000),
        ("1Gi", True, 1024 * MIB),
        ("${LIMIT}", False, 0),
        ("", False, 0),
        ("much", False, 0),
    ],
)
def test_bytes(text: str, decimal: bool, expected: int) -> None:
    """Docker counts in 1024s, Kubernetes in both."""
    assert bytes_in(text, decimal=decimal) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("40s", 40),
        ("1m30s", 90),
        ("30", 30),
        ("1.5m", 90),
        ("500ms", 0.5),
        ("1h", 3600),
        ("", 0),
        ("soon", 0),
        ("$X", 0),
    ],
)
def test_seconds(text: str, expected: float) -> None:
    """Durations of compose, numbers of Kubernetes."""
    assert seconds_in(text) == expected
