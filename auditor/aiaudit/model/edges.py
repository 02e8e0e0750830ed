"""What runs what: calls, imports, dependencies, and functions that are handed to code outside the repository."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from aiaudit.model.branches import Truths, is_dead, is_main_part, is_main_test, never_runs
from aiaudit.model.edge import MANY, Edge, goes_through_all, handed_on, is_cached, is_coroutine, is_super_call
from aiaudit.model.entering import ENTERED, Entering
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.evaluation.by_name import is_kept_once_made
from aiaudit.model.evaluation.calls import CONTAINER_READS, VALIDATING
from aiaudit.model.evaluation.classes import is_abstract
from aiaudit.model.evaluation.functions import OWN
from aiaudit.model.evaluation.injection import RESOLVING
from aiaudit.model.guards import Guard, guard_of
from aiaudit.model.plugins import IMPORTING, TOLD, imported_by
from aiaudit.model.program import DOTTED_JOBS, RQ, Program
from aiaudit.model.queues import QUEUEING_BY_NAME, Queues
from aiaudit.model.routes import Routing
from aiaudit.model.runners import (
    AWAITING,
    CALLING_BUILTINS,
    FILING,
    LOOP_MODULES,
    LOOP_STARTERS,
    OFFLOADING,
    PROMPT,
    STARTING_KEYWORDS,
)
from aiaudit.model.scopes import PROVIDER, Call, Class, Enclosing, Function, Module, Scope, is_provider, last_name
from aiaudit.model.singletons import is_singleton
from aiaudit.model.values import (
    ClassValue,
    Elements,
    External,
    FunctionValue,
    Instance,
    Literal,
    ModuleValue,
    Partial,
    Value,
    Values,
    has_external,
)
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.span import Span
from aiaudit.values import replace

# What only looks at what it is given.
_LOOKING = (
    *("builtins.", "copy.", "json.dump", "pickle.dump", "logging.", "typing."),
    *(f"inspect.{name}" for name in ("signature", "is", "getdoc", "getsource", "getfullargspec", "unwrap")),
    "llama_index.core.tools.utils.create_schema_from_function",
    "langchain_core.tools.create_schema_from_function",
    "langchain_core.tools.base.create_schema_from_function",
)


class Edges:
    """What running each scope of a program runs."""

    def __init__(self, program: Program, evaluator: Evaluator, routing: Routing) -> None:
        self.program = program
        self.evaluator = evaluator
        self.routing = routing
        self.queues = Queues(program, evaluator, routing)
        self.entering = Entering(program, evaluator)
        self._edges: dict[int, list[Edge]] = {}
        self._edges_by_call: dict[int, dict[int, list[Edge]]] = {}
        self._runs: dict[int, bool] = {}  # by what encloses a call: all in it run, or none
        self._truths: Truths = {}
        self._guards: dict[int, Guard] = {}
        self._properties = {
            f.name for f in program.functions if f.owner is not None and f.has_decorator("property", "cached_property")
        }
        self._singletons: dict[int, bool] = {}
        self.handlers = frozenset(id(entry.scope) for entry in routing.entries)
        self.started = (
            {a.call.scope.module.path for a in routing.applications} | set(program.starters) | routing.started
        )

    def edges(self, scope: Scope) -> list[Edge]:
        """What running a scope runs."""
        known = self._edges.get(id(scope))
        if known is None:
            known = self._edges[id(scope)] = list(self._make_edges(scope))
        return known

    def edges_of_program(self, module: Module) -> Iterator[Edge]:
        """What running a module as the main program runs."""
        yield from self.edges(module)
        for call in module.calls:
            if is_main_part(call) and not self.runs(call) and not is_dead(call, self.evaluator, self.handlers):
                yield from self._call_edges(call)

    def edges_of(self, call: Call) -> list[Edge]:
        """What one call runs."""
        known = self._edges_by_call.get(id(call.scope))
        if known is None:
            known = self._edges_by_call[id(call.scope)] = defaultdict(list)
            for edge in self.edges(call.scope):
                known[id(edge.call)].append(edge)
        return known.get(id(call), [])

    def _make_edges(self, scope: Scope) -> Iterator[Edge]:
        path = scope.module.path
        for cls in scope.classes:
            yield Edge(scope, cls, cls.span, f"class {cls.name}")
        if isinstance(scope, Module):
            yield from self._import_edges(scope, scope)
        elif isinstance(scope, Function):
            yield from self._import_edges(scope.module, scope)
            yield from self._dependency_edges(scope)
            if id(scope) in self.handlers:
                yield from self._validation_edges(scope)
            if scope.name == PROVIDER:
                yield from self._provided_edges(scope)
        for call in scope.calls:
            if self.runs(call):
                yield from self._call_edges(call)
        called = [call.expression[2] for call in scope.calls if call.name in self._properties]
        for read in (*scope.reads, *called):  # `hub.pipe(prompt)` reads the property, and calls what that gives
            if read[0] == "attr" and read[3] in self._properties:
                for value in self.evaluator.evaluate(read[2], scope):
                    if isinstance(value, Instance):
                        yield from self._property_edge(scope, value.cls, read[3], Span.at(path, read[1]))

    def _property_edge(self, scope: Scope, cls: Class, name: str, span: Span) -> Iterator[Edge]:
        for candidate in self.evaluator.lineage(cls)[0]:
            method = candidate.method(name)
            if method is not None and method.has_decorator("property", "cached_property"):
                kept = method.has_decorator("cached_property")
                yield Edge(
                    scope,
                    method,
                    span,
                    f"reads {method.qualified_name}",
                    None,
                    kept,
                    False,
                    candidate if kept else None,
                )
                return

    def _import_edges(self, module: Module, scope: Scope) -> Iterator[Edge]:
        for statement, _, where in module.imports:
            if where is not scope:
                continue
            lazy = isinstance(scope, Function)
            for target in self._imported_modules(module, statement):
                if target is not module:
                    yield Edge(scope, target, Span.at(module.path, statement[1]), f"imports {target.path}", None, lazy)

    def _imported_modules(self, module: Module, statement: tuple[object, ...]) -> Iterator[Module]:
        names: list[tuple[str, str]] = statement[-1]  # type: ignore[assignment]
        if statement[0] == "import":
            found = [self.program.resolve(module, name, 0) for name, _ in names]
        else:
            base = self.program.resolve(module, statement[3], statement[2])  # type: ignore[arg-type]
            found = [base]
            if isinstance(base, ModuleValue):
                found += [self.program.submodule(base, name) for name, _ in names]
        for value in found:
            if isinstance(value, ModuleValue) and value.module is not None:
                yield value.module

    def _dependency_edges(self, function: Function) -> Iterator[Edge]:
        for parameter in function.parameters:
            if parameter[0] == function.self_name:
                continue
            call = self.evaluator.dependency(parameter, function)
            if call is None:
                continue
            for value in self._injected(call, parameter, function):
                for edge in self._value_edges(value, call, function):
                    yield Edge(
                        function,
                        edge.target,
                        call.span,
                        f"depends on {edge.target.qualified_name}",
                        None,
                        edge.cached or is_kept_once_made(call),
                        False,
                        edge.guard_class,
                    )

    def _validation_edges(self, handler: Function) -> Iterator[Edge]:
        """The validators that the framework runs to make what a handler is given."""
        for _, _, annotation, _, at in handler.parameters:
            for value in self.evaluator.annotated(annotation, handler.parent or handler.module):
                for held in value.element if isinstance(value, Elements) else (value,):
                    for validator in self.evaluator.validators(held.cls) if isinstance(held, Instance) else ():
                        span = Span.at(handler.module.path, at)
                        yield Edge(handler, validator, span, f"validated by {validator.qualified_name}")

    def _injected(self, call: Call, parameter: Parameter, function: Function) -> Iterator[Value]:
        """What a dependency runs: the given callable, or the class that the parameter is annotated with."""
        given = call.arguments[0] if call.arguments else call.keyword("dependency")
        if given is not None:
            yield from self.evaluator.evaluate(given, call.scope)
            return
        for value in self.evaluator.annotated(parameter[2], function.parent or function.module):
            if isinstance(value, Instance):
                yield ClassValue(value.cls)

    def _call_edges(self, call: Call) -> Iterator[Edge]:
        function = call.expression[2]
        name = call.name
        offloading = name in OFFLOADING
        callees = self.evaluator.callees(call)
        found = max(self.ways(call, callees), self._objects_given(call))
        among = found if found >= MANY else 0
        for value in callees:
            edges = self._value_edges(value, call, call.scope)
            yield from (replace(edge, among=among) for edge in edges) if among else edges
            if isinstance(value, External) and value.path in RESOLVING and call.arguments:
                for kept, made in self.evaluator.made_by_resolving(call.arguments[0], call):
                    edges = self._value_edges(made, call, call.scope)
                    yield from (replace(edge, cached=kept or edge.cached) for edge in edges)
        if name in VALIDATING and function[0] == "attr":
            for cls in self.evaluator.validated(call):
                for validator in self.evaluator.validators(cls):
                    yield Edge(call.scope, validator, call.span, validator.label, call)
        if name in IMPORTING or name in TOLD:
            yield from self._plugin_edges(call)
        if name in ("delay", "apply_async", "send", "enqueue") and function[0] == "attr":
            for value in self.evaluator.evaluate(function[2], call.scope):
                if isinstance(value, FunctionValue):
                    yield Edge(
                        call.scope,
                        value.function,
                        call.span,
                        f"queues {value.function.label}",
                        call,
                        False,
                        True,
                        deferred=True,
                    )
        if name in QUEUEING_BY_NAME:
            job = self.queues.job(call)
            if job is not None:
                caption = f"queues {job.function.label}"
                yield Edge(call.scope, job.function, call.span, caption, call, False, True, deferred=True)
        for run in self.evaluator.runs(call):
            for edge in self._value_edges(FunctionValue(run.function), call, call.scope):
                yield replace(edge, offloaded=edge.offloaded or run.offloaded)
        if name in FILING or is_provider(call.expression, call.scope.module):
            return  # a provider runs what it is handed when it is asked, and only then
        if not callees or has_external(callees):
            yield from self._argument_edges(call, offloading, name not in PROMPT)

    def ways(self, call: Call, callees: Values) -> int:
        """How many ways a call may go if it takes one of several: entries of a table, methods of several classes."""
        found = sum(self._ways_of(value) for value in callees)
        return found if found > 1 and not goes_through_all(call) else 0

    def _objects_given(self, call: Call) -> int:
        """How many kinds of objects callers give for the one of a call: `def dump(model): return model.dump()`."""
        callee, scope = call.expression[2], call.scope
        if callee[0] != "attr" or callee[2][0] != "name" or not isinstance(scope, Function):
            return 0
        name = callee[2][2]
        if name == scope.self_name or not scope.only_takes(name):
            return 0
        return len({id(v.cls) for v in self.evaluator.evaluate(callee[2], scope) if isinstance(v, Instance)})

    def _ways_of(self, value: Value) -> int:
        if isinstance(value, FunctionValue) and isinstance(value.bound, Instance):
            found = [value.function, *self._overrides(value.function, value.bound)]
            return len(found) - sum(map(is_abstract, found)) if len(found) > 1 else 1
        return int(isinstance(value, OWN))

    def _plugin_edges(self, call: Call) -> Iterator[Edge]:
        """The modules that a call imports by their names: each once."""
        scope = call.scope
        told = imported_by(call, self.program) if call.name in TOLD else self.evaluator.evaluate(call.expression, scope)
        for value in told:
            if isinstance(value, ModuleValue) and value.module is not None and value.module is not scope.module:
                lazy = isinstance(scope, Function)
                yield Edge(scope, value.module, call.span, f"imports {value.module.path}", call, lazy)

    def _provided_edges(self, provider: Function) -> Iterator[Edge]:
        """A provider asks the providers among its arguments first."""
        for call in provider.calls:
            for argument in (*call.arguments, *(value for _, value in call.keywords)):
                for value in self.evaluator.evaluate(argument, provider):
                    if self.evaluator.provider_of(value) is not None:
                        yield from self._value_edges(value, call, provider)

    def _argument_edges(self, call: Call, offloading: bool, registered: bool) -> Iterator[Edge]:
        """Functions handed to code outside the repository run there sooner or later."""
        looked_at = self._only_looks(call)
        queued = call.name in DOTTED_JOBS and self._is_of_rq(call)
        for name, argument in handed_on(call):
            for value in self._handed(argument, call.scope) if name is not None or not looked_at else ():
                if isinstance(value, (FunctionValue, Partial)):
                    for edge in self._value_edges(value, call, call.scope):
                        if name in STARTING_KEYWORDS and id(edge.target) in self.handlers:
                            continue  # the application's own: it has its entry
                        elsewhere = offloading and not (call.name in AWAITING and is_coroutine(edge.target))
                        yield Edge(
                            call.scope,
                            edge.target,
                            call.span,
                            f"{'queues' if queued else 'passes'} {edge.target.qualified_name}",
                            call,
                            edge.cached,
                            elsewhere or queued,
                            edge.guard_class,
                            deferred=True,
                            registered=registered and not queued and name not in STARTING_KEYWORDS,
                            handed=argument,
                        )

    def _is_of_rq(self, call: Call) -> bool:
        """Whether a worker, another process, runs what a call is handed: `queue.enqueue(answer, question)`."""
        paths = [value.path for value in self.evaluator.callees(call) if isinstance(value, External)]
        return any(path.startswith(RQ) for path in paths)

    def _only_looks(self, call: Call) -> bool:
        """Whether a call runs nothing of what it is given in order: `len(TABLE)`, `TABLE.get(name, default)`."""
        function = call.expression[2]
        if call.name in CONTAINER_READS and function[0] == "attr":
            held = self.evaluator.evaluate(function[2], call.scope)
            return any(isinstance(value, (Literal, Elements)) for value in held)
        paths = [value.path for value in self.evaluator.callees(call) if isinstance(value, External)]
        return bool(paths) and all(path.startswith(_LOOKING) and path not in CALLING_BUILTINS for path in paths)

    def _handed(self, argument: Expression, scope: Scope) -> Iterator[Value]:
        """What an argument names, or what lies in the container that it names: `tools=TOOLS`."""
        is_listed = False
        for value in self.evaluator.evaluate(argument, scope):
            yield value
            is_listed = is_listed or type(value) is Literal
        if is_listed:
            yield from self.evaluator.elements(argument, scope)

    def _value_edges(self, value: Value, call: Call, source: Scope) -> Iterator[Edge]:
        for target in self._run_by(value, exact=is_super_call(call)):
            if target.name in ENTERED and not self.entering.enters(call, value):
                continue
            if source in self.evaluator.wrappers(target):
                continue  # a decorator's wrapper calls what it wraps: whoever calls that has its own edge there
            guard = self.guard(call)
            once = is_cached(target) or (isinstance(value, ClassValue) and self.is_singleton(value.cls))
            kept = once or guard.keeps
            owner = guard.cls if guard.keeps and not once else None
            label = target.label if isinstance(target, Function) else target.qualified_name
            apart = target.asynchronous and self._starts_loop(call)
            yield Edge(source, target, call.span, label, call, kept, apart, owner)

    def _starts_loop(self, call: Call) -> bool:
        """Whether plain code runs a coroutine to its end: `asyncio.run(main())`, in an event loop for it alone."""
        parent = call.parent
        if parent is None or parent[0] != "call" or last_name(parent[2]) not in LOOP_STARTERS:
            return False
        if isinstance(call.scope, Function) and call.scope.asynchronous:
            return False
        values = self.evaluator.evaluate(parent[2], call.scope)
        return any(isinstance(v, External) and v.path.startswith(LOOP_MODULES) for v in values)

    def _run_by(self, value: Value, exact: bool = False) -> Iterator[Function]:
        if isinstance(value, FunctionValue):
            yield value.function
            yield from self.evaluator.wrappers(value.function)
            if not exact and isinstance(value.bound, (Instance, ClassValue)):
                yield from self._overrides(value.function, value.bound)
        elif isinstance(value, ClassValue):
            for name in (
                "__init__",
                "__new__",
                "__post_init__",
                "__attrs_post_init__",
                "model_post_init",
                *ENTERED,
            ):
                method = self.evaluator.inherited(value.cls, name)
                if method is not None:
                    yield method
            for made in self.evaluator.default_factories(value.cls):
                yield from self._run_by(made)
            yield from self.evaluator.validators(value.cls)
        elif isinstance(value, Instance):
            for cls in self.evaluator.lineage(value.cls)[0]:
                method = cls.method("__call__") or self.evaluator.forwarded(cls)
                if method is not None:
                    yield method
                    break
        elif isinstance(value, Partial):
            yield from self._run_by(value.function)
        else:
            provider = self.evaluator.provider_of(value)
            if provider is not None:
                yield provider

    def _overrides(self, function: Function, bound: Instance | ClassValue) -> Iterator[Function]:
        """What is known by its type alone may be of any subclass that the program makes; so may `cls`, asked for what
        it leaves to its heirs."""
        known = not is_abstract(function) if isinstance(bound, ClassValue) else bound.origin is not None
        seen = {id(function)}
        for heir in () if known or function.owner is None else self.evaluator.subclasses(bound.cls):
            method = self.evaluator.inherited(heir, function.name)
            if method is None or id(method) in seen:
                continue
            if isinstance(bound, ClassValue) or self.evaluator.is_made(heir):
                seen.add(id(method))
                yield method

    def runs(self, call: Call) -> bool:
        """Whether a call ever runs in the service: in no dead branch, in no script part of a module that it imports."""
        link = call.enclosing
        if link is None:
            return True
        known = self._runs.get(id(link))
        if known is not None:
            return known
        new: list[Enclosing] = []
        while link is not None and id(link) not in self._runs:
            new.append(link)
            link = link.outer
        runs = link is None or self._runs[id(link)]
        for link in reversed(new):
            runs = self._runs[id(link)] = runs and not self._is_cut(link, call.scope)
        return runs

    def _is_cut(self, link: Enclosing, scope: Scope) -> bool:
        """Whether what a statement encloses never runs because of it."""
        if is_main_test(link) and scope.module.path not in self.started:
            return True
        return never_runs(link, scope, self.evaluator, self.handlers, known=self._truths)

    def guard(self, call: Call) -> Guard:
        """The lazy-initialisation guard around a call."""
        known = self._guards.get(id(call))
        if known is None:
            known = self._guards[id(call)] = guard_of(call, self.evaluator)
        return known

    def is_singleton(self, cls: Class) -> bool:
        """Whether there is one object of a class however often it is called."""
        known = self._singletons.get(id(cls))
        if known is None:
            known = self._singletons[id(cls)] = is_singleton(cls, self.evaluator)
        return known
