"""Clients that belong to one caller: built with credentials that come with the request, so nobody can share them."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from aiaudit.model.contexts import Contexts
from aiaudit.model.evaluate import Evaluator, method_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Class, Function, Scope, Store, last_name, walk
from aiaudit.model.values import External, FunctionValue, Literal
from aiaudit.sources.python.facts import KEYWORDS, VARIADIC, Expression, Parameter
from aiaudit.sources.secrets.names import KEY, PASSWORD, SECRET, TOKEN, kind_of_name
from aiaudit.values import dataclass

# Parameters that carry credentials under names that say something else; the others are known by their names.
_CARRIERS = frozenset(
    ("creds", "auth", "headers", "default_headers", "username", "key", "http", "cookies", "aws_access_key_id")
)
_METHODS = ("classmethod", "staticmethod")
# Globals of frameworks that stand for the request being answered.
PROXIES = frozenset(
    f"{framework}.{name}" for framework in ("flask", "quart", "bottle") for name in ("request", "session", "websocket")
)
# What handlers call the request or the socket that they answer.
_CONNECTIONS = frozenset(("request", "req", "websocket", "ws", "connection"))
# So many calls inside of each other are told apart by what they pass.
_FRAMES = 4
# How many steps back from a value it is looked for what it derives from: a short way first.
_STEPS = (6, 16)


def belongs_to_caller(call: Call, evaluator: Evaluator, contexts: Contexts) -> bool:
    """Whether a client's credentials derive from what a handler receives."""
    makers = [call]
    for value in evaluator.callees(call):
        if isinstance(value, External) and value.origin is not None:
            makers.append(value.origin)  # `Session(aws_session_token=...).client(...)`
    given = [
        (value, scope) for maker in makers for name, value, scope in _keywords(maker, evaluator) if _is_credential(name)
    ]
    given += [found for maker in makers for found in _inside_addresses(maker)]
    kept = [found for value, scope in given for found in _kept(value, scope, evaluator)]
    return any(may_come_from_request(value, scope, evaluator, contexts) for value, scope in (*given, *kept)) or any(
        _is_given_from_outside(value, scope, evaluator) for value, scope in given
    )


def _inside_addresses(call: Call) -> Iterator[tuple[Expression, Scope]]:
    """The credentials that are put into the text of an address: `connect(f"PWD={body['password']}")`."""
    scope = call.scope
    for argument in (*call.arguments, *(value for _, value in call.keywords)):
        texts = [argument]
        if argument[0] == "name":
            texts = [b.expression for b in scope.bindings.get(argument[2], ()) if b.kind == "value" and b.expression]
        for text in texts:
            if text[0] in ("fstr", "bin"):
                yield from ((part, scope) for part in walk(text) if _is_named_credential(part))


def _is_named_credential(part: Expression) -> bool:
    """`password`, `login.password` or `body["password"]`."""
    if part[0] == "sub" and part[3][0] == "const":
        return _is_secret(str(part[3][2]))
    return part[0] in ("name", "attr") and _is_secret(last_name(part))


def _is_secret(name: str) -> bool:
    return kind_of_name(name) in (KEY, PASSWORD, SECRET, TOKEN)


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
    return name in _CARRIERS or _is_secret(name)


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


def comes_from_request(expression: Expression, scope: Scope, evaluator: Evaluator, contexts: Contexts) -> bool:
    """Whether anything in an expression derives from what a handler receives, in so few steps that a reader follows."""
    return any(_Origins(evaluator, contexts, steps).come_in(expression, scope) for steps in _STEPS)


def may_come_from_request(expression: Expression, scope: Scope, evaluator: Evaluator, contexts: Contexts) -> bool:
    """The same, where a doubt counts as well: a function's result derives from what any call of it passes, as a key
    does that is looked up for one of the service's customers."""
    return _Origins(evaluator, contexts, None).come_in(expression, scope)


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """A call of a function, while what it gives back is looked at: its parameters are what this call passes. `outer` is
    the call of the function in which it stands."""

    function: Function
    call: Call
    outer: _Frame | None
    depth: int


