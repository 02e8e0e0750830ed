"""What an engine says of itself and of an image, as values."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiaudit.boot.engine import address_of, asking, status_of
from aiaudit.boot.record import EngineFacts, ImageFacts
from aiaudit.boot.world import EngineError

if TYPE_CHECKING:
    from docker import DockerClient

_ABILITIES = {"memory": "MemoryLimit", "swap": "SwapLimit", "cpu": "CpuCfsQuota", "processes": "PidsLimit"}


def engine_facts(client: DockerClient) -> EngineFacts:
    """Kind, version and means of the engine."""
    with asking("describe itself"):
        info: dict[str, Any] = client.api.info()
        version: dict[str, Any] = client.api.version()
    components = [str(component.get("Name", "")) for component in version.get("Components") or ()]
    is_podman = any("podman" in name.lower() for name in components)
    return EngineFacts(
        name="podman" if is_podman else "docker",
        version=str(version.get("Version", "")),
        architecture=str(info.get("Architecture", "")),
        storage=str(info.get("Driver", "")),
        rootless=_is_rootless(info),
        is_local=_is_local(client, str(info.get("KernelVersion", ""))),
        cpus=int(info.get("NCPU") or 1),
        memory=int(info.get("MemTotal") or 0),
        unlimited=tuple(name for name, ability in _ABILITIES.items() if not _can(info, ability)),
    )


def _is_rootless(info: dict[str, Any]) -> bool:
    """Docker tells it among the options of security, podman for itself."""
    return bool(info.get("Rootless")) or any("rootless" in option for option in info.get("SecurityOptions") or ())


def _can(info: dict[str, Any], ability: str) -> bool:
    """Whether a limit can be set. Version 1 of control groups cannot be used without root, whatever podman says."""
    return info.get(ability) is not False and not (_is_rootless(info) and info.get("CgroupVersion") == "1")


def image_facts(client: DockerClient, name: str) -> ImageFacts:
    """What the engine knows of an image; nothing is pulled."""
    try:
        with asking(f"describe the image {name}"):
            found: dict[str, Any] = client.api.inspect_image(name)  # type: ignore[no-untyped-call]
    except EngineError as error:
        if status_of(error) != 404:
            raise
        raise EngineError(f"There is no image {name}; build it, or get it with `docker pull {name}`") from error
    settings: Mapping[str, Any] = found.get("Config") or {}
    return ImageFacts(
        id=str(found.get("Id", "")),
        tags=tuple(found.get("RepoTags") or ()),
        size=int(found.get("Size") or 0),
        architecture=str(found.get("Architecture", "")),
        entrypoint=_words(settings.get("Entrypoint")),
        command=_words(settings.get("Cmd")),
        environment=tuple(_pair(entry) for entry in settings.get("Env") or ()),
        user=str(settings.get("User") or ""),
        folder=str(settings.get("WorkingDir") or ""),
        ports=_ports(settings.get("ExposedPorts") or ()),
        health=_words((settings.get("Healthcheck") or {}).get("Test")),
        stop_signal=str(settings.get("StopSignal") or "SIGTERM"),
    )


def _words(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(word) for word in value or ())


def _pair(entry: str) -> tuple[str, str]:
    name, _, value = entry.partition("=")
    return name, value


def _ports(exposed: Any) -> tuple[int, ...]:
    """TCP ports, smallest first: "8000/tcp" or "8000"."""
    parts = [str(port).partition("/") for port in exposed]
    return tuple(sorted(int(number) for number, _, protocol in parts if number.isdigit() and protocol in ("", "tcp")))


def _is_local(client: DockerClient, kernel: str) -> bool:
    """Whether the engine runs on this kernel and its process is seen from here.

    Docker Desktop's machine has a kernel of its own; to a container with the engine's socket its process is hidden.
    """
    scheme, _, place = address_of(client).partition("://")
    return scheme == "unix" and os.uname().release == kernel and _peer(place) > 0


def _peer(place: str) -> int:
    """The process behind a socket, 0 for one of another process namespace."""
    if not hasattr(socket, "SO_PEERCRED"):
        return 0
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(place)
            found = link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    except OSError:
        return 0
    return int(struct.unpack("3i", found)[0])
