"""Removing what sessions made: this one's at its end, and what is left of dead ones at the start of the next.

What counts as ours: a container by its labels and a name that only a session gives; a network and a volume by labels;
an image for a session that is known, or by the identity of this machine's start in its labels: an image can carry any
label of its own making, but nobody elsewhere knows that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from aiaudit.boot import journal
from aiaudit.boot.engine import address_of, asking, connect
from aiaudit.boot.journal import Owner
from aiaudit.boot.world import EngineError, NoEngine
from aiaudit.values import dataclass

if TYPE_CHECKING:
    from docker import DockerClient

SESSION = "dev.aiaudit.session"
_PID, _HOST, _MACHINE = "dev.aiaudit.pid", "dev.aiaudit.host", "dev.aiaudit.machine"
_STARTED, _EXPIRES, _KEPT = "dev.aiaudit.started", "dev.aiaudit.expires", "dev.aiaudit.kept"

_PASSES = 10
_APART = 1.0  # seconds between passes: what an engine was making for a process that died appears meanwhile


@dataclass(frozen=True, slots=True)
class Thing:
    """Something in the engine that carries the label of a session."""

    what: str
    labels: Mapping[str, str]
    remove: Callable[[], object]

    @property
    def session(self) -> str:
        """Whose it is."""
        return self.labels.get(SESSION, "")


def labels_for(session: str, owner: Owner, expires: float, kept: bool) -> dict[str, str]:
    """What everything that a session makes carries; `expires` in seconds since 1970."""
    labels = {
        SESSION: session,
        _PID: str(owner.pid),
        _HOST: owner.host,
        _MACHINE: owner.machine,
        _STARTED: owner.started,
        _EXPIRES: str(int(expires)),
    }
    return labels | {_KEPT: "true"} if kept else labels


def container_name(session: str, name: str) -> str:
    """The name of a container of a session."""
    return f"aiaudit-{session[:12]}-{name}"


def remove_session(client: DockerClient, session: str, patient: bool) -> int:
    """Remove everything that a session made; how much is left. `patient` makes sure that it is really gone."""
    for number in range(_PASSES if patient else 1):
        if number > 1:
            time.sleep(_APART)
        if not _remove(client, (session,), lambda thing: thing.session == session):
            return 0
    return count(client, session)


def count(client: DockerClient, session: str) -> int:
    """How many things carry the label of a session."""
    return sum(thing.session == session for thing in _things(client, (session,)))


def sweep(client: DockerClient) -> int:
    """Remove what dead and expired sessions left, on this engine and on those that their journals name; how much it
    was. Sessions of processes that run are left alone, and so is what was kept on purpose."""
    dead = list(journal.dead_sessions())
    removed = 0
    for address in dict.fromkeys((address_of(client), *(entry.address for entry in dead))):
        entries = [entry for entry in dead if entry.address == address]
        other = client if address == address_of(client) else _reachable(address)
        if other is None:
            continue
        removed += _sweep_engine(other, {entry.session for entry in entries})
        for entry in entries:
            entry.path.unlink(missing_ok=True)
    return removed


def _sweep_engine(client: DockerClient, dead: Collection[str]) -> int:
    """Passes until one finds nothing; a single one is enough where nobody is known to have died."""
    removed = 0
    for number in range(_PASSES):
        found = _remove(client, dead, lambda thing: _is_stale(thing.labels, dead))
        removed += found
        if not found and (number or not dead):
            break
        time.sleep(_APART)
    return removed


def _remove(client: DockerClient, sessions: Collection[str], is_meant: Callable[[Thing], bool]) -> int:
    """Remove what is meant; how much that was. One that cannot be removed does not keep the others."""
    meant = [thing for thing in _things(client, sessions) if is_meant(thing)]
    for thing in meant:
        try:
            with asking(f"remove {thing.what}"):
                thing.remove()
        except EngineError:
            continue  # gone, being removed by somebody, or in use: what is left is counted at the end
    return len(meant)


def _is_stale(labels: Mapping[str, str], dead: Collection[str]) -> bool:
    """Whether nobody waits for it any more: the owner is dead, or the time is over that its run had."""
    if _KEPT in labels:
        return False
    if labels.get(SESSION) in dead:
        return True
    expires = labels.get(_EXPIRES, "")
    if expires.isdigit() and int(expires) < time.time():
        return True
    return _owner(labels).is_dead


def _owner(labels: Mapping[str, str]) -> Owner:
    pid = labels.get(_PID, "")
    number = int(pid) if pid.isdigit() else 0
    return Owner(labels.get(_HOST, ""), labels.get(_MACHINE, ""), number, labels.get(_STARTED, ""))


def _things(client: DockerClient, sessions: Collection[str]) -> Iterator[Thing]:
    """Everything of ours in the engine: containers before what they use."""
    api = client.api
    wanted = {"label": SESSION}
    with asking("list what carries our label"):
        containers = api.containers(all=True, filters=wanted)
        networks = api.networks(filters=wanted)
        volumes = api.volumes(filters=wanted).get("Volumes")
        images = api.images(filters=wanted)
    for found in containers:
        thing = _thing(found, "container", partial(api.remove_container, found["Id"], v=True, force=True))
        if any(name.lstrip("/").startswith(container_name(thing.session, "")) for name in found.get("Names") or ()):
            yield thing
    for found in networks:
        yield _thing(found, "network", partial(api.remove_network, found["Id"]))
    for found in volumes or ():
        yield _thing(found, "volume", partial(api.remove_volume, found["Name"], force=True))
    for found in images:
        thing = _thing(found, "image", partial(api.remove_image, found["Id"], force=True))
        owner = _owner(thing.labels)
        if thing.session in sessions or (owner.machine and owner.is_near):
            yield thing


def _thing(found: Mapping[str, Any], kind: str, remove: Callable[[], object]) -> Thing:
    name = str(found.get("Name") or found.get("Id") or "")
    return Thing(f"the {kind} {name}", found.get("Labels") or {}, remove)


def _reachable(address: str) -> DockerClient | None:
    """The engine of a dead session where it is one of this machine that answers."""
    if not address.startswith("unix://"):
        return None
    try:
        return connect(address)
    except NoEngine:
        return None
