"""Lists that outlive a request and grow with each one: where they are filled, and whether anything trims them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from aiaudit.model.contexts import Reach
from aiaudit.model.evaluate import class_of, method_of
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.places import ANY, Path, Place
from aiaudit.model.flow.sources import SESSION
from aiaudit.model.flow.tools import Tools
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Class, Enclosing, Function, Module, Scope, dotted, last_name, walk
from aiaudit.model.values import FunctionValue, Instance
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass

_FILLING = frozenset(("append", "extend", "insert", "appendleft"))
_RECEIVING = frozenset(("receive_text", "receive_json", "receive_bytes", "receive", "iter_text", "iter_json", "recv"))
# Classes of which a server makes an object for each connection, which then gets all messages of it.
_CONNECTIONS = (
    ".WebSocketHandler", ".WebSocketEndpoint", ".WebsocketConsumer", ".AsyncWebsocketConsumer",
    ".JsonWebsocketConsumer", ".AsyncJsonWebsocketConsumer",
)  # fmt: skip
_TRIMMING = frozenset(("popleft", "popitem"))
_DEPTH = 4


@dataclass(frozen=True, slots=True)
class Root:
    """A variable that outlives the request: `variable` is the evaluator's key of it, `depth` how many keys lie between
    it and the list that grows, `name` how a message calls it, `owner` the class whose attribute it is."""

    variable: Any
    depth: int
    name: str
    owner: Class | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Growth:
    """A call that adds to a list that outlives the request, and how a request gets there."""

    root: Root
    call: Call
    reach: Reach

    @property
    def span(self) -> Span:
        """The place of the addition."""
        return self.call.span


class Keeping:
    """The growing lists of a program, by variable."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self._growths: dict[Any, list[Growth]] | None = None
        self._lasting: dict[int, bool] = {}

    def grown(self, place: Place) -> Growth | None:
        """The first addition to the list of which a place takes all items, unless it is trimmed."""
        if place.few or place.expression[0] not in ("name", "attr"):
            return None
        variable = self._variable(place.expression, place.scope)
        for growth in self.growths.get(variable, ()) if variable is not None else ():
            if _takes_all(place.path, growth.root.depth):
                return growth
        return None

    def _variable(self, expression: Expression, scope: Scope) -> Any:
        """The evaluator's key of a variable; what a session keeps has one of its own."""
        if expression[0] == "attr" and self.tools.sources.carrier(expression[2], scope) == SESSION:
            return (SESSION, expression[3])
        return self.tools.evaluator.variable(expression, scope)

    @property
    def growths(self) -> dict[Any, list[Growth]]:
        """Variable -> the additions to it, if nothing trims it."""
        if self._growths is None:
            found: dict[Any, list[Growth]] = defaultdict(list)
            for name in _FILLING:
                for call in self.tools.side.program.calls_by_name.get(name, ()):
                    if call.expression[2][0] == "attr" and call.arguments:
                        self._add(call, found)
            self._growths = {
                variable: sorted(growths, key=lambda growth: growth.span)
                for variable, growths in found.items()
                if not any(self._is_trimmed(growth) for growth in growths)
            }
        return self._growths

    def _add(self, call: Call, found: dict[Any, list[Growth]]) -> None:
        reach = self.tools.side.contexts.in_request(call.scope)
        if reach is None:
            return
        for root in self._roots(call.expression[2][2], call.scope, 0, 0, call):
            for variable in self._seen_as(root):
                found[variable].append(Growth(root, call, reach))

    def _seen_as(self, root: Root) -> Iterator[Any]:
        """The keys by which code means a list: an attribute of a class is one of the classes derived from it, too."""
        yield root.variable
        if root.owner is not None:
            yield from (
                ("self", id(cls), root.variable[2]) for cls in self._family(root.owner) if cls is not root.owner
            )

    # Roots

    def _roots(self, expression: Expression, scope: Scope, depth: int, hops: int, call: Call) -> Iterator[Root]:
        """The lasting variables whose list an expression is."""
        tag = expression[0]
        if hops > _DEPTH:
            return
        if tag == "name":
            yield from self._named(expression, scope, depth, hops, call)
        elif tag == "attr":
            yield from self._attribute(expression, scope, depth, hops, call)
        elif tag == "sub" and expression[3][0] != "slice":
            yield from self._roots(expression[2], scope, depth + 1, hops, call)
        elif tag == "await":
            yield from self._roots(expression[2], scope, depth, hops, call)
        elif tag == "bool":
            for operand in expression[3]:
                yield from self._roots(operand, scope, depth, hops, call)
        elif tag == "call":
            yield from self._given_back(expression, scope, depth, hops, call)

    def _named(self, expression: Expression, scope: Scope, depth: int, hops: int, call: Call) -> Iterator[Root]:
        name = expression[2]
        holder = scope_of_name(scope, name)
        if holder is None:
            return
        variable = self.tools.evaluator.variable(expression, scope)
        if isinstance(holder, Module):
            yield Root(variable, depth, name)
            return
        bindings = self.tools.order.reaching(scope, holder, name, expression[1])
        if isinstance(holder, Function) and self._is_kept_by_socket(bindings, holder, call):
            yield Root(variable, depth, name)
            return
        for binding in bindings:
            if binding.kind == "value" and binding.expression is not None:
                yield from self._roots(binding.expression, binding.scope, depth, hops + 1, call)
            elif binding.kind == "parameter" and isinstance(holder, Function) and name != holder.self_name:
                for caller in self.tools.callers(holder):
                    names = [p[0] for p in holder.parameters]
                    given = caller.call.argument(name, names.index(name) - caller.offset + caller.shift)
                    if given is not None:
                        yield from self._roots(given, caller.call.scope, depth, hops + 2, call)

    def _attribute(self, expression: Expression, scope: Scope, depth: int, hops: int, call: Call) -> Iterator[Root]:
        _, _, base, name = expression
        method = method_of(scope)
        variable = self.tools.evaluator.variable(expression, scope)
        if method is not None and base[0] == "name" and base[2] == method.self_name and method.owner is not None:
            # What a constructor fills is the list of the new object.
            is_new = scope is method and method.name == "__init__" and name not in method.owner.bindings
            if not is_new and self._outlives_requests(method.owner):
                yield Root(variable, depth, f"{method.owner.name}.{name}", method.owner)
            return
        if last_name(base) in ("state", "app"):
            yield Root(variable, depth, name)
            return
        if self._variable(expression, scope) == (SESSION, name):
            yield Root((SESSION, name), depth, dotted(expression) or name)
            return
        for value in self.tools.evaluator.evaluate(base, scope):
            if isinstance(value, Instance) and self._outlives_requests(value.cls):
                yield Root(("self", id(value.cls), name), depth, f"{value.cls.name}.{name}", value.cls)
                return
        yield from self._roots(base, scope, depth + 1, hops, call)

    def _given_back(self, expression: Expression, scope: Scope, depth: int, hops: int, call: Call) -> Iterator[Root]:
        """`sessions.get(key, [])`, `sessions.setdefault(key, [])`, `history_of(session)`."""
        function = expression[2]
        if function[0] == "attr" and function[3] in ("get", "setdefault") and expression[3]:
            yield from self._roots(function[2], scope, depth + 1, hops, call)
            return
        for value in self.tools.evaluator.evaluate(function, scope):
            if isinstance(value, FunctionValue):
                for returned, _ in value.function.returns:
                    yield from self._roots(returned, value.function, depth, hops + 1, call)

    def _outlives_requests(self, cls: Class) -> bool:
        """Whether objects of a class live longer than a request."""
        known = self._lasting.get(id(cls))
        if known is None:
            self._lasting[id(cls)] = False  # sessions that hold sessions
            contexts = self.tools.side.contexts
            evaluator = self.tools.evaluator
            made = [call for heir in (cls, *evaluator.subclasses(cls)) for call in evaluator.constructions(heir)]
            early = [c for c in made if contexts.before_requests(c.scope) is not None]
            fresh = [c for c in made if c not in early and contexts.in_request(c.scope, cached=False) is not None]
            lasts = (bool(early) and not fresh) or evaluator.inherits(cls, *_CONNECTIONS)
            known = self._lasting[id(cls)] = lasts or any(map(self._is_put_away, made))
        return known

    def _is_put_away(self, call: Call) -> bool:
        """`sessions[key] = Session()`, on a variable that outlives the request."""
        scope = call.scope
        names = {n for n, found in scope.bindings.items() for b in found if b.expression is call.expression}
        for store in scope.stores:
            value = store.value
            kept = value is call.expression or (value is not None and value[0] == "name" and value[2] in names)
            if kept and store.attribute is None and any(self._roots(store.base, scope, 0, 2, call)):
                return True
        return False

    def _is_kept_by_socket(self, bindings: list[Any], holder: Function, call: Call) -> bool:
        """A list made before the loop that receives a socket's messages lives as long as the connection."""
        if call.scope is not holder:
            return False
        for link in call.around:
            if link.kind in ("for", "while") and _receives(link, holder):
                inside = link.node[4] if link.kind == "for" else link.node[3]
                return bool(bindings) and not any(_is_inside(b.statement, inside) for b in bindings)
        return False

    # Trimming

    def _is_trimmed(self, growth: Growth) -> bool:
        """Whether the program takes something out of the list, or cuts it."""
        key = key_of(growth.call.expression[2][2])
        owners = dict.fromkeys(cls for cls in (class_of(growth.call.scope), growth.root.owner) if cls is not None)
        family = [c for cls in owners for c in self._family(cls)]
        scopes: list[Scope] = [function for cls in family for function in cls.functions]
        scopes += [scope for scope in growth.call.scope.module.scopes if isinstance(scope, Function)]
        scopes.append(growth.call.scope)
        keys = {key, growth.root.name.rpartition(".")[2]} - {None}
        if self._is_limited_container(growth) or self._is_begun_anew(growth, family):
            return True
        return any(self.trims(scope, keys) for scope in dict.fromkeys(scopes))

    def _is_begun_anew(self, growth: Growth, family: list[Class]) -> bool:
        """Whether requests put another list in its place, with something of their own in it: `self.turns =
        opening(question)`. An empty one is what a route for forgetting puts there, whom it pleases."""
        contexts = self.tools.side.contexts
        name = growth.root.name.rpartition(".")[2]
        for store in self.tools.side.program.stores_by_attribute.get(name, ()):
            method = method_of(store.scope)
            if method is None or method.owner not in family or method.name == "__init__" or store.how != "attribute":
                continue
            parts = walk(store.value) if store.value is not None else []
            names = {part[2] for part in parts if part[0] == "name"} - {method.self_name}
            is_own = not names.isdisjoint(store.scope.bindings)
            is_kept = any(part[0] == "attr" and part[3] == name for part in parts)
            if is_own and not is_kept and contexts.in_request(store.scope) is not None:
                return True
        return False

    def _family(self, cls: Class) -> tuple[Class, ...]:
        """A class, its bases and the classes derived from it."""
        return (*self.tools.evaluator.lineage(cls)[0], *self.tools.evaluator.subclasses(cls))

    def _is_limited_container(self, growth: Growth) -> bool:
        """`deque(maxlen=20)`, also as what a defaultdict makes."""
        name = growth.root.name.rpartition(".")[2]
        module = growth.call.scope.module
        bindings = [binding for scope in module.scopes for binding in scope.bindings.get(name, ())]
        values = [binding.expression for binding in bindings if binding.expression is not None]
        values += [s.value for s in self.tools.side.program.stores_by_attribute.get(name, ()) if s.value is not None]
        return any(_is_limited_deque(part) for value in values for part in _with_lambdas(value))

    def trims(self, scope: Scope, keys: set[str | None]) -> bool:
        """Whether a scope takes something out of a list of one of these names, or checks its length."""
        wanted = {key for key in keys if key is not None}

        def named(expression: Expression) -> bool:
            found = key_of(expression)
            return found is not None and any(_same(found, key) for key in wanted)

        for check in self.tools.checks.of(scope):
            if any(check.bound.key == k or check.bound.key.endswith(f".{k}") for k in wanted):
                return True
        for statement, _ in self.tools.order.layout(scope).statements():
            if _cuts(statement, named):
                return True
        made_on = [call for call in scope.calls if call.expression[2][0] == "attr"]
        return any(named(call.expression[2][2]) and _takes_out(call) for call in made_on)


