"""Requests that put another object into the place of one that startup has made: `POST /configure` makes the client
anew, and all that follow use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from aiaudit.model.evaluate import Evaluator, class_of
from aiaudit.model.guards import lasting
from aiaudit.model.program import Program, scope_of_name
from aiaudit.model.scopes import Call, Class, Function, Scope, dotted, walk
from aiaudit.model.values import CONTAINERS, External
from aiaudit.sources.python.facts import Expression


def replaces(
    call: Call, evaluator: Evaluator, is_early: Callable[[Scope], bool], is_shared: Callable[[Class], bool]
) -> bool:
    """Whether what a call gives takes the place of what something early has put there, for others to use.

    `is_early` tells of a scope whether import or startup runs it, `is_shared` of a class whether no request has an
    object of its own.
    """
    for variable in _targets(call):
        is_entry = variable[0] == "sub"
        found = lasting(variable[2] if is_entry else variable, call.scope, evaluator)
        if found is None or _is_used(variable, call) or (found[0] is not None and not is_shared(found[0])):
            continue
        entries = _entries(variable, call.scope, evaluator) if is_entry else None
        for value, scope in fillings(found[1], call.scope, evaluator.program) if entries is None else entries:
            if scope is call.scope or is_nothing(value, scope, evaluator) or not is_early(scope):
                continue
            if found[0] is None or class_of(scope) is found[0]:
                return True
    return False


def is_used_behind(maker: Call, caller: Call) -> bool:
    """Whether a function that has another one put something new in its place works with it then: in each of its runs,
    `self.renew()` and `self.client.ask()`."""
    if any(link.kind in ("if", "unless", "except") for link in caller.around):
        return False
    function = caller.expression[2]
    owner = dotted(function[2]) if function[0] == "attr" else None
    names = {
        name
        for variable in _targets(maker)
        if (name := f"{owner}.{variable[3]}" if variable[0] == "attr" else _written(variable)) is not None
    }
    return any(
        part[0] in ("name", "attr", "sub") and _written(part) in names
        for call in caller.scope.calls
        if call.at[:2] > caller.at[2:]
        for part in walk(call.expression)
    )


def fillings(variable: Expression, scope: Scope, program: Program) -> Iterator[tuple[Expression | None, Scope]]:
    """What is put into a variable anywhere, and the scopes that do."""
    if variable[0] == "name":
        holder = scope_of_name(scope, variable[2])
        for binding in holder.bindings.get(variable[2], ()) if holder is not None else ():
            if binding.kind == "value":
                yield binding.expression, binding.scope
        return
    for store in program.stores_by_attribute.get(variable[3], ()):
        yield store.value, store.scope


def _entries(variable: Expression, scope: Scope, evaluator: Evaluator) -> list[tuple[Expression | None, Scope]]:
    """What is put under the key of an entry anywhere, and the scopes that do."""
    stores = evaluator.filled.get(evaluator.variable(variable[2], scope), ())
    return [
        (s.value, s.scope) for s in stores if s.key is not None and s.key[0] == "const" and s.key[2] == variable[3][2]
    ]


def is_nothing(value: Expression | None, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether a variable gets no object yet: `None`, `{}`, `OrderedDict()`."""
    if value is None or (value[0] in ("const", "dict", "list") and not value[2]):
        return True
    if value[0] != "call" or value[3] or value[4]:
        return False
    made = evaluator.evaluate(value, scope)
    return bool(made) and all(isinstance(found, External) and found.path in CONTAINERS for found in made)


def _targets(call: Call) -> Iterator[Expression]:
    """The variables that a statement sets to what a call gives."""
    statement = call.statement
    value = statement[3] if statement[0] == "assign" else None
    if value is not None and value[0] == "await":
        value = value[2]
    if value is call.expression:
        for target in statement[2]:
            if target[0] in ("name", "attr") or (target[0] == "sub" and target[3][0] == "const"):
                yield target


def _is_used(variable: Expression, maker: Call) -> bool:
    """Whether the function that sets a variable works with it then, or gives it to who asked."""
    name = _written(variable)
    is_repeated = any(link.kind in ("for", "while") for link in maker.around)
    given_back = maker.scope.returns if isinstance(maker.scope, Function) else ()
    return any(_written(value) == name for value, _ in given_back) or any(
        _written(part) == name
        for call in maker.scope.calls
        if call is not maker and (is_repeated or call.at[:2] > maker.at[2:])
        for given in (call.expression[2], *call.arguments, *(value for _, value in call.keywords))
        for part in walk(given)
    )


def _written(variable: Expression) -> str | None:
    """`a.b` for an attribute, `a['b']` for an entry."""
    if variable[0] == "sub" and variable[3][0] == "const":
        base = dotted(variable[2])
        return None if base is None else f"{base}[{variable[3][2]!r}]"
    return dotted(variable)
