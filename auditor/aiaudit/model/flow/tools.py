"""What the steps of the walk share: the evaluator, the knowledge, and the answers made once for a service."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from aiaudit.model.branches import is_dead
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.evaluation.handing import HANDING_OVER
from aiaudit.model.flow.adapters import Adapters
from aiaudit.model.flow.checks import Checks
from aiaudit.model.flow.gates import Gates
from aiaudit.model.flow.order import Order
from aiaudit.model.flow.places import Part, Place, part_written
from aiaudit.model.flow.renaming import renaming_names
from aiaudit.model.flow.schema import Schema
from aiaudit.model.flow.sources import Sources
from aiaudit.model.knowledge import Knowledge
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call, Function, Store, last_name, walk
from aiaudit.model.served_graphs import served_graphs
from aiaudit.model.values import External, FunctionValue, functions_in
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, field

QUEUEING = frozenset(("delay", "apply_async", "send", "send_with_options", "enqueue", "kiq", "s", "si", "signature"))
Made = TypeVar("Made")
_INVOKING = frozenset(("invoke", "ainvoke", "stream", "astream", "astream_events", "batch", "abatch"))


@dataclass(frozen=True, slots=True)
class Caller:
    """A call that runs a function; see `Frame` for `offset` and `shift`. `written` ones are given as `args=(...)`,
    `kwargs={...}` instead of as arguments, `shift` positions behind the first."""

    call: Call
    offset: int
    shift: int
    written: bool = False


@dataclass(slots=True, eq=False)
class Tools:
    """The parts that every step asks."""

    side: PythonSide
    evaluator: Evaluator
    knowledge: Knowledge
    order: Order
    checks: Checks
    schema: Schema
    sources: Sources
    adapters: Adapters
    has_large_checks: bool = False  # whether a walk has come past a check that lets through too much for a prompt
    _callers: dict[int, list[Caller]] = field(default_factory=dict)
    _called: dict[int, list[tuple[Call, int]]] | None = None
    _given: dict[int, dict[str, list[tuple[Call, int, FunctionValue]]]] = field(default_factory=dict)
    _attribute_stores: dict[tuple[Any, str], list[Store]] | None = None
    _entry_stores: dict[tuple[Any, str], list[Store]] | None = None
    _inner_stores: dict[Any, list[tuple[Store, Part]]] | None = None
    _nodes: dict[int, list[Function]] | None = None
    _graph_inputs: list[Call] | None = None
    _gates: Gates | None = None
    _served: dict[int, str] | None = None
    _made: dict[tuple[int, str], Any] = field(default_factory=dict)
    _handed_on: dict[int, dict[int, Call]] = field(default_factory=dict)

    @classmethod
    def of(cls, side: PythonSide) -> Tools:
        """The tools for one program."""
        order = Order()
        checks = Checks(side.evaluator, order)
        schema = Schema(side.evaluator, checks)
        sources = Sources(side.evaluator, side.routing, schema, checks)
        adapters = Adapters(side.evaluator, schema)
        checks.validating = adapters.validated
        return cls(side, side.evaluator, side.knowledge, order, checks, schema, sources, adapters)

    # Callers

    def callers(self, function: Function) -> list[Caller]:
        """The calls that run a function, directly, through a queue, a thread, or a base class that it overrides; those
        that are over before the first request bring nothing of one."""
        known = self._callers.get(id(function))
        if known is None:
            self._callers[id(function)] = known = []
            seen: set[int] = set()
            for caller in self._find_callers(function):
                if id(caller.call) not in seen:
                    seen.add(id(caller.call))
                    if not self.side.contexts.is_over_before_requests(caller.call.scope):
                        known.append(caller)
        return known

    def is_dead(self, call: Call, caller: Caller) -> bool:
        """Whether a call stands in a branch that is not taken where a caller runs its function."""
        return is_dead(call, self.evaluator, self.side.contexts.handlers, caller.call)

    def handed_on(self, place: Place) -> Call | None:
        """The call in a branch of its function that is given the expression of a place, alone or in something."""
        scope = place.scope
        known = self._handed_on.get(id(scope))
        if known is None:
            known = self._handed_on[id(scope)] = {}
            for call in scope.calls:
                if any(link.kind in ("if", "unless") for link in call.around):
                    for given in (*call.arguments, *(value for _, value in call.keywords)):
                        known |= {id(part): call for part in walk(given)}
        return known.get(id(place.expression))

    def _find_callers(self, function: Function) -> Iterator[Caller]:
        for call, offset, shift in self.evaluator.callers(function):
            yield Caller(call, offset, shift)
        for call, offset in self._by_function().get(id(function), ()):
            yield Caller(call, offset, 0)
        if function.owner is not None:
            for base in self.evaluator.lineage(function.owner)[0][1:]:
                method = base.method(function.name)
                for call, offset, shift in self.evaluator.callers(method) if method is not None else ():
                    yield Caller(call, offset, shift)
        if function.owner is not None:
            yield from self._alike(function)
        for call in self._queued(function):
            bound = int(function.has_decorator("task", "shared_task") and _is_bound_task(function))
            written = call.name in ("apply_async", "signature")
            yield Caller(call, bound, 0, written)
        for job in self.side.contexts.queues.of(function):
            yield Caller(job.call, job.offset, 1, job.written)
        for name in ("Thread", "Process", "Timer"):
            for call in self.side.program.calls_by_name.get(name, ()):
                target = call.keyword("target") or call.keyword("function")
                if target is not None and last_name(target) == function.name and self._is(function, target, call):
                    yield Caller(call, int(function.self_name is not None), 0, True)

    def _by_function(self) -> dict[int, list[tuple[Call, int]]]:
        """Functions -> the calls of them under whatever name: parameters, attributes and aliases included."""
        if self._called is None:
            self._called = defaultdict(list)
            handing = self.evaluator.handing
            renaming = renaming_names(self.side.program)
            for calls in self.side.program.calls_by_name.values():
                for written in calls:
                    handed = handing.handed_over(written) if written.name in HANDING_OVER else ()
                    is_own = written.expression[2][0] == "attr" and written.name not in renaming
                    for call in handed if is_own else (written, *handed):
                        for value in self.evaluator.callees(call):
                            if type(value) is FunctionValue and value.function.name != call.name:
                                bound = int(value.bound is not None and value.function.self_name is not None)
                                self._called[id(value.function)].append((call, bound))
                    for run in self.evaluator.runs(written):
                        self._called[id(run.function)].append((run.call, run.bound))
        return self._called

    def _alike(self, function: Function) -> Iterator[Caller]:
        """Calls of a method of that name on objects of which nothing is known, where the arguments fit."""
        if len(function.name) < 5 or function.name.startswith("__"):
            return
        offset = int(function.self_name is not None)
        for call in self.side.program.calls_by_name.get(function.name, ()):
            callee = call.expression[2]
            if callee[0] != "attr" or not _fits(call, function, offset):
                continue
            values = (*self.evaluator.evaluate(callee, call.scope), *self.evaluator.evaluate(callee[2], call.scope))
            if all(isinstance(value, External) and ".state." in value.path for value in values):
                yield Caller(call, offset, 0)

    def _queued(self, function: Function) -> Iterator[Call]:
        for name in QUEUEING:
            for call in self.side.program.calls_by_name.get(name, ()):
                callee = call.expression[2]
                named = callee[0] == "attr" and last_name(callee[2]) == function.name
                if named and self._is(function, callee[2], call):
                    yield call

    def _is(self, function: Function, expression: Expression, call: Call) -> bool:
        return any(
            isinstance(value, FunctionValue) and value.function is function
            for value in self.evaluator.evaluate(expression, call.scope)
        )

    def remember(self, function: Function, what: str, make: Callable[[Function], Made]) -> Made:
        """What is made once of a function."""
        known = self._made.get((id(function), what))
        if known is None:
            known = self._made[id(function), what] = make(function)
        return known

    # Fills

    def given_names(self, function: Function) -> dict[str, list[tuple[Call, int, FunctionValue]]]:
        """Name -> the calls of functions of the program that get it as an argument, its position, and the function."""
        known = self._given.get(id(function))
        if known is None:
            known = self._given[id(function)] = defaultdict(list)
            for call in function.calls:
                names = [(n, argument[2]) for n, argument in enumerate(call.expression[3]) if argument[0] == "name"]
                for value in functions_in(self.evaluator.callees(call)) if names else ():
                    for position, name in names:
                        known[name].append((call, position, value))
        return known

    def attribute_stores(self, variable: Any, attribute: str) -> list[Store]:
        """The stores `variable.attribute = ...`."""
        if self._attribute_stores is None:
            self._attribute_stores = defaultdict(list)
            for name, stores in self.side.program.stores_by_attribute.items():
                for store in stores:
                    key = self.evaluator.variable(store.base, store.scope)
                    if key is not None:
                        self._attribute_stores[key, name].append(store)
        return self._attribute_stores.get((variable, attribute), [])

    def entry_stores(self, variable: Any, attribute: str) -> list[Store]:
        """The stores `variable.attribute[key] = ...` and `variable.attribute.append(...)`."""
        if self._entry_stores is None:
            self._entry_stores = defaultdict(list)
            for store in self.side.program.element_stores:
                base = store.base
                key = self.evaluator.variable(base[2], store.scope) if base[0] == "attr" else None
                if key is not None:
                    self._entry_stores[key, base[3]].append(store)
        return self._entry_stores.get((variable, attribute), [])

    def inner_stores(self, variable: Any) -> list[tuple[Store, Part]]:
        """What is put into the entries of a variable, with the key of the entry: `variable[key]["text"] = ...`,
        `variable[key].append(...)`, `variable.setdefault(key, []).append(...)`."""
        if self._inner_stores is None:
            self._inner_stores = defaultdict(list)
            for store in self.side.program.element_stores:
                entry = _entry_in(store.base)
                if entry is None:
                    continue
                for key in self.evaluator.variables(entry[0], store.scope):
                    self._inner_stores[key].append((store, entry[1]))
        return self._inner_stores.get(variable, [])

    # Graphs

    def nodes(self) -> dict[int, list[Function]]:
        """Node functions of agent graphs -> all node functions of the program."""
        if self._nodes is None:
            found: dict[int, Function] = {}
            for name in ("add_node", "add_conditional_edges"):
                for call in self.side.program.calls_by_name.get(name, ()):
                    for argument in (*call.arguments, *(value for _, value in call.keywords)):
                        for function in self._functions(argument, call):
                            found[id(function)] = function
            self._nodes = {key: list(found.values()) for key in found}
        return self._nodes

    def _functions(self, expression: Expression, call: Call) -> Iterator[Function]:
        if expression[0] not in ("name", "attr", "lambda", "call"):
            return
        yield from self.evaluator.functions_of(expression, call.scope)

    def served_as(self, function: Function) -> str | None:
        """The name under which clients run the graph that a function is a node of, on LangGraph's server."""
        if self._served is None:
            graphs = served_graphs(self.side.program, self.evaluator) if self.nodes() else ()
            self._served = {id(node): graph.name for graph in graphs for node in graph.nodes}
        return self._served.get(id(function))

    def gates(self) -> Gates:
        """What nodes of graphs refuse before other nodes run."""
        if self._gates is None:
            self._gates = Gates(self.side, self.checks)
        return self._gates

    def graph_inputs(self) -> list[Call]:
        """The calls that start a compiled graph."""
        if self._graph_inputs is None:
            self._graph_inputs = [
                call
                for name in _INVOKING
                for call in self.side.program.calls_by_name.get(name, ())
                if call.expression[2][0] == "attr" and self.starts_graph(call)
            ]
        return self._graph_inputs

    def starts_graph(self, call: Call) -> bool:
        """Whether a call starts a graph that the program has put together from nodes of its own."""
        values = self.evaluator.evaluate(call.expression[2][2], call.scope)
        paths = [value.path for value in values if isinstance(value, External)]
        if any("StateGraph()" in path or "MessageGraph()" in path for path in paths):
            return True
        return not values and last_name(call.expression[2][2]).endswith(("graph", "workflow", "compiled", "app"))


