"""The steps back from a place: where its text may come from, through variables, parameters and attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.model.answering import PAYLOADS
from aiaudit.model.bindings import is_inner, is_looped
from aiaudit.model.evaluate import method_of
from aiaudit.model.flow.calls import Calls
from aiaudit.model.flow.checks import Check
from aiaudit.model.flow.composed import Composed
from aiaudit.model.flow.files import written_to
from aiaudit.model.flow.keyed import put_in
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.large import large_size
from aiaudit.model.flow.overwritten import left_of, overwritten
from aiaudit.model.flow.owners import is_of_other, owned
from aiaudit.model.flow.passing import arguments, filled_by_functions, given
from aiaudit.model.flow.picking import are_few, is_left_by_loop
from aiaudit.model.flow.places import (
    ANY,
    FILE,
    SOMEHOW,
    DependsOnStack,
    Frame,
    Path,
    Place,
    below_entry,
    below_store,
    part_of,
)
from aiaudit.model.flow.rows import stored_in
from aiaudit.model.flow.sources import Source, stage_before
from aiaudit.model.flow.tools import Tools
from aiaudit.model.flow.transfer import cuts
from aiaudit.model.flow.words import is_label
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Binding, Call, Class, Function, Module, Scope, Store, last_name
from aiaudit.model.values import ClassValue, FunctionValue, Instance, ModuleValue
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.values import dataclass, replace

# Expressions that may read from a request, or name what a check bounds.
_READING = frozenset(("name", "attr", "sub", "call"))


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """What a parameter receives, which the frame tells through which its function was entered."""

    binding: Binding
    place: Place


class Steps:
    """Where the text of a place comes from, a step at a time."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self.calls = Calls(tools)
        self.composed = Composed(tools, self.calls)
        self._reads: dict[int, Call] = {}

    def step(self, place: Place) -> Iterator[Place | Source | Passed]:
        """Where a place's text may come from."""
        tag = place.expression[0]
        if tag in _READING:
            check = self.check_at(place)
            if check is not None and (place.few or not check.pieces or are_few(place, check, self.tools)):
                if large_size(check, place.scope, self.tools) is None:
                    return
                self.tools.has_large_checks = True
            elif check is not None:
                place = replace(place, cut=True)
            accessed, source = self.tools.sources.of_access(place)
            if accessed:
                if source is not None:
                    yield source
                return
        if tag == "name":
            yield from self._name(place)
        elif tag == "attr":
            yield from self._attr(place)
        elif tag == "call":
            yield from self.calls.step(place)
        else:
            yield from self.composed.step(place)

    def check_at(self, place: Place) -> Check | None:
        """The check in the function that bounds the text at a place."""
        key = key_of(place.expression)
        if key is None:
            return None
        expression, scope = place.expression, place.scope
        return self.tools.checks.bounded(
            scope, key, place.path, expression[1], lambda: self.tools.schema.is_list(expression, scope, place.path)
        )

    def _name(self, place: Place) -> Iterator[Place | Source | Passed]:
        name, scope = place.expression[2], place.scope
        holder = scope_of_name(scope, name)
        if holder is None:
            return
        if FILE in place.path:
            yield from written_to(place, self.tools)
        stack = left(place.stack, scope, holder)
        reaching = self.tools.order.reaching(scope, holder, name, place.expression[1])
        # `if limit: text = truncate(text)`: whoever cuts it on one way has thought of the other.
        reaching = [binding for binding in reaching if _cuts_itself(binding, name)] or reaching
        anew = overwritten(place, reaching, self.tools) if holder is scope else set()
        for binding in reaching:
            parts = left_of(binding, place, anew, self.tools)
            if parts is None:
                yield from self._binding(binding, place, holder, stack)
                continue
            for part in parts:
                yield from self._binding(binding, replace(place, path=part), holder, stack)
        yield from self.fills(place, stack, reaching if holder is scope else ())

    def _binding(
        self, binding: Binding, place: Place, holder: Scope, stack: tuple[Frame, ...]
    ) -> Iterator[Place | Source | Passed]:
        kind, expression, path = binding.kind, binding.expression, place.path
        if binding.scope is not holder:
            stack = ()  # bound by another function through `global` or `nonlocal`
        if kind == "parameter":
            if stack is SOMEHOW and binding.target[0] != binding.scope.self_name:  # type: ignore[attr-defined]
                yield Passed(binding, place)
            else:
                yield from self.parameter(binding, path, stack, place)
        elif kind == "from":
            yield from self._imported(binding, place)
        elif expression is None:
            return
        elif kind in ("value", "entered", "element"):
            part = (*_element_of(binding), *path) if kind == "element" else path
            step = place.inside(expression, binding.scope, part, stack)
            yield replace(step, few=True) if self._is_one(binding, place) else step

    def _is_one(self, binding: Binding, place: Place) -> bool:
        """Whether what a place reads is one turn of a conversation that a loop has gone through."""
        statement, scope = binding.statement, binding.scope
        if statement is None or binding.expression is None or scope is not place.scope or is_inner(binding):
            return False
        return is_left_by_loop(binding.expression, statement, place.expression[1], scope, self.tools.order)

    def _imported(self, binding: Binding, place: Place) -> Iterator[Place]:
        level, source, name = binding.target
        found = self.tools.evaluator.program.resolve(binding.scope.module, source, level)
        if isinstance(found, ModuleValue) and found.module is not None:
            yield from self.module_variable(found.module, name, place)

    def module_variable(self, module: Module, name: str, place: Place) -> Iterator[Place]:
        """The values of a module's variable."""
        for binding in module.bindings.get(name, ()):
            if binding.kind in ("value", "entered") and binding.expression is not None:
                yield place.inside(binding.expression, binding.scope, place.path, ())
            elif binding.kind == "from" and binding.scope.module is not place.scope.module:
                yield from self._imported(binding, place)

    def parameter(
        self, binding: Binding, path: Path, stack: tuple[Frame, ...], place: Place
    ) -> Iterator[Place | Source]:
        """What a parameter receives: request data, or the arguments of the calls."""
        function = binding.scope
        parameter = binding.target
        if not isinstance(function, Function):
            return
        if parameter[0] == function.self_name:
            if path and isinstance(path[0], str) and function.owner is not None:
                yield from self._received(function, path[0], path[1:], stack, place)
                yield from self.attribute(function.owner, path[0], path[1:], place)
            return
        if stack and stack[-1].function is function:
            frame = stack[-1]
            yield from arguments(frame, parameter, path, place, stack[:-1])
            return
        source = self.tools.sources.of_parameter(parameter, function, path)
        if source is not None:
            yield source
            return
        route = self.tools.sources.route_of(function)
        if route is not None:
            yield from self._injected(binding, path, place)
            before = stage_before(function) if route.framework in PAYLOADS else None
            if before is not None:
                yield from (place.inside(value, before, path, ()) for value, _ in before.returns)
        if function.node[0] == "lambda" and parameter[3] is not None:
            yield place.inside(parameter[3], function.parent or function.module, path, stack)
        handed_on = self.tools.handed_on(place)
        for caller in self.tools.callers(function):
            if handed_on is not None and self.tools.is_dead(handed_on, caller):
                continue
            if not is_of_other(caller.call, function, place, self.tools):
                yield from given(caller, function, parameter, path, owned(caller.call, function, place, self.tools))
        yield from self._graph_state(function, parameter, path, place)

    def _injected(self, binding: Binding, path: Path, place: Place) -> Iterator[Place | Source]:
        function = binding.scope
        assert isinstance(function, Function)
        for value in self.tools.evaluator.dependency_of(binding.target, function):
            if isinstance(value, FunctionValue):
                returned = value.function.yields if value.function.generator else value.function.returns
                for result, _ in returned:
                    yield place.inside(result, value.function, path, ())
            elif isinstance(value, ClassValue):
                yield from self._injected_object(value.cls, binding, path, place)

    def _injected_object(self, cls: Class, binding: Binding, path: Path, place: Place) -> Iterator[Place | Source]:
        """A class as a dependency: the framework passes request data to its constructor, or fills its fields."""
        if self.tools.evaluator.constructor(cls) is None:
            source = self.tools.sources.of_model(cls, binding.target, binding.scope, path)
            if source is not None:
                yield source
        elif path and isinstance(path[0], str):
            yield from self.attribute(cls, path[0], path[1:], place)

    def _graph_state(
        self, function: Function, parameter: Parameter, path: Path, place: Place
    ) -> Iterator[Place | Source]:
        """The state of a graph comes from what starts the graph, and from what its other nodes give back."""
        nodes = self.tools.nodes().get(id(function))
        first = [p for p in function.parameters if p[0] != function.self_name][:1]
        if nodes is None or not first or first[0] is not parameter:
            return
        for call in self.tools.graph_inputs():
            given = call.argument("input", 0)
            if given is not None and not self.tools.gates().bounds(function, path):
                yield place.inside(given, call.scope, path, ())
        name = self.tools.served_as(function)
        if name is not None and self._is_input(parameter, function, nodes, path):
            yield Source(f"the input of the graph `{name}`", function.span)
        for node in nodes:
            for value, _ in node.returns:
                yield place.inside(value, node, path, ())

    def _is_input(self, parameter: Parameter, function: Function, nodes: list[Function], path: Path) -> bool:
        """Whether a client sends a part of a graph's state, of any length: messages, or what no node writes."""
        if self.tools.gates().bounds(function, path):
            return False
        outer = function.parent or function.module
        if self.tools.schema.annotated(parameter[2], outer, path).kind == "bounded":
            return False
        returned = [value for node in nodes for value, _ in node.returns]
        written = {key[2] for value in returned if value[0] == "dict" for key, _ in value[2] if key}
        first = path[0] if path else "messages"
        return first == "messages" or (first not in written and all(value[0] == "dict" for value in returned))

    # What is put into variables after they were made

    def fills(self, place: Place, stack: tuple[Frame, ...], reaching: Sequence[Binding] = ()) -> Iterator[Place]:
        """What is appended to, stored into or set on the variable that a place's expression is.

        What was put into an earlier value of the variable than those that reach the place went with that value.
        """
        evaluator, path = self.tools.evaluator, place.path

        def is_gone(store: Store | Call) -> bool:
            return store.scope is place.scope and self.tools.order.is_replaced(store.statement, reaching, store.scope)

        variable = evaluator.variable(place.expression, place.scope)
        if variable is None:
            return
        entries: list[tuple[Store, Path | None]] = [(store, path) for store in evaluator.filled.get(variable, ())]
        if path and isinstance(path[0], str):  # `conversation.messages.append(...)`
            entries += [(store, path[1:]) for store in self.tools.entry_stores(variable, path[0])]
        entries += [(store, below_entry(path, key)) for store, key in self.tools.inner_stores(variable)]
        for store, part in entries:
            if part is None:
                continue
            below = below_store(part, store)
            if below is None or store.value is None or is_gone(store):
                continue
            if path or not is_label(store.key):
                inner = stack if store.scope is place.scope else ()
                step = place.inside(store.value, store.scope, (*part_of(store), *below), inner)
                yield from put_in(step, store, part, self.tools)
        if path and isinstance(path[0], str):
            for store in self.tools.attribute_stores(variable, path[0]):
                if store.value is not None and not is_gone(store):
                    inner = stack if store.scope is place.scope else ()
                    yield place.inside(store.value, store.scope, path[1:], inner)
        yield from filled_by_functions(place, stack, self.tools, is_gone)

    # Attributes

    def _attr(self, place: Place) -> Iterator[Place | Source]:
        _, _, base, name = place.expression
        method = method_of(place.scope)
        if FILE in place.path:
            yield from written_to(place, self.tools)
        if method is not None and base[0] == "name" and base[2] == method.self_name and method.owner is not None:
            yield from self._received(method, name, place.path, left(place.stack, place.scope, method), place)
            yield from self.attribute(method.owner, name, place.path, place, self._read_of(place))
            yield from self.fills(place, ())
            return
        if self.tools.sources.carrier(base, place.scope):
            yield from self._carried(base, name, place)
            return
        for value in self.tools.evaluator.evaluate(base, place.scope):
            if isinstance(value, ModuleValue) and value.module is not None:
                yield from self.module_variable(value.module, name, place)
                yield from self.fills(place, ())
                return
            if isinstance(value, ClassValue):
                yield from self.attribute(value.cls, name, place.path, place)
                return
            if isinstance(value, Instance):
                yield from self._property(value.cls, name, place.path, place, self._read_of(place))
                if value.origin is None:
                    yield from stored_in(value.cls, name, place, self.tools)
        yield place.at(base, (name, *place.path))

    def _carried(self, base: Expression, name: str, place: Place) -> Iterator[Place]:
        """What functions that answer a request put into what carries it on: a hook, a dependency, a middleware."""
        carrier = self.tools.sources.carrier(base, place.scope)
        for store in self.tools.evaluator.program.stores_by_attribute.get(name, ()):
            if store.value is not None and self.tools.sources.carrier(store.base, store.scope) == carrier:
                yield place.inside(store.value, store.scope, (*part_of(store), *place.path), ())
        for store in self.tools.evaluator.filled.get(("attribute", name), ()):
            below = below_store(place.path, store)
            if below is None or store.value is None or store.base[0] != "attr":
                continue
            if self.tools.sources.carrier(store.base[2], store.scope) == carrier:
                yield place.inside(store.value, store.scope, (*part_of(store), *below), ())

    def _received(
        self, method: Function, name: str, path: Path, stack: tuple[Frame, ...], place: Place
    ) -> Iterator[Place]:
        """A field of the object that a method is called on: `question.as_prompt()` of a body that a request brought."""
        owner = method.owner
        if owner is None or not self.tools.schema.is_model(owner):
            return
        if not any(name in candidate.bindings for candidate in self.tools.evaluator.lineage(owner)[0]):
            return
        if stack is SOMEHOW:
            raise DependsOnStack
        if stack and stack[-1].function is method:
            calls, stack = [stack[-1].call], stack[:-1]
        else:
            calls, stack = [caller.call for caller in self.tools.callers(method)], ()
        for call in calls:
            callee = call.expression[2]
            if callee[0] == "attr":
                yield place.inside(callee[2], call.scope, (name, *path), stack)

    def _read_of(self, place: Place) -> Call:
        """A property is read, as a call of it: always the same one of the same expression."""
        expression = place.expression
        known = self._reads.get(id(expression))
        if known is None:
            call = ("call", expression[1], expression, (), ())
            known = self._reads[id(expression)] = Call(place.scope, call, expression[3], None, None)  # type: ignore[arg-type]
        return known

    def _property(self, cls: Class, name: str, path: Path, place: Place, read: Call | None) -> Iterator[Place]:
        for candidate in self.tools.evaluator.lineage(cls)[0]:
            method = candidate.method(name)
            if method is not None and method.has_decorator("property", "cached_property", "computed_field"):
                if any(open_.function is method for open_ in place.stack):
                    return
                stack = (*place.stack, Frame(read, method)) if read is not None else ()
                for value, _ in method.returns:
                    yield place.inside(value, method, path, stack)
                return

    def attribute(self, cls: Class, name: str, path: Path, place: Place, read: Call | None = None) -> Iterator[Place]:
        """What an attribute of an object of a class may hold, whichever object it is."""
        evaluator = self.tools.evaluator
        classes = evaluator.lineage(cls)[0]
        yield from self._property(cls, name, path, place, read)
        for store in evaluator.program.stores_by_attribute.get(name, ()):
            if store.value is not None and evaluator.store_class(store, classes):
                yield place.inside(store.value, store.scope, (*part_of(store), *path), ())
        for candidate in classes:
            for binding in candidate.bindings.get(name, ()):
                if binding.kind == "value" and binding.expression is not None:
                    yield place.inside(binding.expression, candidate, path, ())
        for heir in (cls, *evaluator.subclasses(cls)):
            for call in evaluator.constructions(heir):
                yield from self.calls.field_argument(heir, call, name, path, place, ())


def _cuts_itself(binding: Binding, name: str) -> bool:
    """Whether a variable gets its own value, cut."""
    if binding.kind != "value":
        return False
    expression = binding.expression
    while expression is not None and expression[0] == "await":
        expression = expression[2]
    if expression is None or expression[0] != "call" or not cuts(last_name(expression[2])):
        return False
    return any(argument[0] == "name" and argument[2] == name for argument in expression[3])


def left(stack: tuple[Frame, ...], scope: Scope, holder: Scope) -> tuple[Frame, ...]:
    """The frames that are still open in an outer scope whose variable is read: inner functions are left."""
    if isinstance(holder, Module):
        return ()
    if holder is scope:
        return stack
    if stack is SOMEHOW:
        raise DependsOnStack
    while stack and any(outer is holder for outer in stack[-1].function.within()) and stack[-1].function is not holder:
        stack = stack[:-1]
    return stack


def _element_of(binding: Binding) -> Path:
    """The part of a container that a loop variable or an unpacked name is."""
    if binding.index is None:
        return (ANY,)
    parts = (binding.index, *binding.inner)
    return (ANY, *parts) if is_looped(binding) else parts
