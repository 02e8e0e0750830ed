"""Conversations that a request loads from a store, adds to and stores again: they grow with every request."""

from __future__ import annotations

import re

from aiaudit.model.flow.keeping import Keeping
from aiaudit.model.flow.keys import key_of, root_of
from aiaudit.model.flow.places import ANY, Place
from aiaudit.model.flow.words import speaks_of_conversation, words
from aiaudit.model.making import ingredients
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function, last_name, walk
from aiaudit.patterns import regex
from aiaudit.values import dataclass

_LOADING = words("loads load")
_ADDING = words("append extend insert")
_STORING = words(
    "set setex hset put write write_text dump put_item put_object save insert_one update_one replace_one upsert rpush"
)
_EXECUTING = words("execute executemany exec exec_driver_sql")
_WRITING = regex(r"\s*(?:insert|update|replace|merge|upsert)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class RoundTrip:
    """A list `what` that is loaded, added to by `added` and stored again by `stored`."""

    what: str
    added: Call
    stored: Call


class RoundTrips:
    """The round trips of a program's functions, by variable."""

    def __init__(self, keeping: Keeping) -> None:
        self.keeping = keeping
        self.tools = keeping.tools
        self._known: dict[tuple[int, str], RoundTrip | None] = {}

    def of(self, place: Place) -> RoundTrip | None:
        """The round trip of the variable that a place is, if all of it goes on from there."""
        expression, scope = place.expression, place.scope
        if place.few or expression[0] not in ("name", "sub", "attr") or not isinstance(scope, Function):
            return None
        key = key_of(expression)
        if key is None:
            return None
        name = root_of(key)
        holder = scope_of_name(scope, name)
        scope = holder if isinstance(holder, Function) else scope  # a closure's variable
        if (id(scope), name) not in self._known:
            self._known[id(scope), name] = self._find(scope, name)
        trip = self._known[id(scope), name]
        return trip if trip is not None and _is_whole(key, place, trip.what) else None

    def _find(self, scope: Function, name: str) -> RoundTrip | None:
        if name == scope.self_name or self.tools.side.contexts.in_request(scope) is None:
            return None
        added = next((call for call in scope.calls if self._adds(call, name)), None)
        if added is None or not self._is_loaded(scope, name):
            return None
        what = key_of(added.expression[2][2]) or name
        stored = next((call for call in scope.calls if call is not added and self._stores(call, name)), None)
        if stored is None or not speaks_of_conversation(what):
            return None
        return None if self.keeping.trims(scope, {name, what}) else RoundTrip(what, added, stored)

    def _adds(self, call: Call, name: str) -> bool:
        callee = call.expression[2]
        if callee[0] != "attr" or callee[3] not in _ADDING:
            return False
        key = key_of(callee[2])
        return key is not None and root_of(key) == name

    def _is_loaded(self, scope: Function, name: str) -> bool:
        return any(
            part[0] == "call" and last_name(part[2]) in _LOADING
            for binding in scope.bindings.get(name, ())
            if binding.expression is not None
            for part, _ in ingredients(binding.expression, scope, self.tools.evaluator)
        )

    def _stores(self, call: Call, name: str) -> bool:
        """Whether a call writes the variable to a store, itself or in the function that it calls."""
        given = (*call.arguments, *(value for _, value in call.keywords))
        if not any(part[0] == "name" and part[2] == name for one in given for part in walk(one)):
            return False
        if _writes(call):
            return True
        targets = (e.target for e in self.tools.side.contexts.edges(call.scope) if e.call is call)
        return any(map(_writes, (inner for target in targets for inner in target.calls)))


def _writes(call: Call) -> bool:
    """Whether a call puts something into a store, by its name or by its SQL."""
    if call.name in _STORING:
        return True
    texts = (part[2] for given in call.arguments[:1] for part in walk(given) if part[0] == "const")
    return call.name in _EXECUTING and any(isinstance(text, str) and _WRITING.match(text) for text in texts)


def _is_whole(key: str, place: Place, what: str) -> bool:
    """Whether a part of the variable holds the whole list."""
    names = [key]
    for part in place.path:
        if part == ANY:
            break
        names.append(str(part))
    whole = ".".join(names)
    return what == whole or what.startswith(f"{whole}.")
