"""Is a lazily made thing made before the first request? Asked for the very object that requests use, not for its class.

One instance of a class may be warmed at startup while another is first made, or made anew, by requests.
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.contexts import Contexts, Reach
from aiaudit.model.edge import Edge, is_cached
from aiaudit.model.guards import Guard, lasting, tested_variables
from aiaudit.model.replacing import fillings, is_nothing
from aiaudit.model.scopes import Call, Function, Scope, last_name, walk
from aiaudit.model.values import Instance
from aiaudit.sources.python.facts import Expression


def is_cold(call: Call, guard: Guard, contexts: Contexts) -> bool:
    """Whether a guarded construction that startup reaches is never done for the objects that requests use."""
    return (
        guard.keeps and contexts.before_requests(call.scope) is not None and not _is_own_warmed(call, guard, contexts)
    )


def second_making(call: Call, guard: Guard, first: Reach | None, contexts: Contexts) -> Call | None:
    """The call with which a request makes, once, another object than the one that import or startup makes.

    `call` is what both objects make inside, and `first` the way of a request to it. None where there is but one.
    """
    if first is None or guard.keeps or contexts.before_requests(call.scope) is None:
        return None
    kept = [link.edge for link in first.chain() if link.edge is not None and link.edge.cached]
    if not kept or any(_is_edge_warmed(edge, contexts) for edge in kept):
        return None
    return kept[0].call


def renewing(call: Call, guard: Guard, contexts: Contexts) -> Reach | None:
    """The chain of a request that fills the guarded place of an object which it made itself: the guard is in vain."""
    if guard.cls is None or not isinstance(call.scope, Function):
        return None
    for source, edge in _edges_into(call.scope, contexts, ("request", "task")):
        made = [origin for origin in _receivers(edge, contexts) if origin is not None]
        if made and all(_is_fresh(origin, contexts) for origin in made):
            return Reach(source.entry, call.scope, edge, source, source.cached, source.offloaded)
    return None


def _is_fresh(origin: Call, contexts: Contexts) -> bool:
    """Whether each request makes this object anew."""
    if contexts.guard(origin).keeps or contexts.before_requests(origin.scope) is not None:
        return False
    return contexts.in_request(origin.scope, cached=False) is not None


def _is_edge_warmed(edge: Edge, contexts: Contexts) -> bool:
    """Whether what a kept call gives is there before the first request."""
    if edge.call is None or (isinstance(edge.target, Function) and is_cached(edge.target)):
        return contexts.before_requests(edge.target) is not None
    guard = contexts.guard(edge.call)
    return not guard.keeps or _is_own_warmed(edge.call, guard, contexts)


def _is_own_warmed(call: Call, guard: Guard, contexts: Contexts) -> bool:
    """Whether a guarded call runs early for every object that requests use, or something early fills its place."""
    if is_filled_early(call, guard, contexts):
        return True
    if contexts.before_requests(call.scope) is None:
        return False
    if guard.cls is None or not isinstance(call.scope, Function):
        return True
    asked = {
        id(o)
        for _, edge in _edges_into(call.scope, contexts, ("request", "task"))
        for o in _made(edge, contexts)
        if not _is_spare(o, contexts)
    }
    early = {
        id(o) for _, edge in _edges_into(call.scope, contexts, ("import", "startup")) for o in _made(edge, contexts)
    }
    return not early or not asked or asked <= early


def _is_spare(origin: Call, contexts: Contexts) -> bool:
    """Whether an object is made only where its place is empty, and startup fills that place."""
    guard = contexts.guard(origin)
    return guard.keeps and is_filled_early(origin, guard, contexts)


def is_filled_early(call: Call, guard: Guard, contexts: Contexts) -> bool:
    """Whether import or startup puts something into the variable that the guard tests."""
    if guard.test is None:
        return False
    keys = _tested_keys(guard.test)
    for variable in tested_variables(guard.test):
        found = lasting(variable, call.scope, contexts.evaluator)
        if found is None:
            continue
        for value, scope in fillings(found[1], call.scope, contexts.program):
            if scope is call.scope or is_nothing(value, scope, contexts.evaluator) or _has_nothing_under(value, keys):
                continue
            if contexts.before_requests(scope) is not None:
                return True
        if any(_is_entry_filled(variable, key, call.scope, contexts) for key in keys):
            return True
        if not keys and _is_filled_for_each(variable, call.scope, contexts):
            return True
    return False


def _tested_keys(test: Expression) -> list[object]:
    """The literal keys whose absence a test asks for: `"model" not in cache`, `cache["model"] is None`."""
    keys = [part[2] for part in walk(test) if part[0] == "cmp" and part[3] == ("NotIn",)]
    keys += [part[3] for part in walk(test) if part[0] == "sub"]
    keys += [part[3][0] for part in walk(test) if part[0] == "call" and last_name(part[2]) == "get" and part[3]]
    return [key[2] for key in keys if key[0] == "const"]


def _has_nothing_under(value: Expression | None, keys: list[object]) -> bool:
    """Whether a dict is written down with no object yet for what a test asks for: `{"model": None}`."""
    if value is None or value[0] != "dict":
        return False
    asked = [item for key, item in value[2] if not keys or key is None or key[0] != "const" or key[2] in keys]
    return all(item[0] == "const" and not item[2] for item in asked)


def _is_entry_filled(variable: Expression, key: object, scope: Scope, contexts: Contexts) -> bool:
    """Whether import or startup puts something under a key of a dict."""
    evaluator = contexts.evaluator
    return any(
        store.scope is not scope
        and store.key is not None
        and store.key[0] == "const"
        and store.key[2] == key
        and contexts.before_requests(store.scope) is not None
        for store in evaluator.filled.get(evaluator.variable(variable, scope), ())
    )


def _is_filled_for_each(variable: Expression, scope: Scope, contexts: Contexts) -> bool:
    """Whether import or startup goes through a loop and puts something into a dict under each key of it."""
    evaluator = contexts.evaluator
    return any(
        store.scope is not scope
        and store.key is not None
        and store.key[0] == "name"
        and any(link.kind == "for" for link in store.enclosing or ())
        and contexts.before_requests(store.scope) is not None
        for store in evaluator.filled.get(evaluator.variable(variable, scope), ())
    )


def _edges_into(target: Scope, contexts: Contexts, kinds: tuple[str, ...]) -> Iterator[tuple[Reach, Edge]]:
    """The edges that lead to a scope from what is reached in some contexts, with the reach of their source."""
    for kind in kinds:
        for reaches in list(contexts.reached[kind].values()):
            for edge in contexts.edges(reaches[0].scope):
                if edge.target is target:
                    yield reaches[0], edge


def _made(edge: Edge, contexts: Contexts) -> Iterator[Call]:
    """The constructions of the objects that an edge's call is made on, as far as they are known."""
    yield from (origin for origin in _receivers(edge, contexts) if origin is not None)


def _receivers(edge: Edge, contexts: Contexts) -> Iterator[Call | None]:
    function = edge.call.expression[2] if edge.call is not None else None
    if edge.call is None or function is None or function[0] != "attr":
        return
    for value in contexts.evaluator.evaluate(function[2], edge.call.scope):
        if isinstance(value, Instance):
            yield value.origin