def _takes_all(path: Path, depth: int) -> bool:
    """Whether a part of a variable holds all items of the list that lies `depth` keys below it."""
    below = path[depth:]
    return not below or below[0] == ANY


def _same(found: str, key: str) -> bool:
    """Whether two keys mean the same list, seen from different objects."""
    return found == key or found.endswith(f".{key}") or key.endswith(f".{found}")


def _is_limited_deque(expression: Expression) -> bool:
    if expression[0] != "call" or last_name(expression[2]) != "deque":
        return False
    return len(expression[3]) > 1 or any(key == "maxlen" for key, _ in expression[4])


def _takes_out(call: Call) -> bool:
    name = call.name
    return name in _TRIMMING or (name == "pop" and bool(call.arguments) and call.arguments[0][0] == "const")


def _cuts(statement: Statement, named: Any) -> bool:
    """`del history[:-20]`, `history = history[-20:]`, `history[:] = history[-20:]`."""
    tag = statement[0]
    if tag == "del":
        return any(target[0] == "sub" and target[3][0] == "slice" and named(target[2]) for target in statement[2])
    if tag != "assign":
        return False
    for target in statement[2]:
        base = target[2] if target[0] == "sub" and target[3][0] == "slice" else target
        if named(base) or (target[0] == "sub" and named(target[2])):
            return any(part[0] == "sub" and part[3][0] == "slice" for part in walk(statement[3]))
    return False


def _receives(link: Enclosing, holder: Function) -> bool:
    """Whether a loop receives the messages of a socket."""
    if link.kind == "for" and any(part[0] == "attr" and part[3] in _RECEIVING for part in walk(link.node[3])):
        return True
    received = [call for call in holder.calls if call.name in _RECEIVING]
    return any(outer.node is link.node for call in received for outer in call.around)


def _is_inside(statement: Statement | None, body: tuple[Statement, ...]) -> bool:
    if statement is None or not body:
        return False
    first, last = body[0][1][:2], body[-1][1][2:]
    return bool(first <= statement[1][:2] and statement[1][2:] <= last)


def _with_lambdas(expression: Expression) -> Iterator[Expression]:
    for part in walk(expression):
        yield part
        if part[0] == "lambda":
            yield from walk(part[3])
