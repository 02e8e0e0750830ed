"""Which version of a distribution is installed, as far as its requirement tells."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiaudit.model.versions import installed_versions, newest_allowed
from tests.model.linked import service_of


@pytest.mark.parametrize(
    ("specifier", "expected"),
    [
        ("^5.1", "5.9999"),
        ("^0.2.3", "0.2.9999"),
        ("^0.0.3", "0.0.3.9999"),
        ("~5.1", "5.1.9999"),
        ("~5", "5.9999"),
        ("~=5.1", "5.9999"),
        ("~=5.1.2", "5.1.9999"),
        (">=4.6,<6", "5.9999"),
        (">=4.6, <5.2.0", "5.1.9999"),
        ("<=5.3,>=5", "5.3"),
        ("==5.*", "5.9999"),
        ("<6,<5.4", "5.3.9999"),
        (">=5.1", None),
        ("!=5.1", None),
        ("*", None),
        ("", None),
    ],
)
def test_newest_version_that_a_range_takes(specifier: str, expected: str | None) -> None:
    """A range with an upper limit tells what is installed at most; one without does not."""
    assert newest_allowed(specifier) == expected


def test_pins_go_before_ranges(tmp_path: Path) -> None:
    """A range in one file says nothing where another file pins the same distribution."""
    files = {"requirements.txt": "redis>=4,<6\nhttpx<0.28\n", "requirements-frozen.txt": "redis==5.0.8\n"}

    assert installed_versions(service_of(tmp_path, files).tree) == {"redis": "5.0.8", "httpx": "0.27.9999"}
