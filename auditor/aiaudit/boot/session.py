"""A session: an engine as long as a run needs it. What it makes is labelled, noted and removed, whatever happens."""

from __future__ import annotations

import atexit
import itertools
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from aiaudit.boot import profile, sweep
from aiaudit.boot.cancel import Cancellation
from aiaudit.boot.engine import address_of, asking
from aiaudit.boot.engine_container import EngineContainer
from aiaudit.boot.engine_facts import engine_facts, image_facts
from aiaudit.boot.journal import Journal, this_process
from aiaudit.boot.record import EngineFacts, ImageFacts
from aiaudit.boot.world import Container, EngineError, NoEngine, Specification
from aiaudit.patterns import regex

if TYPE_CHECKING:
    from docker import DockerClient

_AFTERWARDS = 600.0  # seconds after the budget in which a run that is alive has certainly ended
_UNFIT = regex(r"[^A-Za-z0-9_.-]+")
_SHARED = "container:"


class Session:
    """A context manager that is a `world.Engine`: removes leftovers of dead runs on entry, everything of its own on
    exit. `leftovers` tells after the exit what is left all the same; with `keep` that is everything.

    On entry in the main thread it takes over SIGINT, SIGTERM and SIGHUP until the exit: they only set `cancelled`.
    """

    def __init__(self, client: DockerClient, *, keep: bool = False, budget: float = 1800.0) -> None:
        self.id = uuid.uuid4().hex
        self.client = client
        self.facts: EngineFacts = engine_facts(client)
        self.leftovers = 0
        self._keep = keep
        self._cancellation = Cancellation(budget)
        self._owner = this_process()
        expires = time.time() + budget + _AFTERWARDS
        self.labels: Mapping[str, str] = sweep.labels_for(self.id, self._owner, expires, keep)
        self._journal: Journal | None = None
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._containers: dict[str, EngineContainer] = {}
        self._images: list[str] = []

    def __enter__(self) -> Session:
        self._cancellation.watch()
        try:
            sweep.sweep(self.client)
        except BaseException:
            self._cancellation.unwatch()
            raise
        self._journal = Journal(self.id, address_of(self.client), self._owner)
        atexit.register(self.close)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def cancelled(self) -> bool:
        """Whether the run must end: the user wants it (a signal), or the total budget is used up."""
        return bool(self._cancellation.by)

    @property
    def cancelled_by(self) -> str:
        """What ended it: "SIGINT", "SIGTERM", "SIGHUP", "budget"; "" while it may go on."""
        return self._cancellation.by

    @property
    def address(self) -> str:
        """Where the engine listens, as other clients of it are told."""
        return address_of(self.client)

    def image(self, name: str) -> ImageFacts:
        """What the engine knows of an image; `EngineError` names one that is not there."""
        return image_facts(self.client, name)

    def adopt(self, images: Sequence[str]) -> None:
        """Images that a build added, labelled or not: they go with the session, unless somebody tagged or uses them."""
        self._images[:0] = images

    def create(self, specification: Specification) -> Container:
        """Create a container under the isolation profile, noted in the journal before it can start."""
        with self._lock:  # an end of the session waits for the engine's answer: nothing is made behind its back
            if self._journal is None:
                raise EngineError(f"The session is over: the container {specification.name} is not created")
            container = self._create(specification)
            self._containers[container.id] = container
            self._journal.add(container.id)
        files = {**self._resolver(specification), **specification.files}
        if files:
            container.put(files)
        return container

    def close(self) -> None:
        """Remove everything and give the signals back; nothing can be made afterwards."""
        with self._lock:
            journal, self._journal = self._journal, None
        if journal is None:
            return
        try:
            self.leftovers = self._remove_all()
        except (NoEngine, EngineError):
            self.leftovers = len(self._containers)  # as far as is known; the next run finds them by the journal
        finally:
            journal.close(remove=self._keep or not self.leftovers)
            self._cancellation.unwatch()
            atexit.unregister(self.close)

    def _remove_all(self) -> int:
        if self._keep:
            return sweep.count(self.client, self.id)
        patient = not self._cancellation.is_urgent
        left = sweep.remove_session(self.client, self.id, patient=patient)
        if self._images:
            from aiaudit.boot.build import forget

            forget(self, self._images, patient=patient)
        return left

    def _resolver(self, specification: Specification) -> dict[str, bytes]:
        """The file that names the name server: podman writes none where there is no network, nor takes a setting."""
        joined = self._containers.get(specification.network.removeprefix(_SHARED))
        servers = joined.specification.dns if joined is not None else specification.dns
        if self.facts.name != "podman" or not servers:
            return {}
        return {"/etc/resolv.conf": "".join(f"nameserver {server}\n" for server in servers).encode()}

    def _create(self, specification: Specification) -> EngineContainer:
        shared = specification.network.removeprefix(_SHARED)
        if specification.network.startswith(_SHARED) and shared not in self._containers:
            raise EngineError(f"The container {specification.name} may not join the network of {shared}: not ours")
        name = f"{next(self._numbers)}-{_UNFIT.sub('-', specification.name)[:60]}"
        api = self.client.api
        with asking(f"create the container {specification.name}"):
            host = api.create_host_config(**profile.host_settings(specification, self.facts))
            made = api.create_container(
                name=sweep.container_name(self.id, name),
                host_config=host,
                **profile.settings(specification, self.labels),
            )
        return EngineContainer(api, made["Id"], specification, self.facts, lambda: self.cancelled)
