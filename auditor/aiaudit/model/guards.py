"""Guards around a construction: does it happen once because its result is kept and checked for?"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator, method_of
from aiaudit.model.handed_out import is_from, is_put_into, tests_before
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import (
    Call,
    Class,
    Enclosing,
    Function,
    Module,
    Scope,
    Store,
    dotted,
    is_same,
    last_name,
    walk,
)
from aiaudit.model.singletons import is_singleton
from aiaudit.model.values import ClassValue, External, FunctionValue, Instance
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True)
class Guard:
    """`keeps`: the call runs only while a lasting variable is empty, and fills it. `cls`: the class on whose instances
    (or None: a module) it is kept; `test` the check."""

    keeps: bool
    cls: Class | None = None
    test: Expression | None = None

    @property
    def asks_for_one_thing(self) -> bool:
        """Whether it lets through while one variable is empty, and for no other reason: `client is None or expired`."""
        return self.keeps and self.test is not None and self.test[0] != "bool" and not _asks_for_an_entry(self.test)

    @property
    def asks_for_an_entry(self) -> bool:
        """Whether it lets through once for each key: `if name not in clients: clients[name] = Client(name)`."""
        return self.keeps and self.test is not None and _asks_for_an_entry(self.test)


NONE = Guard(False)
# What looking for something raises that is not there yet.
_MISSED = ("KeyError", "AttributeError", "LookupError", "NameError")


def guard_of(call: Call, evaluator: Evaluator) -> Guard:
    """The lazy-initialisation guard around a call, if there is one."""
    found = guard_at(call.enclosing, call.scope, evaluator)
    if found.test is not None and call.entered and _asks_for_an_entry(found.test):
        return NONE  # `if text not in vectors: with Client() as client: ...`: each text has a client of its own
    if found.keeps or not isinstance(call.scope, Function):
        return found
    found = _found_or_made(call, evaluator)
    return found if found.keeps else _kept_while_it_serves(call, evaluator)


def _kept_while_it_serves(call: Call, evaluator: Evaluator) -> Guard:
    """A guard that hands out what is there for as long as something else holds: until it is too old, or another one is
    asked for. What a function of the program does for each entry anew is not done once."""
    for returned, test in tests_before(call):
        if _asks_for_an_entry(test) and not any(isinstance(value, External) for value in evaluator.callees(call)):
            continue
        for part, holds in _asked(test):
            variable = _tested(part, not holds)
            found = lasting(variable, call.scope, evaluator) if variable is not None else None
            if variable is None or found is None or not is_put_into(call, found[1]):
                continue
            if is_from(returned, variable, call.scope) or is_from(returned, found[1], call.scope):
                return Guard(True, found[0], ("bool", test[1], "And", (test,)))
    return NONE


def _found_or_made(call: Call, evaluator: Evaluator) -> Guard:
    """`for item in items: if ...: return item`, and below `items.append(item := make())`: what is made is kept."""
    scope = call.scope
    searched = [
        link.node[3]
        for _, enclosing in scope.returns
        for link in enclosing or ()
        if link.kind == "for" and link.node[1][2] < call.at[0]
    ]
    if not searched:
        return NONE
    for store in stores_of(call):
        base = dotted(store.base)
        if base is None:
            continue
        found = lasting(store.base, scope, evaluator)
        if found is not None and any(dotted(part) == base for place in searched for part in walk(place)):
            return Guard(True, found[0], None)
    return NONE


def stores_of(call: Call) -> Iterator[Store]:
    """The stores of elements that put what a call makes somewhere, in the same function."""
    scope = call.scope
    names = {name for name, found in scope.bindings.items() for b in found if b.expression is call.expression}
    for store in scope.stores:
        value = store.value
        is_it = value is call.expression or (value is not None and value[0] == "name" and value[2] in names)
        if is_it and store.attribute is None:
            yield store


def guard_at(enclosing: Enclosing | None, scope: Scope, evaluator: Evaluator) -> Guard:
    """The guard around a place in a scope."""
    for link in enclosing or ():
        for variable, test in _emptiness_tests(link):
            if _holds_what_came(variable, test, scope):
                continue
            found = lasting(variable, scope, evaluator)
            if found is not None and _is_filled(found[1], scope, evaluator):
                return Guard(True, found[0], test)
        if link.kind == "except" and _lookup_missed(link):
            return Guard(True, None, None)
    return NONE


def tested_variables(test: Expression) -> Iterator[Expression]:
    """The variables whose emptiness (or fullness) a guard's test asks for."""
    for part, _ in _asked(test):
        for empty in (True, False):
            variable = _tested(part, empty)
            if variable is not None:
                yield variable


def _emptiness_tests(link: Enclosing) -> Iterator[tuple[Expression, Expression]]:
    """The variables that are known to be empty inside an enclosing statement, with the test that says so."""
    if link.kind not in ("if", "unless"):
        return
    test = link.node[2]
    empty_if_true = link.kind == "if" and link.branch
    for part, holds in _asked(test):
        variable = _tested(part, empty_if_true is holds)
        if variable is not None:
            yield variable, test


