"""Memory of the evaluation: every question is answered once, cycles are cut where they close."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from aiaudit.model.evaluation.handing import Handing
from aiaudit.model.evaluation.plain import CallIndex, index_calls
from aiaudit.model.program import Program, scope_of_name
from aiaudit.model.scopes import Binding, Call, Class, Function, Scope, Store, last_name
from aiaudit.model.values import (
    ClassValue,
    Constant,
    FunctionValue,
    Instance,
    ModuleValue,
    Partial,
    Value,
    Values,
)
from aiaudit.sources.python.facts import Expression, Parameter

if TYPE_CHECKING:
    from aiaudit.model.evaluation.templates import Run

# More alternatives than this (of objects of the program, and of others) say nothing; deeper chains than this are cycles
# in disguise.
WIDTH, DEPTH, ATTEMPTS = 32, 70, 3
# What was asked from too far away is asked again from so many times nearer.
NEARER = 12
# Expressions that mean the same wherever they stand as long as they start from the same variable.
_SHARED = ("name", "attr")
OPEN = 1 << 30
# Where answers are kept, and what is being answered.
_ANSWERS = (
    "_memo",
    "_running",
    "_partial",
    "_waiting",
    "_attempts",
    "_cut",
    "_callers",
    "_called",
    "_applied",
    "_handed",
    "_completed",
    "_constructions",
)
Item = TypeVar("Item")
_OWN = (Instance, ClassValue, FunctionValue, ModuleValue, Partial)


class Core:
    """Memory and cycle handling; the layers above read expressions, classes, containers and functions."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.handing = Handing()
        self._readers: dict[str, Callable[[Expression, Scope], Iterable[Value]]] = {}
        self._memo: dict[Any, Values] = {}
        self._kept: list[Any] = []
        self._running: dict[Any, int] = {}
        self._partial: dict[Any, tuple[Values, int]] = {}
        self._waiting: dict[int, list[Any]] = {}  # the partial answers by the depth that they wait for
        self._attempts: dict[Any, int] = {}
        self._cut: dict[Any, tuple[Values, int]] = {}
        self._low = 0
        self._callers: dict[int, list[tuple[Call, int, int]]] = {}
        self._called: dict[str, dict[int, list[Any]]] = {}
        self._applied: dict[str, dict[int, list[Any]]] = {}
        self._handed: dict[str, dict[int, list[Any]]] = {}
        self._completed: dict[str, dict[int, list[Any]]] = {}
        self._constructions: dict[int, list[Call]] = {}
        self._mro: dict[int, tuple[list[Class], list[str]]] = {}
        self._subclasses: dict[int, list[Class]] | None = None
        self._elements: dict[Any, list[Store]] | None = None
        self._set_on_modules: dict[tuple[int, str], list[Store]] | None = None
        self._hooks: set[int] | None = None
        self._made_by_choice: list[tuple[Class, Call]] | None = None

    @cached_property
    def call_index(self) -> dict[int, Call]:
        """Identity of a call expression -> its record."""
        return {
            id(call.expression): call
            for module in self.program.modules
            for scope in module.scopes
            for call in scope.calls
        }

    @cached_property
    def sorted_calls(self) -> CallIndex:
        """All calls by what they call, as far as names alone tell."""
        return index_calls(self.program)

    if TYPE_CHECKING:  # what the layers above give to each other

        def name(self, name: str, scope: Scope) -> Iterable[Value]: ...
        def bindings(self, bindings: Iterable[Binding]) -> Iterator[Value]: ...
        def binding(self, binding: Binding) -> Iterable[Value]: ...
        def member(self, value: ModuleValue, name: str) -> Iterable[Value]: ...
        def attribute(self, value: Value, name: str) -> Iterable[Value]: ...
        def attribute_of(self, expression: Expression, scope: Scope) -> Iterator[Value]: ...
        def class_attribute(self, cls: Class, name: str, holder: Value, skip_own: bool = False) -> Iterable[Value]: ...
        def stored(self, store: Store) -> Iterable[Value]: ...
        def call_of(self, expression: Expression, scope: Scope) -> Call: ...
        def called(self, callee: Value, call: Call) -> Iterable[Value]: ...
        def called_argument(self, call: Call, position: int) -> Iterator[Value]: ...
        def contained(self, container: Expression, scope: Scope, key: Expression | None) -> Values: ...
        def elements(self, container: Expression | None, scope: Scope, index: int | None = None) -> Values: ...
        def parts(self, container: Expression | None, scope: Scope, index: int) -> Values: ...
        def below(self, values: Iterable[Value], positions: tuple[int, ...]) -> Iterator[Value]: ...
        def entered(self, context: Expression | None, scope: Scope) -> Iterator[Value]: ...
        def variable(self, expression: Expression, scope: Scope) -> Any: ...
        def result_of(self, function: Function) -> Iterator[Value]: ...
        def parameter(self, parameter: Parameter, function: Function) -> Iterator[Value]: ...
        def definitions(self, expression: Expression, scope: Scope) -> Iterator[tuple[Expression, Scope]]: ...
        def callers(self, function: Function) -> list[tuple[Call, int, int]]: ...
        def lineage(self, cls: Class) -> tuple[list[Class], list[str]]: ...
        def is_enumeration(self, cls: Class) -> bool: ...
        def members(self, cls: Class, wanted: object = None) -> Iterator[Value]: ...
        def subclasses(self, cls: Class) -> list[Class]: ...
        def field_default(self, expression: Expression, scope: Scope) -> Iterator[Value]: ...
        def provided(self, value: Value) -> Iterable[Value]: ...
        def forwarded(self, cls: Class) -> Function | None: ...
        def implementations(self, value: FunctionValue) -> Iterator[Function]: ...
        def decorated_with(self, function: Function) -> Iterator[Value]: ...
        def decorations_by(self, function: Function) -> Iterator[tuple[Value, Expression, Scope]]: ...
        def under_keys(self, container: Expression, scope: Scope, keys: frozenset[Any]) -> Values: ...
        def is_handed_on(self, function: Function) -> bool: ...
        def chosen_by_key(self, callee: FunctionValue, call: Call) -> tuple[Value, ...] | None: ...
        @property
        def dispatched(self) -> dict[int, list[Function]]: ...
        def fitting(self, callees: Values, call: Call) -> Values: ...
        @property
        def generics(self) -> dict[int, Function]: ...
        def inherited(self, cls: Class, name: str) -> Function | None: ...
        def constructor(self, cls: Class) -> Function | None: ...
        def inherits(self, cls: Class, *paths: str) -> bool: ...
        def runs(self, call: Call) -> tuple[Run, ...]: ...
        def constructions(self, cls: Class) -> list[Call]: ...
        @property
        def mentions(self) -> dict[str, list[tuple[Call, int]]]: ...
        def annotated(self, annotation: Expression | None, scope: Scope) -> Iterator[Value]: ...
        def of_application(self, name: str) -> Iterator[Value]: ...
        def of_settings(self, name: str) -> Iterator[Value]: ...
        def told(self, annotation: Expression | None, scope: Scope, found: Iterable[Value]) -> Iterator[Value]: ...

    def evaluate(self, expression: Expression | None, scope: Scope) -> Values:
        """The values that an expression may have where it stands in this scope."""
        if expression is None:
            return ()
        tag = expression[0]
        if tag == "const":
            return (Constant(expression[2], type(expression[2]).__name__),)
        key = (id(expression), id(scope)) if tag not in _SHARED else key_of(expression, scope)
        known = self._memo.get(key)
        if known is not None:
            return known
        reader = self._readers[tag] if tag in self._readers else self._reader(tag)
        return self._answered(key, expression, reader, expression, scope)

    def callees(self, call: Call) -> Values:
        """What a call may call."""
        if call.callees is not None:
            return call.callees  # type: ignore[no-any-return]
        found = self.evaluate(call.expression[2], call.scope)
        if len(found) > 1 and self.dispatched:
            found = self.fitting(found, call)
        if not self._running:  # the answer is for good
            call.callees = found
        return found

    def result(self, function: Function) -> Values:
        """What calling a function gives: its returned (or, for generators and context managers, yielded) values."""
        return self.once((id(function), 0), function, lambda: self.result_of(function))

    def once(self, key: Any, keep: Any, make: Any) -> Values:
        """Answer from memory, or make the answer once.

        Cycles are cut where they close. An answer that was cut depends on what is still being made further out (`_low`
        is the outermost such depth), so it serves only until that is done, and for good after a few such attempts. One
        that was cut because the chain of questions had grown too long (-1) does not serve where the chain is short.
        """
        known = self._memo.get(key)
        return known if known is not None else self._answered(key, keep, make)

    def _answered(self, key: Any, keep: Any, make: Any, *question: Any) -> Values:
        """`once`, where nothing is remembered."""
        partial = self._partial.get(key)
        if partial is not None:
            self._low = min(self._low, partial[1])
            return partial[0]
        depth = len(self._running)
        cut = self._cut.get(key)
        if cut is not None and NEARER * depth > cut[1]:
            return cut[0]
        started = self._running.get(key)
        if started is not None or depth > DEPTH:
            self._low = min(self._low, -1 if started is None else started)
            return ()
        outer_low, self._low = self._low, depth
        self._running[key] = depth
        try:
            found = distinct(make(*question))
        finally:
            del self._running[key]
        low, self._low = self._low, min(outer_low, self._low if self._low < depth else outer_low)
        self._kept.append(keep)
        if low >= depth or depth == 0:
            self._memo[key] = found
            if self._waiting:
                self._forget_partials(depth)
        else:
            self._attempts[key] = self._attempts.get(key, 0) + 1
            if self._attempts[key] >= ATTEMPTS and low < 0:
                self._cut[key] = (found, depth)
            elif self._attempts[key] >= ATTEMPTS:
                self._memo[key] = found
            else:
                self._partial[key] = (found, low)
                self._waiting.setdefault(low, []).append(key)
        return found

    def _forget_partials(self, depth: int) -> None:
        """Drop the answers that waited for what is done now."""
        if depth == 0:
            self._partial.clear()
            self._waiting.clear()
            return
        for low in [low for low in self._waiting if low >= depth]:
            for key in self._waiting.pop(low):
                del self._partial[key]

    def settled(self, make: Callable[[], Iterable[Item]]) -> tuple[list[Item], bool]:
        """What a question gives, and whether no cycle that is still open cut the answer short."""
        outer, self._low = self._low, OPEN
        found = list(make())
        complete = self._low == OPEN
        self._low = min(outer, self._low)
        return found, complete

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Forget the answers that are given in here: they do without something that is only being made."""
        kept = [(name, getattr(self, name)) for name in _ANSWERS]
        for name, known in kept:
            setattr(self, name, type(known)())
        self._running[self] = 0  # no answer is for good
        low = self._low
        try:
            yield
        finally:
            self._low = low
            for name, known in kept:
                setattr(self, name, known)

    def _reader(self, tag: str) -> Callable[[Expression, Scope], Iterable[Value]]:
        """What answers questions about expressions of a tag."""
        reader = self._readers[tag] = getattr(self, f"_{tag}", _nothing)
        return reader


def _nothing(expression: Expression, scope: Scope) -> Values:
    """Of all other expressions nothing is known."""
    return ()


def key_of(expression: Expression, scope: Scope) -> tuple[Any, ...]:
    """What two names or attributes that mean the same have in common: the scope of the first name, and the names."""
    tag = expression[0]
    if tag == "name":
        name = expression[2]
        if name in scope.bindings and name not in scope.declared_global:  # most are: asked without a step between
            return (name, id(scope))
        holder = scope_of_name(scope, name)
        return (name, id(scope.module), 0) if holder is None else (name, id(holder))
    if tag == "attr":
        return (expression[3], key_of(expression[2], scope))
    return (id(expression), id(scope))


def distinct(values: Iterable[Value]) -> Values:
    """Values in their order, each once, and no more than say something."""
    if type(values) is tuple and len(values) < 2:
        return values
    rest = iter(values)
    first = next(rest, None)
    if first is None:
        return ()
    second = next(rest, None)
    # Most answers have one value, which need not be compared with others.
    return (first,) if second is None else _distinct(chain((first, second), rest))


def _distinct(values: Iterable[Value]) -> Values:
    found: dict[Value, None] = {}
    own = others = 0
    for value in values:
        if value in found:
            continue
        # What a table of constants or the methods of a library give must not crowd out the program's own objects.
        if isinstance(value, _OWN):
            own += 1
            found[value] = None
            if own >= WIDTH:
                break
        elif others < WIDTH:
            others += 1
            found[value] = None
    return tuple(found)


def is_object(values: Iterable[Value]) -> bool:
    for value in values:  # noqa: SIM110 asked of most answers
        if type(value) is not Constant:
            return True
    return False


def method_of(scope: Scope) -> Function | None:
    """The method that a scope stands in, through nested functions and lambdas."""
    return scope.enclosing_method


def class_of(scope: Scope) -> Class | None:
    """The class whose method a scope stands in."""
    method = method_of(scope)
    return method.owner if method is not None else None


def is_field_call(expression: Expression | None) -> bool:
    """`Field(...)`, `field(...)`, `PrivateAttr(...)` or `attr.ib(...)`: the default of a field of a class."""
    if expression is None or expression[0] != "call":
        return False
    return last_name(expression[2]) in ("Field", "field", "PrivateAttr", "attrib", "ib")


def is_injection(expression: Expression | None) -> bool:
    """`Depends(...)`, `Security(...)`: what a function gives for a parameter of another."""
    return expression is not None and expression[0] == "call" and last_name(expression[2]) in ("Depends", "Security")


def factory_of(field: Call) -> Expression | None:
    """What makes the default of a field: `default_factory=...`, of attrs `factory=...`."""
    return field.keyword("default_factory") or field.keyword("factory")
