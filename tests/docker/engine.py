"""A Docker engine to test with: the one that runs, else a private one that leaves the machine's network alone."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from aiaudit.programs import places_of
from tests.docker.commands import LABEL, Unavailable, demand, home, install, run

_STARTING = 60.0


@dataclass(frozen=True)
class Engine:
    """A running engine: where it listens ("" means wherever the client looks by itself)."""

    address: str

    @property
    def is_private(self) -> bool:
        """Whether it is ours alone, so that images may be tagged like public ones."""
        return self.address == _private_address()

    @cached_property
    def client(self) -> str:
        """A client that can build with BuildKit: one with buildx, or one from before it became a plugin."""
        for path in places_of("docker"):
            version = run(path, "version", "--format", "{{.Client.Version}}", environment=self._environment)
            if version.stdout and int(version.stdout.split(".")[0]) < 23:
                return path
            if run(path, "buildx", "version").returncode == 0:
                return path
        raise Unavailable("no Docker client here can build with BuildKit (docker-buildx is missing)")

    @property
    def _environment(self) -> dict[str, str]:
        chosen = {"DOCKER_HOST": self.address} if self.address else {}
        return {"DOCKER_BUILDKIT": "1", "BUILDKIT_PROGRESS": "plain", **chosen}

    def docker(self, *arguments: str, seconds: float = 60) -> str:
        """Run the client; `Unavailable` when it fails."""
        return demand(self.client, *arguments, seconds=seconds, environment=self._environment)

    def try_docker(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run the client, whatever comes of it."""
        return run(self.client, *arguments, seconds=seconds, environment=self._environment)

    def has_image(self, tag: str) -> bool:
        """Whether an image of that tag is present."""
        return self.try_docker("image", "inspect", tag).returncode == 0

    def remove_ours(self) -> None:
        """Remove every container and image that carries the tests' label."""
        for listing, removal in ((("ps", "-aq"), ("rm", "-fv")), (("images", "-aq"), ("rmi", "-f"))):
            found = self.docker(*listing, "--filter", f"label={LABEL}").split()
            for identity in dict.fromkeys(found):
                self.try_docker(*removal, identity)


def running_engine() -> Engine | None:
    """The engine that the environment names or that listens at the usual place, else a private one left running."""
    for address in (os.environ.get("DOCKER_HOST", ""), _private_address()):
        chosen = {"DOCKER_HOST": address} if address else {}
        done = run("docker", "version", "--format", "{{.Server.Version}}", seconds=20, environment=chosen)
        if done.returncode == 0:
            return Engine(address)
    return None


def start() -> Engine:
    """The running engine; without one, root installs what is missing and starts a private one."""
    install("docker", "docker.io")
    engine = running_engine()
    if engine:
        return engine
    install("dockerd", "docker.io")
    engine = running_engine()  # on an ordinary machine the package has started one
    return engine or _start_private()


def stop() -> None:
    """End the private engine, if it runs."""
    pid = _private_pid()
    if pid is None:
        return
    os.kill(pid, signal.SIGTERM)
    for _ in _ticks(20):
        if _private_pid() is None:
            return
    raise Unavailable(f"the private engine (process {pid}) does not stop")


def remove() -> None:
    """Remove what the tests made: labelled images and containers, and the private engine with all its files."""
    engine = running_engine()
    if engine:
        engine.remove_ours()
    stop()
    shutil.rmtree(home(), ignore_errors=True)


def _start_private() -> Engine:
    if os.geteuid() != 0:
        raise Unavailable("no Docker engine runs, and only root can start one")
    place = home()
    place.mkdir(parents=True, exist_ok=True)
    _end_orphan()
    (place / "pid").unlink(missing_ok=True)
    options = ("--bridge=none", "--iptables=false", "--ip6tables=false", f"--label={LABEL}=engine")
    places = ("--data-root", f"{place}/data", "--exec-root", f"{place}/run", "--pidfile", f"{place}/pid")
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            ["dockerd", *options, *places, "--host", _private_address()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    engine = Engine(_private_address())
    for _ in _ticks(_STARTING):
        if process.poll() is not None:
            break
        if run("docker", "version", environment={"DOCKER_HOST": engine.address}).returncode == 0:
            return engine
    with suppress(ProcessLookupError):
        process.terminate()
    raise Unavailable(f"dockerd does not start here:\n{(place / 'log').read_text(errors='replace')[-1500:]}")


def _private_address() -> str:
    return f"unix://{home()}/socket"


def _private_pid() -> int | None:
    """The process of the private engine."""
    return _pid_in(home() / "pid", f"{home()}/data")


def _end_orphan() -> None:
    """End the containerd of a private engine that was killed: a new one would wait for it, dead or alive."""
    folder = home() / "run" / "containerd"
    pid = _pid_in(folder / "containerd.pid", f"{folder}/containerd.toml")
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    (folder / "containerd.pid").unlink(missing_ok=True)


def _pid_in(file: Path, argument: str) -> int | None:
    """The process that a file names, if it runs with this argument; a stale file names another one, or none."""
    try:
        pid = int(file.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (OSError, ValueError):
        return None
    return pid if argument.encode() in command else None


def _ticks(seconds: float) -> Iterator[None]:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        yield
        time.sleep(0.2)
