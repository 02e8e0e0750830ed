"""Conversations that grow: lists kept between requests that are added to and sent to a model whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.guards import lasting
from aiaudit.model.program import scope_of_name
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Class, Function, Module, Scope, Store, last_name, walk_all
from aiaudit.model.service import Service
from aiaudit.model.values import External, Literal
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span

TEXT = frozenset(("llm", "agent", "chain", "generation-local"))
# Reads of an entry that give the entry itself.
ENTRIES = ("get", "setdefault", "pop")
CUTTING = ("pop", "popleft", "popitem", "trim_messages", "truncate", "trim")
DEPTH = 6


@dataclass(frozen=True, slots=True, eq=False)
class GrowingHistory:
    """A conversation without a window. `what` names it, `span` is where it grows (or is made), `known` the model call
    that gets it whole, None for a memory object of a framework."""

    what: str
    span: Span
    reach: Reach
    known: Known | None

    @property
    def trace(self) -> tuple[Step, ...]:
        """How the growth is reached, and where the whole of it goes."""
        end = () if self.known is None else (Step(f"all of it goes to {self.known.name}", self.known.call.span),)
        return (*self.reach.steps(), Step("grows here", self.span), *end)


def growing_histories(service: Service) -> list[GrowingHistory]:
    """All of them, one a list or memory object."""
    return list(_Finder(python_side(service)).find())


class _Finder:
    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.evaluator = side.evaluator

    def find(self) -> Iterator[GrowingHistory]:
        yield from self.memories()
        sent = self.sent()
        if not sent:
            return
        seen: set[Any] = set()
        for store in self.side.program.element_stores:
            if store.how != "append" or store.value is None or store.key is not None:
                continue
            root = entry_of(store.base)
            found = lasting(root, store.scope, self.evaluator)
            if found is None or not self.outlives_requests(found, store.scope):
                continue
            if not self.is_collection(found[1], store.scope):
                continue
            key = self.evaluator.variable(found[1], store.scope)
            reach = self.side.contexts.in_request(store.scope)
            if key is None or key in seen or key not in sent or reach is None or self.is_cut(key, store):
                continue
            seen.add(key)
            span = Span.at(store.scope.module.path, store.statement[1])
            yield GrowingHistory(f"`{last_name(found[1])}`", span, reach, sent[key])

    def memories(self) -> Iterator[GrowingHistory]:
        """Memory objects that keep every turn."""
        for known in self.side.known:
            if known.entry.kind == "call" or known.entry.default("keeps_every_turn") is not True:
                continue
            scope = known.call.scope
            reach = self.side.contexts.in_request(scope) or self.side.contexts.before_requests(scope)
            if reach is not None:
                yield GrowingHistory(known.name, known.call.span, reach, None)

    def is_collection(self, variable: Expression, scope: Scope) -> bool:
        """Whether a variable holds a list or a dict of them: other objects have an `add` or `append`, too."""
        return any(
            isinstance(value, Literal)
            or (isinstance(value, External) and value.path.startswith(("builtins.", "collections.")))
            for value in self.evaluator.evaluate(variable, scope)
        )

    def outlives_requests(self, found: tuple[Class | None, Expression], scope: Scope) -> bool:
        """Whether a lasting variable belongs to a module, to the application, or to an object that is shared."""
        cls, variable = found
        if cls is not None:
            return not self.side.contexts.is_ephemeral(cls)
        if variable[0] == "attr":
            if last_name(variable[2]) in ("state", "app"):
                return True
            variable = variable[2]
        if variable[0] != "name":
            return False
        holder = scope_of_name(scope, variable[2])
        return isinstance(holder, (Module, Class))

    # What is sent

    def sent(self) -> dict[Any, Known]:
        """Variable -> the generation that gets what it holds."""
        found: dict[Any, Known] = {}
        for known in self.side.known:
            entry = known.entry
            if entry.kind != "call" or not entry.generates or entry.purpose not in TEXT:
                continue
            if self.side.contexts.in_request(known.call.scope) is None:
                continue
            for argument in (*known.call.arguments, *(value for _, value in known.call.keywords)):
                for key in self.variables(argument, known.call.scope, 0, set()):
                    found.setdefault(key, known)
        return found

    def variables(self, expression: Expression, scope: Scope, depth: int, seen: set[tuple[int, int]]) -> Iterator[Any]:
        """The variables whose whole value may be part of an expression's."""
        if depth > DEPTH or (id(expression), id(scope)) in seen:
            return
        seen.add((id(expression), id(scope)))
        for part in whole_parts(expression):
            key = self.evaluator.variable(part, scope)
            if key is not None:
                yield key
            if part[0] == "name":
                yield from self.behind(part[2], scope, depth, seen)

    def behind(self, name: str, scope: Scope, depth: int, seen: set[tuple[int, int]]) -> Iterator[Any]:
        """What a local name or parameter stands for."""
        holder = scope_of_name(scope, name)
        if not isinstance(holder, Function):
            return
        for binding in holder.bindings[name]:
            if binding.kind == "parameter":
                for argument, where in self.evaluator.passed(holder, name):
                    yield from self.variables(argument, where, depth + 1, seen)
            elif binding.expression is not None:
                yield from self.variables(binding.expression, holder, depth + 1, seen)
        for store in holder.stores:
            if store.value is not None and store.base[0] == "name" and store.base[2] == name:
                yield from self.variables(store.value, holder, depth + 1, seen)

    # What bounds it

    def is_cut(self, key: Any, store: Store) -> bool:
        """Whether the list has a bound, or anything cuts, pops or counts it."""
        for value in self.evaluator.evaluate(entry_of(store.base), store.scope):
            if isinstance(value, External) and value.origin is not None and value.origin.keyword("maxlen") is not None:
                return True
        module_scopes = (scope for module in self.side.program.modules for scope in module.descendants())
        return any(self._is_cut_in(key, scope, last_name(entry_of(store.base))) for scope in module_scopes)

    def _is_cut_in(self, key: Any, scope: Scope, name: str) -> bool:
        for part in walk_all(scope.body) if scope.calls or scope.stores else ():
            cut = _cut_variable(part)
            if cut is None:
                continue
            root = entry_of(cut)
            found = lasting(root, scope, self.evaluator)
            variable = found[1] if found is not None else root
            if self.evaluator.variable(variable, scope) == key or (last_name(root) == name and found is None):
                return True
        return False


