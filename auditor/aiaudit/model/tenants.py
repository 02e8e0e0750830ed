"""Clients that belong to one caller: built with credentials that come with the request, so nobody can share them."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.contexts import Contexts
from aiaudit.model.evaluate import Evaluator, method_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Class, Function, Scope, Store, last_name, walk
from aiaudit.model.values import External, FunctionValue, Literal
from aiaudit.sources.python.facts import Expression
from aiaudit.sources.secrets.names import KEY, PASSWORD, SECRET, TOKEN, kind_of_name

# Parameters that carry credentials under names that say something else; the others are known by their names.
_CARRIERS = frozenset(("creds", "auth", "headers", "username", "key", "http", "cookies", "aws_access_key_id"))
_METHODS = ("classmethod", "staticmethod")
# Globals of frameworks that stand for the request being answered.
PROXIES = frozenset(
    f"{framework}.{name}" for framework in ("flask", "quart", "bottle") for name in ("request", "session", "websocket")
)
# What handlers call the request or the socket that they answer.
_CONNECTIONS = frozenset(("request", "req", "websocket", "ws", "connection"))


def belongs_to_caller(call: Call, evaluator: Evaluator, contexts: Contexts) -> bool:
    """Whether a client's credentials derive from what a handler receives."""
    makers = [call]
    for value in evaluator.callees(call):
        if isinstance(value, External) and value.origin is not None:
            makers.append(value.origin)  # `Session(aws_session_token=...).client(...)`
    given = [
        (value, scope) for maker in makers for name, value, scope in _keywords(maker, evaluator) if _is_credential(name)
    ]
    kept = [found for value, scope in given for found in _kept(value, scope, evaluator)]
    return any(comes_from_request(value, scope, evaluator, contexts) for value, scope in (*given, *kept)) or any(
        _is_given_from_outside(value, scope, evaluator) for value, scope in given
    )


def _keywords(call: Call, evaluator: Evaluator) -> Iterator[tuple[str, Expression, Scope]]:
    """What a call gives by name, variables among the entries of `**options` included."""
    for name, value in call.keywords:
        if name is not None:
            yield name, value, call.scope
        else:
            # What is taken out of another mapping is mostly the service's own, found under a name that a request tells.
            entries = _entries(value, call.scope, evaluator)
            yield from (entry for entry in entries if entry[1][0] in ("name", "attr"))


def _entries(options: Expression, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[str, Expression, Scope]]:
    """What a function puts into a dict under literal names."""
    for made in evaluator.evaluate(options, scope):
        if isinstance(made, Literal) and made.expression[0] == "dict":
            for key, item in made.expression[2]:
                if key is not None and key[0] == "const":
                    yield str(key[2]), item, made.scope
        elif isinstance(made, External) and made.path == "builtins.dict()" and made.origin is not None:
            yield from ((key, item, made.origin.scope) for key, item in made.origin.keywords if key is not None)
    for store in evaluator.filled.get(evaluator.variable(options, scope), ()):
        if store.value is not None and store.key is not None and store.key[0] == "const":
            yield str(store.key[2]), store.value, store.scope


def _is_credential(name: str) -> bool:
    """Whether a parameter of this name takes a credential."""
    return name in _CARRIERS or kind_of_name(name) in (KEY, PASSWORD, SECRET, TOKEN)


def _own_attributes(expression: Expression, scope: Scope) -> Iterator[tuple[Class, str]]:
    """The attributes of its own object that a method's expression reads, with the class of the method."""
    method = method_of(scope)
    if method is None or method.owner is None:
        return
    for part in walk(expression):
        if part[0] == "attr" and part[2][0] == "name" and part[2][2] == method.self_name:
            yield method.owner, part[3]


def _kept(expression: Expression, scope: Scope, evaluator: Evaluator) -> Iterator[tuple[Expression, Scope]]:
    """What the attributes in an expression were given: by methods of the class, and as fields by whoever makes it."""
    for cls, name in _own_attributes(expression, scope):
        classes = evaluator.lineage(cls)[0]
        for store in evaluator.program.stores_by_attribute.get(name, ()):
            if store.value is not None and evaluator.store_class(store, classes):
                yield store.value, store.scope
        position = _position(name, classes)
        for call in evaluator.constructions(cls) if position is not None else ():
            given = call.argument(name, position)
            if given is not None:
                yield given, call.scope


