"""A virtual environment with the golden service's locked dependencies, made once and kept in an ignored folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support import FIXTURES, PROJECT

GOLDEN = FIXTURES / "services" / "golden"
LEAKY = FIXTURES / "services" / "leaky"
CACHE = PROJECT / ".cache" / "services"

_PYTHONS = (sys.executable, "python3.11", "python3.12", "python3.13", "python3.14", "python3")


class Unavailable(Exception):
    """What the golden service needs cannot be had here; the message says what and why."""


def golden_python() -> Path:
    """The interpreter of that environment; the first call on a machine takes half a minute and needs PyPI."""
    base = _base_python()
    key = hashlib.sha256((GOLDEN / "uv.lock").read_bytes() + str(base).encode()).hexdigest()[:12]
    home = CACHE / key
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / "complete").exists():
            _build(base, home)
            (home / "complete").touch()
    return home / "service" / "bin" / "python"


def _base_python() -> str:
    """An interpreter that is new enough for the service."""
    for candidate in _PYTHONS:
        path = shutil.which(candidate)
        if path and _run(path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))").returncode == 0:
            return path
    raise Unavailable("the golden service needs Python 3.11 or newer; none was found")


def _build(base: str, home: Path) -> None:
    """Install exactly what the lock names, checked by its hashes; pip does it, since pip is set up on every machine."""
    for name in ("tools", "service"):
        shutil.rmtree(home / name, ignore_errors=True)
        _demand(base, "-m", "venv", str(home / name))
    _pip(home / "tools", f"uv=={_uv_version()}")
    requirements = home / "requirements.txt"
    export = ("export", "--frozen", "--no-dev", "--no-emit-project", "--quiet", "--output-file", str(requirements))
    _demand(str(home / "tools" / "bin" / "uv"), *export, cwd=GOLDEN)
    _pip(home / "service", "--require-hashes", "--requirement", str(requirements))


def _uv_version() -> str:
    """The version that the image installs."""
    match = re.search(r"uv==([\d.]+)", (GOLDEN / "Dockerfile").read_text())
    if match is None:
        raise Unavailable("the golden Dockerfile pins no uv")
    return match[1]


def _pip(environment: Path, *arguments: str) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-input")
    _demand(str(environment / "bin" / "python"), "-m", "pip", "install", *options, *arguments)


def _demand(*command: str, cwd: Path | None = None) -> None:
    done = _run(*command, cwd=cwd)
    if done.returncode != 0:
        raise Unavailable(f"`{' '.join(command)}` failed (is PyPI reachable?):\n{done.stderr[-2000:]}")


def _run(*command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(
        command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900
    )