def entry_of(expression: Expression) -> Expression:
    """The container behind `sessions[id]`, `sessions.get(id)`, `sessions.setdefault(id, [])`."""
    while True:
        if expression[0] == "sub":
            expression = expression[2]
        elif expression[0] == "call" and expression[2][0] == "attr" and expression[2][3] in ENTRIES:
            expression = expression[2][2]
        else:
            return expression


def whole_parts(expression: Expression) -> Iterator[Expression]:
    """The names and attributes whose whole value goes into an expression's: slices take a part alone."""
    tag = expression[0]
    if tag in ("name", "attr"):
        yield expression
        if tag == "attr":
            yield from whole_parts(expression[2])
    elif tag == "sub":
        if expression[3][0] != "slice":
            yield from whole_parts(expression[2])
    elif tag == "call":
        if expression[2][0] == "attr":
            yield from whole_parts(expression[2][2])
        for argument in (*expression[3], *(value for _, value in expression[4])):
            yield from whole_parts(argument)
    elif tag == "dict":
        for _, value in expression[2]:
            yield from whole_parts(value)
    elif tag == "comp":
        for _, iterable, _, _ in expression[4]:
            yield from whole_parts(iterable)
    elif tag in ("list", "tuple", "set", "fstr"):
        for item in expression[2]:
            yield from whole_parts(item)
    elif tag == "bin":
        yield from whole_parts(expression[3])
        yield from whole_parts(expression[4])
    elif tag in ("star", "await"):
        yield from whole_parts(expression[2])
    elif tag == "ifexp":
        yield from whole_parts(expression[3])
        yield from whole_parts(expression[4])


def _cut_variable(part: Expression) -> Expression | None:
    """The variable that an expression cuts or counts: `x[-8:]`, `x.pop(0)`, `len(x) > 8`, `trim_messages(x)`."""
    tag = part[0]
    if tag == "sub" and part[3][0] == "slice":
        return part[2]  # type: ignore[no-any-return]
    if tag == "cmp" and part[2][0] == "call" and last_name(part[2][2]) == "len" and part[2][3]:
        operand = part[2][3][0]
        is_limit = part[3][0] in ("Gt", "GtE") and not (part[4][0][0] == "const" and part[4][0][2] in (0, 1))
        return operand if is_limit else None
    if tag == "call" and last_name(part[2]) in CUTTING:
        if (part[2][0] == "attr" and not part[3]) or last_name(part[2]) in ("pop", "popleft"):
            return part[2][2] if part[2][0] == "attr" else None
        return part[3][0] if part[3] else None
    return None