def _is_given_from_outside(expression: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether a credential is a field without a value of objects that nothing in the program makes by name: the body
    of a request, or what a router makes from one. Settings are made from the environment."""
    return any(
        _is_open(name, evaluator.lineage(cls)[0])
        and not evaluator.constructions(cls)
        and not evaluator.inherits(cls, ".BaseSettings")
        for cls, name in _own_attributes(expression, scope)
    )


def _position(name: str, classes: list[Class]) -> int | None:
    """Where a field stands among those of a data class or model, None for what is no field."""
    if any(cls.method("__init__") is not None for cls in classes):
        return None
    names = [field for cls in reversed(classes) for field, found in cls.bindings.items() if found[0].annotation]
    return names.index(name) if name in names else None


def _is_open(name: str, classes: list[Class]) -> bool:
    """Whether a field has no value of its own: no default, or None."""
    found = next((cls.bindings[name][0] for cls in classes if name in cls.bindings), None)
    if found is None or found.annotation is None or _position(name, classes) is None:
        return False
    return found.expression is None or (found.expression[0] == "const" and found.expression[2] is None)


def comes_from_request(
    expression: Expression,
    scope: Scope,
    evaluator: Evaluator,
    contexts: Contexts,
    asked: set[tuple[int, str]] | None = None,
) -> bool:
    """Whether anything in an expression derives from what a handler receives. `asked` are the variables that the same
    question has been asked of."""
    asked = set() if asked is None else asked
    for part in _parts(expression):
        if part[0] == "call" and _result_from_request(part, scope, evaluator, contexts, asked):
            return True
        if part[0] != "name":
            continue
        holder = scope_of_name(scope, part[2])
        if (id(holder or scope), part[2]) in asked:
            continue
        asked.add((id(holder or scope), part[2]))
        if not isinstance(holder, Function):
            if any(isinstance(v, External) and v.path in PROXIES for v in evaluator.evaluate(part, scope)):
                return True
            continue
        for store in holder.stores:
            root = entry_of(store.base)
            if store.value is None or root[0] != "name" or root[2] != part[2] or _is_unread(store, part[2], expression):
                continue
            put = (store.value, store.key) if store.key is not None else (store.value,)
            if any(comes_from_request(part, holder, evaluator, contexts, asked) for part in put):
                return True
        for binding in holder.bindings[part[2]]:
            if binding.kind == "parameter":
                if _parameter_from_request(part[2], holder, evaluator, contexts, asked):
                    return True
                continue
            inner = binding.expression
            if inner is None or inner is expression:
                continue
            if comes_from_request(inner, holder, evaluator, contexts, asked):
                return True
    return False


def _parts(expression: Expression) -> list[Expression]:
    """An expression and all inside it, without the applications that are read from requests: what hangs on
    `request.app` is there for everybody."""
    found = walk(expression)
    shared = [p for p in found if p[0] == "attr" and p[3] == "app" and last_name(p[2]) in _CONNECTIONS]
    if not shared:
        return found
    left_out = {id(part) for application in shared for part in walk(application)}
    return [part for part in found if id(part) not in left_out]


def _is_unread(store: Store, name: str, expression: Expression) -> bool:
    """Whether a store sets an attribute of a variable of which an expression reads other attributes alone."""
    if store.attribute is None or store.base[0] != "name":
        return False
    read = [part for part in walk(expression) if part[0] == "attr" and part[2][0] == "name" and part[2][2] == name]
    whole = sum(1 for part in walk(expression) if part[0] == "name" and part[2] == name)
    return len(read) == whole and all(part[3] != store.attribute for part in read)


def entry_of(expression: Expression) -> Expression:
    """The variable behind `policy["Statement"][0]`."""
    while expression[0] == "sub":
        expression = expression[2]
    return expression


def _result_from_request(
    call: Expression, scope: Scope, evaluator: Evaluator, contexts: Contexts, asked: set[tuple[int, str]]
) -> bool:
    """Whether a function of the program gives back what it reads from the request: `get_request_json()`."""
    for value in evaluator.evaluate(call[2], scope):
        if not isinstance(value, FunctionValue) or (id(value.function), "()") in asked:
            continue
        asked.add((id(value.function), "()"))
        for returned, _ in value.function.returns:
            if comes_from_request(returned, value.function, evaluator, contexts, asked):
                return True
    return False


def _is_handed_on(function: Function) -> bool:
    """Whether a decorator may give a function to others: those that make methods of it do not."""
    return any(last_name(d[2] if d[0] == "call" else d) not in _METHODS for d in function.decorators)


def _parameter_from_request(
    name: str, function: Function, evaluator: Evaluator, contexts: Contexts, asked: set[tuple[int, str]]
) -> bool:
    """A parameter of a handler or tool (an injected one is not), or one that callers fill from theirs."""
    if name == function.self_name:
        return False
    parameter = next((p for p in function.parameters if p[0] == name), None)
    if parameter is None or evaluator.dependency(parameter, function) is not None:
        return False
    if id(function) in contexts.handlers:
        return True
    if not evaluator.callers(function):
        # Nobody in the program calls a tool or a callback: its arguments come with the request. Nor what is not used.
        return contexts.is_reached(function) or _is_handed_on(function)
    passed = list(evaluator.passed(function, name))
    if not passed and parameter[3] is None and all(shift for _, _, shift in evaluator.callers(function)):
        return contexts.is_reached(function)  # those that it is handed to fill it themselves
    return any(comes_from_request(argument, scope, evaluator, contexts, asked) for argument, scope in passed)