def _entry_in(base: Expression) -> tuple[Expression, Part] | None:
    """The container and the key where an expression is an entry of a container."""
    if base[0] == "sub" and base[3][0] != "slice":
        container, key = base[2], base[3]
    elif base[0] == "call" and base[2][0] == "attr" and base[2][3] == "setdefault" and base[3]:
        container, key = base[2][2], base[3][0]
    else:
        return None
    return container, part_written(key)


def _fits(call: Call, function: Function, offset: int) -> bool:
    """Whether a function can be called like this: every argument has a parameter, every parameter its argument."""
    if any(argument[0] == "star" for argument in call.arguments):
        return False
    kinds = {kind for _, kind, *_ in function.parameters}
    plain = [p for p in function.parameters if p[1] in ("positional", "any")][offset:]
    given = {name for name, _ in call.keywords if name is not None}
    if len(call.arguments) > len(plain) and "variadic" not in kinds:
        return False
    named = {p[0] for p in function.parameters}
    if not given <= named and "keywords" not in kinds:
        return False
    if call.spreads:
        return True
    required = [p for p in plain[len(call.arguments) :] if p[3] is None]
    required += [p for p in function.parameters if p[1] == "keyword" and p[3] is None]
    return all(p[0] in given for p in required) and bool(call.arguments or given)


def _is_bound_task(function: Function) -> bool:
    return any(
        decorator[0] == "call" and any(key == "bind" and value[2] for key, value in decorator[4] if value[0] == "const")
        for decorator in function.decorators
    )
