"""Options that a call gets only where a condition holds: `if brief: options["max_tokens"] = 100`, then `**options`."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Enclosing, Store, dotted, walk
from aiaudit.model.values import Literal
from aiaudit.sources.python.facts import Expression


def is_given_sometimes(call: Call, names: tuple[str, ...], evaluator: Evaluator) -> bool:
    """Whether a call gets one of some options out of a dict of its own function, where one of two ways to the call
    leaves it out. A condition about the very value that is put in says that there may be none: that is its affair."""
    if any(call.keyword(name) is not None for name in names):
        return False
    found = [_is_filled_sometimes(spread, call, names, evaluator) for key, spread in call.keywords if key is None]
    return any(found) and None not in found


def _is_filled_sometimes(mapping: Expression, call: Call, names: tuple[str, ...], evaluator: Evaluator) -> bool | None:
    """True where conditions alone put an option in, False where nothing does, None where it is there or not known."""
    if mapping[0] != "name":
        return None
    values = evaluator.evaluate(mapping, call.scope)
    dicts = [value.expression for value in values if isinstance(value, Literal) and value.expression[0] == "dict"]
    if not dicts or len(dicts) != len(values) or not all(_has_names_alone(written, names) for written in dicts):
        return None
    stores = evaluator.filled.get(evaluator.variable(mapping, call.scope), ())
    if any(store.scope is not call.scope or store.key is None or store.key[0] != "const" for store in stores):
        return None
    put = [store for store in stores if store.key is not None and store.key[2] in names]
    if not put:
        return False
    around = {id(link.node) for link in call.around}
    ways = [_conditions(store, around) for store in put]
    if any(not links or _asks_for(store, links) for store, links in zip(put, ways, strict=True)):
        return None
    outermost = {(id(links[-1].node), links[-1].branch) for links in ways}
    return not any((node, not branch) in outermost for node, branch in outermost)


def _has_names_alone(written: Expression, names: tuple[str, ...]) -> bool:
    """Whether a dict is written out, and none of these options in it."""
    return all(key is not None and key[0] == "const" and key[2] not in names for key, _ in written[2])


def _conditions(store: Store, around: set[int]) -> list[Enclosing]:
    """The `if` statements around a store and not around the call, innermost first."""
    return [
        link
        for link in store.enclosing or ()
        if link.kind == "if" and link.node[0] == "if" and id(link.node) not in around
    ]


def _asks_for(store: Store, links: list[Enclosing]) -> bool:
    """Whether one of the conditions is about what is put in."""
    value = store.value
    sought = {dotted(part) for part in walk(value) if part[0] in ("name", "attr")} if value is not None else set()
    return any(part[0] in ("name", "attr") and dotted(part) in sought for link in links for part in walk(link.node[2]))
