"""What outlives a request: variables of modules, of closures made at startup, of objects that are made once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from aiaudit.model.contexts import Contexts
from aiaudit.model.database_tables import is_table
from aiaudit.model.evaluate import method_of
from aiaudit.model.flow.order import Order
from aiaudit.model.guards import stores_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Binding, Call, Class, Function, Module, Scope, last_name, walk
from aiaudit.model.values import ClassValue, External, FunctionValue, Instance, ModuleValue, Value
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.sources.secrets.names import words_of
from aiaudit.values import dataclass

# Calls that give an entry of the container they are called on.
_ENTRY_OF = frozenset(("get", "setdefault"))
_COPYING = frozenset(("copy", "deepcopy", "model_copy", "replace"))
# Bases that bring no attributes of their own which a program would set.
_PLAIN_BASES = frozenset(("object", "ABC", "Generic", "Protocol", "BaseModel", "RootModel", "Enum", "TypedDict"))
_HOPS = 4
_PRODUCTION = frozenset(("production", "prod"))
_DEVELOPMENT = frozenset(("development", "dev", "debug", "testing"))


@dataclass(frozen=True, slots=True)
class Lasting:
    """A variable that outlives a request: a key that all expressions for it share, how a message calls it, the class
    whose objects hold it (None: a module, a closure or an application)."""

    key: Any
    name: str
    cls: Class | None = None


class Lifetimes:
    """Tells which variable an expression leads to, where that variable outlives a request."""

    def __init__(self, contexts: Contexts) -> None:
        self.contexts = contexts
        self.evaluator = contexts.evaluator
        self.order = Order()
        self._lasting: dict[int, bool] = {}
        self._parameters: dict[tuple[int, str], Lasting | None] = {}
        self._attributes: dict[int, frozenset[str]] = {}

    def root(self, expression: Expression, scope: Scope, hops: int = 0) -> Lasting | None:
        """The lasting variable that holds what an expression gives: `sessions` of `sessions[key].messages`."""
        tag = expression[0]
        if hops > _HOPS:
            return None
        if tag == "name":
            return self._name(expression, scope, hops)
        if tag == "attr":
            return self._attribute(expression, scope, hops)
        if tag == "sub" and expression[3][0] == "slice":
            return None  # a list of its own
        if tag in ("sub", "await"):
            return self.root(expression[2], scope, hops)
        if tag == "bool":
            return next((found for part in expression[3] if (found := self.root(part, scope, hops + 1))), None)
        return self._call(expression, scope, hops) if tag == "call" else None

    def _name(self, expression: Expression, scope: Scope, hops: int) -> Lasting | None:
        name = expression[2]
        holder = scope_of_name(scope, name)
        if holder is None or isinstance(holder, Class):
            return None
        bindings = holder.bindings[name]
        if isinstance(holder, Module):
            is_data = all(binding.kind in ("value", "annotated", "element", "from", "entered") for binding in bindings)
            is_data = is_data and not self._is_of_library(expression, scope, bindings)
            return Lasting(self.evaluator.variable(expression, scope), name) if is_data else None
        if holder is not scope and self._is_run_once(holder) and bindings[0].kind == "value":
            return Lasting((id(holder), name), name)
        for binding in self.order.reaching(scope, holder, name, expression[1]):
            if binding.kind == "value" and binding.expression is not None and binding.expression is not expression:
                found = self.root(binding.expression, binding.scope, hops + 1)
                if found is not None:
                    return found
            elif binding.kind == "parameter" and isinstance(holder, Function) and name != holder.self_name:
                return self._parameter(binding.target, holder, hops)
        return None

    def _is_of_library(self, expression: Expression, scope: Scope, bindings: Sequence[Binding]) -> bool:
        """Whether a name is imported from outside of the program: Flask's `session` is the client's, in a cookie."""
        if bindings[0].kind != "from":
            return False
        values = self.evaluator.evaluate(expression, scope)
        return bool(values) and all(isinstance(value, External) and not value.made for value in values)

    def _parameter(self, parameter: Parameter, function: Function, hops: int) -> Lasting | None:
        """The lasting variable that a dependency gives, or that every caller passes."""
        key = (id(function), parameter[0])
        if key not in self._parameters:
            self._parameters[key] = None  # functions that hand it to themselves
            self._parameters[key] = self._given(parameter, function, hops)
        return self._parameters[key]

    def _given(self, parameter: Parameter, function: Function, hops: int) -> Lasting | None:
        dependency = self.evaluator.dependency(parameter, function)
        if dependency is not None:
            given = dependency.argument("dependency", 0)
            for value in self.evaluator.evaluate(given, dependency.scope):
                if isinstance(value, FunctionValue):
                    for returned, _ in (*value.function.returns, *value.function.yields):
                        found = self.root(returned, value.function, hops + 1)
                        if found is not None:
                            return found
            return None
        roots = [self.root(passed, scope, hops + 1) for passed, scope in self.evaluator.passed(function, parameter[0])]
        first = roots[0] if roots else None
        return first if first is not None and all(root == first for root in roots) else None

    def _is_run_once(self, holder: Scope) -> bool:
        """Whether a function runs at startup and never for a request: the variables of its closures last."""
        return self.contexts.before_requests(holder) is not None and self.contexts.in_request(holder) is None

    def _attribute(self, expression: Expression, scope: Scope, hops: int) -> Lasting | None:
        _, _, base, name = expression
        method = method_of(scope)
        if method is not None and base[0] == "name" and base[2] == method.self_name and method.owner is not None:
            return self._of_object(method.owner, name)
        if last_name(base) == "state" and base[0] == "attr" and last_name(base[2]) in ("app", "application", "api"):
            return Lasting(("state", name), f"app.state.{name}")
        if self._is_own_copy(base, scope):
            return None
        values = self.evaluator.evaluate(base, scope)
        strangers = self._strangers(values, name)
        for value in values:
            if isinstance(value, ModuleValue) and value.module is not None:
                return self._name(("name", expression[1], name), value.module, hops + 1)
            if isinstance(value, (Instance, ClassValue)) and id(value.cls) not in strangers:
                found = self._of_object(value.cls, name, isinstance(value, ClassValue))
                if found is not None and not (isinstance(value, Instance) and self._has_short_lived_kin(value, values)):
                    return found
        if any(isinstance(value, (Instance, ClassValue, ModuleValue)) for value in values):
            return None
        return self.root(base, scope, hops + 1) if base[0] == "sub" else None

    def _has_short_lived_kin(self, value: Instance, values: Sequence[Value]) -> bool:
        """Whether an object may as well be of a base or heir of its class whose objects go with the request."""
        line = self.evaluator.lineage(value.cls)[0]
        others = (other.cls for other in values if isinstance(other, Instance) and other.cls is not value.cls)
        return any(
            (other in line or value.cls in self.evaluator.lineage(other)[0]) and not self.outlives_requests(other)
            for other in others
        )

    def _strangers(self, values: Sequence[Value], name: str) -> set[int]:
        """The classes among those that an object may be of which have no attribute of a name that others have: they are
        none of its classes, but what a list under the same name holds elsewhere."""
        classes = {id(value.cls): value.cls for value in values if isinstance(value, (Instance, ClassValue))}
        without = {key for key, cls in classes.items() if len(classes) > 1 and self._lacks(cls, name)}
        return without if len(without) < len(classes) else set()

    def _lacks(self, cls: Class, name: str) -> bool:
        """Whether neither a class nor a base of it has an attribute of a name, as far as all its bases are known."""
        bases, outside = self.evaluator.lineage(cls)
        if any(path.rpartition(".")[2] not in _PLAIN_BASES for path in outside):
            return False
        return not any(name in base.bindings or name in self._own_names(base) for base in bases)

    def _own_names(self, cls: Class) -> frozenset[str]:
        """The attributes that the methods of a class set on `self`."""
        known = self._attributes.get(id(cls))
        if known is None:
            known = self._attributes[id(cls)] = frozenset(
                store.attribute
                for method in cls.functions
                for store in method.stores
                if store.attribute is not None and store.base[0] == "name" and store.base[2] == method.self_name
            )
        return known

    def _is_own_copy(self, base: Expression, scope: Scope, hops: int = 0) -> bool:
        """Whether a local name stands for something that this run of the function has made or copied."""
        holder = scope_of_name(scope, base[2]) if base[0] == "name" else None
        if holder is not scope or not isinstance(scope, Function):
            return False
        given = [binding.expression for binding in self.order.reaching(scope, scope, base[2], base[1])]
        return bool(given) and all(value is not None and self._is_made_here(value, scope, hops) for value in given)

    def _is_made_here(self, value: Expression, scope: Scope, hops: int = 0) -> bool:
        if value[0] != "call":
            return False
        call = self.evaluator.call_of(value, scope)
        if last_name(value[2]) in _COPYING:
            return True
        callees = self.evaluator.evaluate(value[2], scope)
        makers = [callee.function for callee in callees if isinstance(callee, FunctionValue)]
        makes = (
            _is_own_class(value[2])
            or any(isinstance(callee, ClassValue) for callee in callees)
            or (bool(makers) and hops < _HOPS and all(self._gives_new(maker, hops + 1) for maker in makers))
        )
        return (
            makes
            and not self._is_memoised(call)
            and not any(self.root(store.base, scope, 1) for store in stores_of(call))
        )

    def _gives_new(self, function: Function, hops: int) -> bool:
        """Whether each call of a function gives an object that it has made for it: `adapter.copy_for(name)`."""
        given = [returned for returned, _ in function.returns if returned[0] != "const"]
        return bool(given) and all(
            self._is_made_here(returned, function, hops) or self._is_own_copy(returned, function, hops)
            for returned in given
        )

    def _of_object(self, cls: Class, name: str, on_class: bool = False) -> Lasting | None:
        holder = next((c for c in self.evaluator.lineage(cls)[0] if name in c.bindings), None)
        stored = self.evaluator.program.stores_by_attribute.get(name, ())
        is_set = any(store.how == "attribute" and self.evaluator.store_class(store, [cls]) for store in stored)
        if on_class or (holder is not None and not is_set and _is_mutable(holder, name)):
            owner = holder or cls
            return Lasting(("self", id(owner), name), f"{owner.name}.{name}", owner)
        return Lasting(("self", id(cls), name), f"{cls.name}.{name}", cls) if self.outlives_requests(cls) else None

    def _call(self, expression: Expression, scope: Scope, hops: int) -> Lasting | None:
        function = expression[2]
        if function[0] == "attr" and function[3] in _ENTRY_OF and expression[3]:
            return self.root(function[2], scope, hops + 1)
        for value in self.evaluator.evaluate(function, scope):
            if isinstance(value, FunctionValue):
                for returned, _ in value.function.returns:
                    found = self.root(returned, value.function, hops + 1)
                    if found is not None:
                        return found
        return None

    def outlives_requests(self, cls: Class) -> bool:
        """Whether objects of a class live longer than a request: made early, kept, or put into what lasts.

        Rows of a table do in the database, and not in the memory of this process.
        """
        known = self._lasting.get(id(cls))
        if known is None and is_table(cls, self.evaluator):
            known = self._lasting[id(cls)] = False
        if known is None:
            self._lasting[id(cls)] = False  # objects that hold objects of their own class
            heirs = (cls, *self.evaluator.subclasses(cls))
            every = [call for heir in heirs for call in self.evaluator.constructions(heir)]
            made = [call for call in every if not is_for_development(call)]
            kept = [call for call in made if self._is_kept(call, heirs)]
            fresh = [call for call in made if call not in kept and self.contexts.in_request(call.scope) is not None]
            known = self._lasting[id(cls)] = (bool(kept) and not fresh) or any(map(self._is_put_away, fresh))
        return known

    def is_only_for_development(self, cls: Class) -> bool:
        """Whether production never makes objects of a class."""
        made = self.evaluator.constructions(cls)
        return bool(made) and all(map(is_for_development, made))

    def _is_kept(self, call: Call, classes: Collection[Class]) -> bool:
        """Whether a construction of one of some classes runs once: early, or behind a guard or cache."""
        contexts = self.contexts
        callees = self.evaluator.callees(call)
        if self._is_memoised(call):
            return True
        made = [callee.cls for callee in callees if isinstance(callee, ClassValue) and callee.cls in classes]
        if any(map(contexts.is_singleton, made)):
            return True
        if contexts.in_request(call.scope, cached=False) is not None:
            return False
        return contexts.before_requests(call.scope) is not None or contexts.in_request(call.scope) is not None

    def _is_memoised(self, call: Call) -> bool:
        """Whether a guard keeps what a call makes, on something that requests do not make anew."""
        guard = self.contexts.guard(call)
        return guard.keeps and not (guard.cls is not None and self.contexts.is_ephemeral(guard.cls))

    def _is_put_away(self, call: Call) -> bool:
        """`sessions[key] = Session()`, on a variable that outlives the request."""
        return any(self.root(store.base, call.scope, 1) for store in stores_of(call))


def _is_own_class(callee: Expression) -> bool:
    """`self.__class__`, `type(self)`: whatever class it is, a call of it makes a new object."""
    return last_name(callee) == "__class__" or (callee[0] == "call" and last_name(callee[2]) == "type")


def is_for_development(call: Call) -> bool:
    """Whether a call stands in a branch that production does not take: `if is_production: ... else: call()`."""
    for link in call.around:
        if link.kind not in ("if", "unless"):
            continue
        test, branch = link.node[2], link.branch if link.kind == "if" else False
        negated = test[0] == "unary" and test[2] == "Not"
        words = {word for part in walk(test) for word in _words_in(part)}
        if words & _PRODUCTION and not words & _DEVELOPMENT and branch is negated:
            return True
        if words & _DEVELOPMENT and not words & _PRODUCTION and branch is not negated:
            return True
    return False


def _words_in(part: Expression) -> tuple[str, ...]:
    if part[0] in ("name", "attr"):
        return words_of(last_name(part))
    return words_of(part[2]) if part[0] == "const" and isinstance(part[2], str) else ()


def _is_mutable(cls: Class, name: str) -> bool:
    """Whether a class attribute is a container that all objects of the class share; annotated ones may be fields."""
    return any(
        binding.kind == "value"
        and binding.annotation is None
        and binding.expression is not None
        and binding.expression[0] in ("dict", "list", "set")
        for binding in cls.bindings[name]
    )
