"""The places that a log says could not be written."""

from __future__ import annotations

import pytest

from aiaudit.boot.denials import denied


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("OSError: [Errno 30] Read-only file system: '/srv/cache/x.bin'", "/srv/cache/x.bin"),
        ("PermissionError: [Errno 13] Permission denied: 'data/app.log'", "data/app.log"),
        ("mkdir: cannot create directory ‘/var/lib/app’: Permission denied", "/var/lib/app"),
        ("/start.sh: 3: cannot create /run/app.pid: Read-only file system", "/run/app.pid"),
        ("sqlite3.OperationalError: attempt to write a readonly database", "sqlite3.OperationalError: attempt"),
    ],
)
def test_the_path_is_found(line: str, path: str) -> None:
    [found] = denied(f"INFO starting\n{line}\nINFO ending\n")
    assert found.startswith(path)


def test_a_port_is_no_path_and_nothing_is_told_twice() -> None:
    assert denied("[Errno 13] error while attempting to bind on address ('0.0.0.0', 80): permission denied\n") == ()
    assert denied("Permission denied: '/a'\n" * 3) == ("/a",)
