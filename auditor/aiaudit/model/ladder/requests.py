"""How long the calls inside requests may take, with all time-outs and deadlines counted."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aiaudit.model.blocking import BlockingCall
from aiaudit.model.contexts import Reach
from aiaudit.model.ladder.values import RequestWait
from aiaudit.model.python import python_side
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Call
from aiaudit.model.service import Service
from aiaudit.model.timeouts import QUIET, Setting, TimeoutReader, answers_alone, answers_for_timeout

# What takes long by its nature; anything else counts only with the time-out that the program gives it.
SLOW = frozenset(("llm", "embedding", "agent", "chain", "rerank", "speech", "image", "retriever", "index"))
# Calls that run a function elsewhere and come back when it is done.
WAITED_FOR = frozenset(
    ("to_thread", "run_in_threadpool", "run_sync", "run_in_executor", "asyncify", "sync_to_async", "make_async")
)


def request_waits(service: Service) -> list[RequestWait]:
    """All whose length is known."""
    return list(_Finder(service).find())


class _Finder:
    def __init__(self, service: Service) -> None:
        self.side = python_side(service)
        self.reader = TimeoutReader(self.side)
        self.blocking = {id(blocking.known.call) for blocking in service.subjects(BlockingCall)}

    def find(self) -> Iterator[RequestWait]:
        for known in self.side.known:
            if known.entry.timeout is None or not (known.entry.purpose in SLOW or known.entry.purpose == "http"):
                continue
            if known.entry.kind != "call":
                if answers_for_timeout(known):
                    yield from self.of_client(known)
            elif answers_alone(known) and not self.reader.belongs_to_client(known):
                yield from self.of_call(known.call, known, self.reader.setting(known))

    def of_client(self, client: Known) -> Iterator[RequestWait]:
        """The waits of the calls on a client, each with its own time-out where it has one."""
        for use in self.side.uses.get(id(client.call), ()):
            if use.name in QUIET:
                continue
            own = next((k for k in self.reader.known_of.get(id(use), ()) if k.entry.timeout is not None), None)
            given = self.reader.setting(own) if own is not None else ("default", None, None)
            setting = given if given[0] == "set" else self.reader.setting_of(use, client)
            yield from self.of_call(use, own or client, setting)

    def of_call(self, call: Call, known: Known, setting: Setting) -> Iterator[RequestWait]:
        state, seconds, _ = setting
        reach = self.side.contexts.reach("request", call.scope)
        if reach is None or seconds is None or state == "hidden" or not self.is_waited_for(reach, known):
            return
        is_set = state == "set"
        if known.entry.purpose == "http" and not is_set:
            return
        deadline = self.reader.deadlines.limit(call)
        if deadline is not None:
            if math.isnan(deadline):
                return
            seconds, is_set = min(seconds, deadline), is_set or deadline <= seconds
        yield RequestWait(call, known, seconds, is_set, reach, id(call) in self.blocking)

    @staticmethod
    def is_waited_for(reach: Reach, known: Known) -> bool:
        """Whether the request is not answered before the call is done."""
        handed = [link.edge.call for link in reach.chain() if link.edge is not None and link.edge.deferred]
        if known.handed_by is not None:
            handed.append(known.handed_by)
        return all(call is not None and call.name in WAITED_FOR for call in handed)
