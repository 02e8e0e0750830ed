"""Running commands: quietly, with a limit, and with what went wrong in the error."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

LABEL = "dev.aiaudit.tests"


class Unavailable(Exception):
    """No Docker engine, or no base image, can be had here; the message says why."""


def run(
    *command: str, seconds: float = 60, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; one that is missing or too slow counts as failed."""
    try:
        return subprocess.run(
            command,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except FileNotFoundError as error:
        return subprocess.CompletedProcess(command, 127, "", str(error))
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no end after {seconds:.0f} s")


def demand(*command: str, seconds: float = 60, environment: Mapping[str, str] | None = None) -> str:
    """What a command writes; `Unavailable` when it fails."""
    done = run(*command, seconds=seconds, environment=environment)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip())[-1500:]
        raise Unavailable(f"`{' '.join(command)}` failed with {done.returncode}: {said}")
    return done.stdout


def install(program: str, package: str) -> None:
    """Install a Debian package for a program that is missing; only root can."""
    if shutil.which(program):
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable(f"{program} is missing, and only root on Debian can install it here")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    demand("apt-get", "update", "-qq", seconds=300, environment=quiet)
    options = ("-y", "-qq", "--no-install-recommends")
    demand("apt-get", "install", *options, package, seconds=600, environment=quiet)


def home() -> Path:
    """Where the private engine keeps everything: below the user's cache, or `AIAUDIT_TEST_DOCKER`."""
    chosen = os.environ.get("AIAUDIT_TEST_DOCKER")
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(chosen) if chosen else Path(cache) / "aiaudit-tests" / "docker"