def _asked(test: Expression, holds: bool = True) -> Iterator[tuple[Expression, bool]]:
    """The single questions that a test asks, with whether they hold where it does; what it compares or calls with is
    not asked for itself."""
    yield test, holds
    if test[0] == "bool":
        for part in test[3]:
            yield from _asked(part, holds)
    elif test[0] == "walrus":
        yield from _asked(test[3], holds)
    elif test[0] == "unary" and test[2] == "Not":
        yield from _asked(test[3], not holds)


def _tested(test: Expression, empty: bool) -> Expression | None:
    """The variable whose emptiness (or, with `empty` false, fullness) this expression tests."""
    tag = test[0]
    if tag == "cmp" and len(test[3]) == 1:
        operator, right = test[3][0], test[4][0]
        if right[0] == "const" and right[2] is None and operator in (("Is", "Eq") if empty else ("IsNot", "NotEq")):
            return _variable(test[2])
        if operator == ("NotIn" if empty else "In"):
            return _variable(right)
    if tag == "unary" and test[2] == "Not" and empty:
        return _variable(test[3])
    if not empty and tag in ("name", "attr", "call"):
        return _variable(test)
    return None


def _asks_for_an_entry(test: Expression) -> bool:
    """Whether a guard's test looks for an entry under a key that varies: `key in found`, `found.get(key)`."""
    return any(key[0] != "const" for key in _keys(test))


def _keys(test: Expression) -> list[Expression]:
    """The keys that a test looks for in containers."""
    return [
        key
        for part, _ in _asked(test)
        for question in ((part, part[2]) if part[0] == "cmp" else (part,))
        for key in _sought(question)
    ]


def _sought(expression: Expression) -> tuple[Expression, ...]:
    """The key that an expression looks for in a container."""
    if expression[0] == "cmp" and expression[3][0] in ("In", "NotIn"):
        return (expression[2],)
    if expression[0] == "sub":
        return (expression[3],)
    is_get = expression[0] == "call" and expression[2][0] == "attr" and expression[2][3] == "get"
    return expression[3][:1] if is_get else ()


def _holds_what_came(variable: Expression, test: Expression, scope: Scope) -> bool:
    """Whether a container only tells which messages came before, and keeps nothing that was made for them:
    `if event["id"] in seen: return`, then `seen.add(event["id"])`."""
    name = dotted(variable)
    stores = [store for store in scope.stores if store.attribute is None and dotted(store.base) == name]
    return bool(stores) and any(
        _is_field(key, scope) and all(store.value is not None and is_same(store.value, key) for store in stores)
        for key in _keys(test)
    )


def _is_field(key: Expression, scope: Scope) -> bool:
    """Whether a key is read out of data under a name that is written down: `event["id"]`, `event.get("id")`."""
    if key[0] == "name":
        bindings = scope.bindings.get(key[2], ())
        value = bindings[0].expression if len(bindings) == 1 and bindings[0].kind == "value" else None
        return value is not None and value[0] != "name" and _is_field(value, scope)
    name = key[3] if key[0] == "sub" else next(iter(_sought(key)), None)
    return name is not None and name[0] == "const" and isinstance(name[2], str)


def _variable(expression: Expression) -> Expression | None:
    """The variable behind `x`, `self.x`, `hasattr(self, "x")`, `getattr(self, "x", None)`, `cache.get(key)`."""
    if expression[0] in ("name", "attr"):
        return expression
    if expression[0] == "walrus":
        return _variable(expression[3])
    if expression[0] == "sub":
        return _variable(expression[2])
    if expression[0] == "call":
        function, arguments = expression[2], expression[3]
        is_read = function[0] == "name" and function[2] in ("hasattr", "getattr") and len(arguments) > 1
        if is_read and arguments[1][0] == "const":
            return ("attr", expression[1], arguments[0], arguments[1][2])
        if function[0] == "attr" and function[3] in ("get", "is_set"):
            return _variable(function[2])
    return None


