"""Entries of a mapping that are put in anew: what lay under their keys before goes no further.

`payload["messages"] = trim(payload["messages"])` replaces one entry of a dumped model, `{**turn, "content": cut}` one
of a copied mapping.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.model.dumped import dumped_object
from aiaudit.model.flow.places import Path, Place
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.words import is_label, is_label_name
from aiaudit.model.scopes import Binding, is_same, walk
from aiaudit.model.values import Instance
from aiaudit.sources.python.facts import Expression

Address = tuple[int, ...]


def overwritten(place: Place, reaching: Sequence[Binding], tools: Tools) -> set[str]:
    """The keys that the function surely puts into the mapping that a place's name is, after it has been bound."""
    stores = tools.evaluator.filled.get(tools.evaluator.variable(place.expression, place.scope), ())
    written = [s for s in stores if s.scope is place.scope and s.how == "element" and not s.element]
    written = [s for s in written if s.key is not None and s.key[0] == "const" and isinstance(s.key[2], str)]
    if not written:
        return set()
    layout = tools.order.layout(place.scope)
    here = layout.at(place.expression[1])
    bound = [layout.address(b.statement) for b in reaching if b.statement is not None and b.kind != "parameter"]
    if here is None or None in bound:
        return set()
    found: set[str] = set()
    for store in written:
        where = layout.address(store.statement)
        if where is not None and _has_run(where, here[1]) and all(b is not None and b < where for b in bound):
            found.add(store.key[2])  # type: ignore[index]
    return found


def left_of(binding: Binding, place: Place, keys: set[str], tools: Tools) -> Iterator[Path] | None:
    """The parts of a binding's value that reach a place where some of its entries have been put in anew; None for all
    that the place asks for."""
    if not keys:
        return None
    if place.path:
        return iter(()) if place.path[0] in keys else None
    fields = _fields(binding, tools)
    return None if fields is None else ((name,) for name in fields if name not in keys and not is_label_name(name))


def _fields(binding: Binding, tools: Tools) -> list[str] | None:
    """The fields of the model that a variable is a dump of: `payload = body.model_dump()`; None for anything else."""
    expression = binding.expression
    if binding.kind != "value" or expression is None or expression[0] != "call":
        return None
    for value in tools.evaluator.evaluate(expression, binding.scope):
        dumped = dumped_object(value)
        if dumped is None:
            continue
        call, written = dumped
        models = [v for v in tools.evaluator.evaluate(written, call.scope) if isinstance(v, Instance)]
        if models:
            lineage = [cls for model in models for cls in tools.evaluator.lineage(model.cls)[0]]
            return [name for cls in lineage for name, bound in cls.bindings.items() if bound[0].annotation is not None]
    return None


def _has_run(first: Address, second: Address) -> bool:
    """Whether a statement has run wherever another one runs: it stands before it in its block, or in one around it."""
    depth = len(first) - 1
    return len(second) > depth and first[:depth] == second[:depth] and first[depth] < second[depth]


def is_spread_without(entries: Sequence[tuple[Expression | None, Expression]], number: int, part: object) -> bool:
    """Whether an entry of a written mapping gives nothing to a part of it, as a later entry stands under that key. Of a
    spread that is all its text where the later entry is made of what lay there: `{**turn, "content": turn["content"]}`.
    """
    key, value = entries[number]
    for later, given in entries[number + 1 :]:
        if later is None or later[0] != "const":
            continue
        if part is not None:
            if later[2] == part and (key is None or (key[0] == "const" and key[2] == part)):
                return True
        elif key is None and not is_label(later) and any(_reads(inner, value, later) for inner in walk(given)):
            return True
    return False


def _reads(part: Expression, mapping: Expression, key: Expression) -> bool:
    """Whether an expression reads an entry of a mapping: `turn["content"]`, `turn.get("content", "")`."""
    if part[0] == "sub":
        return is_same(part[2], mapping) and is_same(part[3], key)
    if part[0] != "call" or part[2][0] != "attr" or part[2][3] not in ("get", "pop") or not part[3]:
        return False
    return is_same(part[2][2], mapping) and is_same(part[3][0], key)
