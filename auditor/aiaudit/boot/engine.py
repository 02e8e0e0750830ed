"""Finding a container engine and talking to it: where it may listen, and what its errors mean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from aiaudit.boot.world import EngineError, NoEngine
from aiaudit.values import dataclass

if TYPE_CHECKING:
    from docker import DockerClient

ANSWERS_WITHIN = 60  # seconds for one request; a loaded engine may take many to create a container
_CONNECTIONS = 64  # kept for the next request; each container that runs has two more of its own
_FOUND_WITHIN = 10  # seconds for the first answer of an engine that may be none

REMEDY = (
    "Start Docker (https://docs.docker.com/engine/install/) or podman (`systemctl --user start podman.socket`), "
    "or set DOCKER_HOST to an engine that runs"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an engine may be: its address, who said so ("" for a usual place), and the settings of TLS."""

    address: str
    source: str = ""
    tls: Any = None


def connect(address: str | None = None) -> DockerClient:
    """A client of the engine at an address, else of the one that the environment or the current context of the docker
    client names, else of the first that listens at a usual place, podman's and those without root included.

    `NoEngine` tells what was tried and how to get one; an engine that was named is not replaced by another.
    """
    places = _places(address)
    failures = []
    for place in places:
        client, reason = _client(place)
        if client is not None:
            return client
        failures.append(f"{place.source + ' ' if place.source else ''}{place.address}: {reason}")
    tried = "; ".join(failures) or "nothing listens at the usual places"
    raise NoEngine(f"No container engine can be reached ({tried}). {REMEDY}.")


def address_of(client: DockerClient) -> str:
    """Where the engine of a client listens, as `connect` takes it."""
    base = str(client.api.base_url)
    place = getattr(client.api.get_adapter(base), "socket_path", "")
    return f"unix://{place}" if place else base


@contextmanager
def asking(what: str) -> Iterator[None]:
    """Errors of the docker package as ours: `what` was tried ("create the container web")."""
    import requests
    import urllib3
    from docker.errors import APIError, DockerException

    try:
        yield
    except APIError as error:
        said = str(error.explanation or error).strip()
        raise EngineError(f"The engine did not {what}: {said}") from error
    except requests.exceptions.JSONDecodeError as error:
        raise EngineError(f"The engine did not {what}: its answer cannot be read") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise NoEngine(f"The engine went away when asked to {what} ({_reason(error)}). {REMEDY}.") from error
    except DockerException as error:
        raise EngineError(f"The engine did not {what}: {error}") from error


def status_of(error: EngineError) -> int:
    """The HTTP status behind an error of `asking`, 0 for none."""
    response = getattr(error.__cause__, "response", None)
    return int(getattr(response, "status_code", 0) or 0)


def _places(address: str | None) -> tuple[Place, ...]:
    """Where to look: one place if somebody named it, else those usual ones where a socket lies."""
    named = Place(address) if address else _from_environment() or _from_context()
    if named:
        return (named,)
    return tuple(Place(f"unix://{path}") for path in usual_sockets() if os.path.exists(path))


def usual_sockets() -> tuple[str, ...]:
    """Sockets of Docker, Docker without root, Docker Desktop, podman without and with root."""
    home = os.path.expanduser("~")
    user = str(os.getuid()) if hasattr(os, "getuid") else ""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{user}"
    return (
        "/var/run/docker.sock",
        f"{runtime}/docker.sock",
        f"{home}/.docker/run/docker.sock",
        f"{home}/.docker/desktop/docker.sock",
        f"{runtime}/podman/podman.sock",
        "/run/podman/podman.sock",
    )


def _from_environment() -> Place | None:
    from docker.errors import TLSParameterError
    from docker.utils import kwargs_from_env

    for name in ("DOCKER_HOST", "CONTAINER_HOST"):
        address = os.environ.get(name, "")
        if not address:
            continue
        try:
            tls = kwargs_from_env().get("tls") if name == "DOCKER_HOST" else None
        except TLSParameterError as error:
            raise NoEngine(f"The TLS settings for DOCKER_HOST are wrong: {str(error).splitlines()[0]}") from error
        return Place(address, name, tls)
    return None


def _from_context() -> Place | None:
    """The endpoint of the docker client's current context; the default context names nothing."""
    from docker.context import Context
    from docker.context.config import get_current_context_name

    name = os.environ.get("DOCKER_CONTEXT") or get_current_context_name()
    if not name or name == "default":
        return None
    source = f"the docker context {name}"
    try:
        context = Context.load_context(name)
    except Exception as error:  # the docker package raises a bare Exception for a broken file
        raise NoEngine(f"{source} cannot be read: {error}") from error
    if context is None or not context.Host:
        raise NoEngine(f"{source} names no engine; choose another with `docker context use`")
    return Place(str(context.Host), source, context.TLSConfig)


def _client(place: Place) -> tuple[DockerClient | None, str]:
    """A client that got an answer, else the reason why there is none."""
    import docker
    import requests
    from docker.errors import DockerException

    client = None
    try:
        # the version is asked for in the constructor, with this time limit
        client = docker.DockerClient(
            base_url=place.address, tls=place.tls or False, timeout=_FOUND_WITHIN, max_pool_size=_CONNECTIONS
        )
        client.ping()
    except (DockerException, requests.exceptions.RequestException, OSError, ValueError) as error:
        if client is not None:
            client.close()
        return None, _reason(error)
    client.api.timeout = ANSWERS_WITHIN
    return client, ""


def _reason(error: BaseException) -> str:
    """The innermost error in few words."""
    text = str(error)
    if "Permission denied" in text or isinstance(error, PermissionError):
        return "permission denied; this user must be in the group of the socket"
    for words in ("No such file or directory", "Connection refused", "timed out", "Name or service not known"):
        if words in text:
            return words.lower()
    inner = error.__cause__ or error.__context__
    if inner is not None and not text:
        return _reason(inner)
    return " ".join(text.split())[:200] or type(error).__name__
