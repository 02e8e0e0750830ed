"""What mappings hold that nobody writes out: fields of models that are dumped, and bodies as a client sends them."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Class, walk_all
from aiaudit.model.values import External, Instance, Super, Value
from aiaudit.sources.python.facts import Expression

# Methods that write an object's fields into a dict, and functions that do it with what they are given.
_METHODS = frozenset(("model_dump", "dict"))
_FUNCTIONS = frozenset(("dataclasses.asdict()",))
# Bases outside the repository that bring no fields along.
_WITHOUT_FIELDS = frozenset(("pydantic.BaseModel", "pydantic.main.BaseModel", "pydantic.generics.GenericModel"))
# What request objects parse of a client's JSON.
_BODIES = (".request.json", ".request.get_json()", ".Request().json()", ".Request().get_json()")


def dumped_object(value: Value) -> tuple[Call, Expression] | None:
    """The call that writes an object out into a dict, and the object: of `**chat.model_dump()` `chat`."""
    if not isinstance(value, External) or value.origin is None:
        return None
    call, callee = value.origin, value.origin.expression[2]
    if callee[0] == "attr" and callee[3] in _METHODS and value.path.endswith(f"().{callee[3]}()"):
        return call, callee[2]
    if value.path in _FUNCTIONS and call.arguments:
        return call, call.arguments[0]
    return None


def may_dump(call: Call, written: Expression, key: str, evaluator: Evaluator) -> bool | None:
    """Whether the dict that a call writes out of an object has an entry; None if that is not known."""
    excluded, included = call.keyword("exclude"), call.keyword("include")
    if excluded is not None and key in _names(excluded):
        return False
    if included is not None:
        return None if included[0] != "set" or key in _names(included) else False
    made = evaluator.evaluate(written, call.scope)
    classes = [value.cls for value in made if isinstance(value, (Instance, Super))]
    if not classes or len(classes) < sum(not isinstance(value, External) for value in made):
        return None
    found = {_has_field(cls, key, evaluator) for cls in classes}
    return found.pop() if len(found) == 1 else None


def _has_field(cls: Class, key: str, evaluator: Evaluator) -> bool | None:
    lineage, outside = evaluator.lineage(cls)
    if any(key in each.bindings for each in lineage):
        return True
    closed = set(outside) <= _WITHOUT_FIELDS and not any(map(_takes_anything, lineage))
    return False if closed else None


def _takes_anything(cls: Class) -> bool:
    """Whether a model keeps fields that it does not know, or writes some out under other names."""
    return any(
        (node[0] == "const" and node[2] == "allow")
        or (node[0] == "attr" and node[3] == "allow")
        or (node[0] == "call" and any(name in ("alias", "serialization_alias") for name, _ in node[4]))
        for node in walk_all(cls.body)
    )


def _names(expression: Expression) -> set[object]:
    """The names in a written set or dict of names."""
    items = [key for key, _ in expression[2]] if expression[0] == "dict" else expression[2]
    if expression[0] not in ("set", "dict", "list", "tuple"):
        return set()
    return {item[2] for item in items if item is not None and item[0] == "const"}


def spreads_a_body(call: Call, evaluator: Evaluator) -> bool:
    """Whether all that a call spreads are bodies of requests: what a client writes is no setting of the service."""
    spread = [value for name, value in call.keywords if name is None]
    return bool(spread) and all(_is_body(value, call, evaluator) for value in spread)


def _is_body(spread: Expression, call: Call, evaluator: Evaluator) -> bool:
    values = evaluator.evaluate(spread, call.scope)
    if not values or not all(isinstance(value, External) and value.path.endswith(_BODIES) for value in values):
        return False
    stores = evaluator.filled.get(evaluator.variable(spread, call.scope), ())
    return all(store.key is not None and store.key[0] == "const" for store in stores)