class _Origins:
    """One question, with what it has been asked of already: variables, and the results of calls. Without a number of
    `steps`, doubts count."""

    def __init__(self, evaluator: Evaluator, contexts: Contexts, steps: int | None) -> None:
        self.evaluator = evaluator
        self.contexts = contexts
        self.is_exact = steps is not None
        self.left = steps if steps is not None else sys.maxsize
        self.asked: set[tuple[int, str, int]] = set()

    def come_in(self, expression: Expression, scope: Scope, frame: _Frame | None = None) -> bool:
        """Whether anything in an expression comes with a request; in a `frame`, with its call."""
        if self.left == 0:
            return False
        self.left -= 1
        found = any(
            (part[0] == "call" and self._result(part, scope, frame))
            or (part[0] == "name" and self._variable(part, expression, scope, frame))
            for part in _parts(expression)
        )
        self.left += 1
        return found

    def _variable(self, part: Expression, expression: Expression, scope: Scope, frame: _Frame | None) -> bool:
        name = part[2]
        holder = scope_of_name(scope, name)
        if self._is_asked(id(holder or scope), name, frame):
            return False
        if not isinstance(holder, Function):
            return any(isinstance(v, External) and v.path in PROXIES for v in self.evaluator.evaluate(part, scope))
        for store in holder.stores:
            root = entry_of(store.base)
            if store.value is None or root[0] != "name" or root[2] != name or _is_unread(store, name, expression):
                continue
            put = (store.value, store.key) if store.key is not None else (store.value,)
            if any(self.come_in(each, holder, frame) for each in put):
                return True
        for binding in holder.bindings[name]:
            if binding.kind == "parameter":
                if self._parameter(name, holder, frame):
                    return True
                continue
            inner = binding.expression
            if inner is not None and inner is not expression and self.come_in(inner, holder, frame):
                return True
        return False

    def _is_asked(self, key: int, name: str, frame: _Frame | None) -> bool:
        question = key, name, id(frame.call) if frame is not None else 0
        if question in self.asked:
            return True
        self.asked.add(question)
        return False

    def _result(self, expression: Expression, scope: Scope, frame: _Frame | None) -> bool:
        """Whether a function of the program gives back what it reads from the request, `get_request_json()`, or what
        this call of it hands over."""
        depth = frame.depth + 1 if frame is not None else 1
        is_framed = self.is_exact and depth <= _FRAMES
        for value in self.evaluator.evaluate(expression[2], scope):
            if not isinstance(value, FunctionValue):
                continue
            function = value.function
            inner = _Frame(function, self.evaluator.call_of(expression, scope), frame, depth) if is_framed else None
            if self._is_asked(id(function), "()", inner):
                continue
            if any(self.come_in(returned, function, inner) for returned, _ in function.returns):
                return True
        return False

    def _parameter(self, name: str, function: Function, frame: _Frame | None) -> bool:
        """A parameter of a handler or tool (an injected one is not), or one that callers fill from theirs."""
        if name == function.self_name:
            return False
        parameter = next((p for p in function.parameters if p[0] == name), None)
        if parameter is None or self.evaluator.dependency(parameter, function) is not None:
            return False
        if frame is not None and frame.function is function and id(function) not in self.contexts.handlers:
            given = list(self.evaluator.passed_by(frame.call, function, name))
            if given:
                return any(self.come_in(argument, frame.call.scope, frame.outer) for argument in given)
        if id(function) in self.contexts.handlers:
            return not _is_task_itself(name, function)
        if not self.evaluator.callers(function):
            return self._is_given_by_nobody(name, function)
        if self.is_exact and parameter[1] in (VARIADIC, KEYWORDS):
            calls = [call for call, _, _ in self.evaluator.callers(function) if not self._is_over(call.scope)]
            return any(self.come_in(given, call.scope) for call in calls for given in _collected(parameter, call))
        passed = list(self.evaluator.passed(function, name))
        if not passed and parameter[3] is None and all(shift for _, _, shift in self.evaluator.callers(function)):
            return self.contexts.is_reached(function)  # those that it is handed to fill it themselves
        if not passed and self.is_exact and self._is_spread_over(function):
            return True
        return any(self.come_in(argument, scope) for argument, scope in passed if not self._is_over(scope))

    def _is_spread_over(self, function: Function) -> bool:
        """Whether calls of a function spread something over its parameters that comes with a request."""
        calls = [call for call, _, _ in self.evaluator.callers(function) if not self._is_over(call.scope)]
        return any(self.come_in(spread, call.scope) for call in calls for spread in _spread_in(call))

    def _is_over(self, scope: Scope) -> bool:
        """Whether a scope runs before all requests alone: nothing that it passes comes with one."""
        if not self.is_exact or self.contexts.in_request(scope) is not None:
            return False
        return self.contexts.before_requests(scope) is not None

    def _is_given_by_nobody(self, name: str, function: Function) -> bool:
        """Nobody in the program calls a tool or a callback: its arguments come with the request. Nor what is not used;
        what takes the place of a base's method gets what that is called with."""
        owner = function.owner if self.is_exact else None
        for cls in self.evaluator.lineage(owner)[0][1:] if owner is not None else ():
            method = cls.method(function.name)
            if method is not None and self.evaluator.callers(method):
                named = _counterpart(name, function, method)
                return self._parameter(named, method, None) if named is not None else self._is_spread_over(method)
        return self.contexts.is_reached(function) or _is_handed_on(function)


def _collected(parameter: Parameter, call: Call) -> Iterator[Expression]:
    """What a call may give to `*arguments`, or to `**options`."""
    if parameter[1] == VARIADIC:
        yield from call.arguments
    else:
        yield from (value for _, value in call.keywords)


def _spread_in(call: Call) -> Iterator[Expression]:
    """What a call spreads over the parameters: `*arguments`, `**options`."""
    yield from (argument[2] for argument in call.arguments if argument[0] == "star")
    yield from (value for key, value in call.keywords if key is None)


def _counterpart(name: str, function: Function, method: Function) -> str | None:
    """The parameter of a base's method that stands where one of its heir's does."""
    names, others = ([p[0] for p in f.parameters] for f in (function, method))
    if name in others:
        return name
    index = names.index(name)
    return others[index] if len(names) == len(others) else None


def _is_task_itself(name: str, function: Function) -> bool:
    """Whether a parameter is the task that a worker runs, and not what it is sent: `@app.task(bind=True)`."""
    if function.parameters[0][0] != name:
        return False
    return any(
        decorator[0] == "call"
        and any(key == "bind" and value[0] == "const" and value[2] is True for key, value in decorator[4])
        for decorator in function.decorators
    )


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


def _is_handed_on(function: Function) -> bool:
    """Whether a decorator may give a function to others: those that make methods of it do not."""
    return any(last_name(d[2] if d[0] == "call" else d) not in _METHODS for d in function.decorators)