def lasting(
    variable: Expression, scope: Scope, evaluator: Evaluator, depth: int = 0
) -> tuple[Class | None, Expression] | None:
    """Whether a variable outlives the call, on which class's instances, and the variable that does."""
    if is_of_one_request(variable, scope, evaluator):
        return None
    if variable[0] == "attr":
        method = method_of(scope)
        base = variable[2]
        if method is not None and base[0] == "name" and base[2] == method.self_name:
            instance = not method.has_decorator("classmethod") and method.name != "__new__"
            if method.name == "__init__" and method.owner is not None and _is_new(method.owner, variable[3], evaluator):
                return None
            return (method.owner if instance else None, variable)
        if method is not None and base[0] == "name" and method.owner and base[2] == method.owner.name:
            return None, variable
        if base[0] == "name" and depth <= 2 and _is_made_inside(base[2], scope):
            return (None, variable) if lasting(base, scope, evaluator, depth + 1) is not None else None
        return (None, variable) if base[0] in ("name", "attr") else None
    if variable[0] != "name":
        return None
    name = variable[2]
    function = next((s for s in scope.within() if isinstance(s, Function)), None)
    holder = scope_of_name(scope, name)
    if function is None or holder is None or isinstance(holder, (Module, Class)) or name in scope.declared_global:
        return None, variable
    if depth > 2:
        return None
    for binding in holder.bindings[name]:  # a local alias of something that lasts
        given = binding.expression if binding.kind == "value" else None
        source = _variable(given) if given else None
        found = lasting(source, scope, evaluator, depth + 1) if source is not None and source != variable else None
        found = found or _looked_up(given, scope, evaluator, depth + 1)
        if found is not None:
            return found
    return (None, variable) if holder is not scope and isinstance(holder, Function) else None


def _is_new(cls: Class, name: str, evaluator: Evaluator) -> bool:
    """Whether an attribute of the object that a constructor is given holds nothing from before: it is not the class's,
    and the object is not one that was made earlier."""
    is_of_class = any(name in known.bindings for known in evaluator.lineage(cls)[0])
    return not is_of_class and not is_singleton(cls, evaluator)


def _looked_up(
    expression: Expression | None, scope: Scope, evaluator: Evaluator, depth: int
) -> tuple[Class | None, Expression] | None:
    """What lasts behind a method that looks it up: `self.get(key)`, where `get` returns `self._entries.get(key)`."""
    if expression is None or expression[0] != "call" or expression[2][0] != "attr":
        return None
    for value in evaluator.evaluate(expression[2], scope):
        if not isinstance(value, FunctionValue) or value.function.owner is None:
            continue
        for returned, _ in value.function.returns:
            found = _variable(returned)
            kept = lasting(found, value.function, evaluator, depth) if found is not None else None
            if kept is not None and kept[1][0] == "attr":
                return kept
    return None


def _is_made_inside(name: str, scope: Scope) -> bool:
    """Whether a function gives a local name its values itself."""
    bindings = scope.bindings.get(name, ()) if isinstance(scope, Function) else ()
    return bool(bindings) and all(binding.kind in ("value", "element", "entered") for binding in bindings)


def is_of_one_request(variable: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether a variable is kept on what each request has of its own: Flask's `g`, `request.state`."""
    while variable[0] == "attr":
        if variable[3] == "state" and last_name(variable[2]) in ("request", "websocket"):
            return True
        variable = variable[2]
    if variable[0] != "name":
        return False
    values = evaluator.evaluate(variable, scope)
    return any(isinstance(value, External) and value.path in ("flask.g", "quart.g") for value in values)


def _is_filled(variable: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether something stores into the variable after all: the function itself or a helper that it calls."""
    if variable[0] == "name":
        name = variable[2]
        holder = scope_of_name(scope, name)
        if holder is not None and any(isinstance(b.scope, Function) for b in holder.bindings.get(name, ())):
            return True
        return any(store.base[0] == "name" and store.base[2] == name for store in scope.stores)
    attribute = variable[3]
    if any(store.base[0] == "attr" and store.base[3] == attribute for store in scope.stores):
        return True
    method = method_of(scope)
    for store in evaluator.program.stores_by_attribute.get(attribute, ()):
        if store.scope is scope or (method is not None and _keeps_there(store, variable, scope, evaluator)):
            return True
    return any(
        isinstance(value, FunctionValue) and _puts_into(value.function, attribute)
        for call in scope.calls
        for value in evaluator.evaluate(call.expression[2], scope)
    )


def _keeps_there(store: Store, variable: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether a method that is no constructor stores into a variable of another function: an attribute of an object of
    the same kind."""
    keeper = method_of(store.scope)
    if keeper is None or keeper.name == "__init__" or keeper.owner is None:
        return False
    if store.base[2] != keeper.self_name and last_name(store.base) == last_name(variable[2]):
        return True
    held = (v.cls for v in evaluator.evaluate(variable[2], scope) if isinstance(v, (Instance, ClassValue)))
    line = evaluator.lineage(keeper.owner)[0]
    return any(cls in line or keeper.owner in evaluator.lineage(cls)[0] for cls in held)


def _puts_into(function: Function, attribute: str) -> bool:
    """Whether a method puts entries into an attribute of its object: `self._entries[key] = entry`."""
    return any(
        store.attribute is None and store.base[0] == "attr" and store.base[3] == attribute for store in function.stores
    )


def _lookup_missed(link: Enclosing) -> bool:
    """`try: return cache[key] except KeyError: ...`, `try: client except NameError: ...`."""
    _, handler = link.node
    kind = handler[0]
    return kind is not None and kind[0] == "name" and kind[2] in _MISSED
