"""Other names of a container: what is put into `table`, after `table = REGISTRY`, is in REGISTRY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from aiaudit.model.bindings import is_looped
from aiaudit.model.program import Program, scope_of_name
from aiaudit.model.scopes import Binding, Call, Function, Scope, Store
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, replace

# Names of names of names: what is further away is not looked for.
_DEPTH = 3
_LISTS = ("tuple", "list", "set")


@dataclass(frozen=True, slots=True)
class Alias:
    """An expression that a name is another name of.

    `key` is that of the pair it is taken from in a loop over a dict (`for kind, table in {"chat": CHAT}.items()`);
    `call` the one that gives it to the function whose parameter the name is.
    """

    expression: Expression
    scope: Scope
    key: str = ""
    call: Call | None = None

    def seen(self, store: Store) -> Store | None:
        """What a store into the name puts into the container. Of what a function puts into what it is given, that is
        known which the same call gives it: `register(REGISTRY, "fast", Fast)`."""
        if self.call is not None:
            is_entry = store.how == "element" and store.value is not None and store.value[0] == "name"
            given = _argument(self.call, store.scope, store.value[2]) if is_entry and store.value else None
            return replace(store, value=given, scope=self.call.scope) if given is not None else None
        return replace(store, beside=self.key) if self.key else store


class Variables(Protocol):
    """What tells the names of variables apart."""

    program: Program

    def variable_of_name(self, holder: Scope, name: str) -> Any: ...


def aliases(expression: Expression, scope: Scope, variables: Variables, depth: int = _DEPTH) -> Iterator[Alias]:
    """What a name is another name of, however many names lie between. Copies are no aliases."""
    holder = scope_of_name(scope, expression[2]) if expression[0] == "name" and depth else None
    for binding in holder.bindings[expression[2]] if holder is not None else ():
        for found in _of_binding(binding, variables):
            if found.expression is not expression:
                yield found
                for further in aliases(found.expression, found.scope, variables, depth - 1):
                    call = further.call or found.call
                    yield Alias(further.expression, further.scope, further.key or found.key, call)


def _of_binding(binding: Binding, variables: Variables) -> Iterator[Alias]:
    scope, expression = binding.scope, binding.expression
    if binding.kind == "value" and expression is not None and _is_kept(expression):
        yield Alias(expression, scope)
    elif binding.kind == "element" and expression is not None and is_looped(binding) and not binding.inner:
        yield from _looped(expression, scope, binding.index)
    elif binding.kind == "parameter" and isinstance(scope, Function):
        yield from _given(binding.target[0], scope, variables)


def _is_kept(expression: Expression) -> bool:
    """Whether an expression gives a variable, or what lies in one."""
    if expression[0] == "call":  # what `get` gives may be its default, which lies nowhere
        return bool(expression[2][0] == "attr" and expression[2][3] == "setdefault")
    return expression[0] in ("name", "attr", "sub")


def _looped(iterable: Expression, scope: Scope, index: int | None) -> Iterator[Alias]:
    """The entries of a container that is written down, which a loop goes through."""
    listing = ""
    if iterable[0] == "call" and iterable[2][0] == "attr" and not iterable[3]:
        listing, iterable = iterable[2][3], iterable[2][2]
        if (listing, index) not in (("items", 1), ("values", None)):
            return
    elif index is not None:
        return
    holder = scope_of_name(scope, iterable[2]) if iterable[0] == "name" else None
    bindings = holder.bindings[iterable[2]] if holder is not None else []
    written = bindings[0].expression if len(bindings) == 1 and bindings[0].kind == "value" else iterable
    place = bindings[0].scope if bindings else scope
    if written is not None and listing and written[0] == "dict":
        for key, value in written[2]:
            named = listing == "items" and key is not None and key[0] == "const"
            yield Alias(value, place, str(key[2]) if named else "")
    elif written is not None and not listing and written[0] in _LISTS:
        yield from (Alias(item, place) for item in written[2])


def _given(parameter: str, function: Function, variables: Variables) -> Iterator[Alias]:
    """What a function of a module is called with under its own name, or the name it is imported as."""
    if function.node[0] != "def" or function.parent is not function.module:
        return
    wanted = (id(function.module), function.name)
    for call in variables.program.calls_by_name.get(function.name, ()):
        callee = call.expression[2]
        holder = scope_of_name(call.scope, callee[2]) if callee[0] == "name" else None
        if holder is not None and variables.variable_of_name(holder, callee[2]) == wanted:
            given = _argument(call, function, parameter)
            if given is not None:
                yield Alias(given, call.scope, call=call)


def _argument(call: Call, function: Scope, parameter: str) -> Expression | None:
    """What a call gives for a parameter of the function it calls."""
    parameters = function.parameters if isinstance(function, Function) else ()
    positions = [p[0] for p in parameters if p[1] in ("positional", "any")]
    if parameter not in (p[0] for p in parameters):
        return None
    return call.argument(parameter, positions.index(parameter) if parameter in positions else None)
