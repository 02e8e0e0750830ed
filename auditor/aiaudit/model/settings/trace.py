"""What becomes of a setting's value: followed through variables, attributes, parameters and results to its uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from aiaudit.model.evaluate import is_field_call, method_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import outside
from aiaudit.model.scopes import Call, Class, Function, Module, Scope, last_name
from aiaudit.model.settings.branches import ABSENT, FALLBACK, FLAG, OTHER, RAISES, ends_process, fails, outcome_of
from aiaudit.model.settings.emptiness import CLEANING, filled, key_of
from aiaudit.model.settings.lookups import GIVING_NONE, RAISING, Source
from aiaudit.model.settings.reads import Read, Reads
from aiaudit.model.values import ClassValue, Constant, External, FunctionValue, Instance, ModuleValue, Partial
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass

# Kinds of uses. "argument": given to code outside; "stored": put on an object or into a structure of code outside;
# "compared": held against something that a request brings; "refused": an operation that raises for None;
# "missing": a branch for the case that there is no value (`outcome` says what it does).
ARGUMENT, STORED, COMPARED, REFUSED, MISSING = "argument", "stored", "compared", "refused", "missing"

_CONVERSIONS = frozenset(
    ("int", "float", "loads", "Path", "PurePath", "open", "urlparse", "make_url", "join", "b64decode", "Fernet", "UUID",
     "expanduser", "abspath", "exists", "fromisoformat", "Decimal")
)  # fmt: skip
_TRANSPARENT = frozenset(
    ("str", "SecretStr", "cast", "dict", "list", "tuple", "set", "quote", "quote_plus", "Secret", "from_token",
     "convert_to_secret_str", "deepcopy", "copy", "ast.literal_eval", "iter", "sorted", "zip", "enumerate")
)  # fmt: skip
_SAYING = frozenset(
    ("print", "debug", "info", "warning", "warn", "error", "critical", "exception", "log", "echo", "secho",
     "isinstance", "hasattr", "type", "id", "repr", "setLevel", "basicConfig", "len", "callable")
)  # fmt: skip
STEPS = 400


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One use of a setting's value."""

    kind: str
    read: Read
    call: Call | None = None
    paths: tuple[str, ...] = ()
    parameter: str = ""
    derived: bool = False
    outcome: str = ""
    keys: tuple[str, ...] = ()
    guarded_before: bool = False
    missing: str = ""
    ignored: frozenset[int] = frozenset()

    @property
    def guarded(self) -> bool:
        """Whether a test around it, or on the way to it, makes sure that there is a value."""
        return self.guarded_before or is_guarded(self.read, self.keys, self.ignored)


@dataclass(frozen=True, slots=True)
class _State:
    """`derived`: something made from the value, never None itself; `inside`: the value lies in a container, under `key`
    if known; `guarded`: only where a test has found it; `call`: the call that brought it into `function`; `flag`: only
    whether there is a value; `missing`: what a missing value has become on the way ("none" or "empty")."""

    derived: bool = False
    key: str | None = None
    inside: bool = False
    guarded: bool = False
    call: Call | None = None
    function: Function | None = None
    flag: bool = False
    missing: str = ""
    ignored: frozenset[int] = frozenset()


class Tracer:
    """Follows settings."""

    def __init__(self, side: PythonSide, reads: Reads) -> None:
        self.side = side
        self.evaluator = side.evaluator
        self.reads = reads
        self.aliases = self._import_aliases()

    def uses(self, source: Source) -> list[Use]:
        """All uses of one setting's value."""
        return _Trail(self, source).follow()

    def _import_aliases(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for module in self.side.program.modules:
            for statement, _, _ in module.imports:
                if statement[0] == "from":
                    for name, alias in statement[4]:
                        if alias:
                            found[name].add(alias)
        return found


class _Trail:
    """The way of one setting's value."""

    def __init__(self, tracer: Tracer, source: Source) -> None:
        self.tracer = tracer
        self.side = tracer.side
        self.evaluator = tracer.evaluator
        self.reads = tracer.reads
        self.source = source
        self.found: list[Use] = []
        self.keys: set[str] = {f"${name}" for name in source.names} | {source.field} - {""}
        self.queue: list[tuple[Read, _State]] = []
        self.seen: set[Any] = set()

    def follow(self) -> list[Use]:
        source = self.source
        if source.read is not None:
            key = key_of(source.read.expression)
            if key:
                self.keys.add(key)
            self.queue.append((source.read, _State()))
        elif source.cls is not None:
            self.attribute(source.cls, source.field, _State())
        for step, (read, state) in enumerate(self.queue):  # grows while it is walked
            if step > STEPS:
                break
            key = key_of(read.expression)
            if key and not state.derived:
                self.keys.add(key)
            state = replace(state, ignored=_harmless_tests(read))
            if not state.guarded and is_guarded(read, self.keys, state.ignored):
                state = replace(state, guarded=True)
            self.climb(read, state)
        keys = tuple(sorted(self.keys))
        return [replace(use, keys=keys) for use in self.found]

    # Places where the value lies

    def variable(self, holder: Scope, name: str, state: _State, given: Read | None = None) -> None:
        """Follow all readings of a variable (those that may come after `given`, which assigns it)."""
        place = (id(holder), name, state, id(given.statement) if given else 0)
        if place in self.seen:
            return
        self.seen.add(place)
        if isinstance(holder, Class):
            self.attribute(holder, name, state)
            return
        if isinstance(holder, Function):
            readings = self.reads.inside(holder, name)
        else:
            names = {name} | self.tracer.aliases.get(name, set())
            self.reads.prepare(names)
            readings = [read for spelled in names for read in self.reads.of(spelled)]
        for read in readings:
            if self.reads_variable(read, holder, name) and not (given and _exclude(given, read)):
                self.queue.append((read, state))

    def reads_variable(self, read: Read, holder: Scope, name: str) -> bool:
        expression = read.expression
        if expression[0] == "name":
            found = scope_of_name(read.scope, expression[2])
            if found is holder:
                return bool(expression[2] == name)
            if not isinstance(holder, Module):
                return False
            if found is None:
                return expression[2] == name and any(
                    self.is_module(self.side.program.resolve(read.scope.module, source, level), holder)
                    for level, source in read.scope.module.stars
                )
            return bool(self.evaluator.variable(expression, read.scope) == (id(holder), name))
        if not isinstance(holder, Module):
            return False
        base = expression[2] if expression[0] == "attr" else expression[3][0]
        for value in self.evaluator.evaluate(base, read.scope):
            if self.is_module(value, holder):
                return True
            if isinstance(value, External) and value.path == "django.conf.settings" and is_django_settings(holder):
                return True
        return False

    def is_module(self, value: object, module: Module) -> bool:
        return isinstance(value, ModuleValue) and value.module is module

    def attribute(self, cls: Class, name: str, state: _State) -> None:
        """Follow all readings of an attribute of a class's instances."""
        place = (id(cls), name, state)
        if ("attribute", place) in self.seen:
            return
        self.seen.add(("attribute", place))
        if self.is_configuration(cls):
            if is_frameworks(name):
                for binding in cls.bindings.get(name, ())[:1]:
                    place_of = Read(binding.expression or ("pass", cls.node[1]), cls, (binding.statement,), (), ())
                    self.use(STORED, place_of, state, paths=(f"app.config[{name!r}]",), parameter=name)
            self.configuration(name, state)
        for read in self.reads.of(name):
            expression = read.expression
            if expression[0] == "name":
                if scope_of_name(read.scope, name) is cls:
                    self.queue.append((read, state))
                continue
            base = expression[2] if expression[0] == "attr" else expression[3][0]
            if self.is_instance(base, read.scope, cls):
                self.queue.append((read, state))

    def is_configuration(self, cls: Class) -> bool:
        """Whether a Flask application takes its configuration from a class."""
        for call in self.side.program.calls_by_name.get("from_object", ()):
            for value in self.evaluator.evaluate(call.arguments[0], call.scope) if call.arguments else ():
                if isinstance(value, (ClassValue, Instance)) and cls in self.evaluator.lineage(value.cls)[0]:
                    return True
                if isinstance(value, Constant) and str(value.value).endswith(f".{cls.name}"):
                    return True
        return False

    def is_instance(self, base: Expression, scope: Scope, cls: Class) -> bool:
        method = method_of(scope)
        owner = method.owner if method is not None else None
        if base[0] == "name" and method is not None and base[2] == method.self_name and owner is not None:
            lines = self.evaluator.lineage(owner)[0]
            return cls in lines or owner in self.evaluator.lineage(cls)[0]
        values = self.evaluator.evaluate(base, scope)
        return any(
            isinstance(value, (Instance, ClassValue))
            and (cls in self.evaluator.lineage(value.cls)[0] or value.cls in self.evaluator.lineage(cls)[0])
            for value in values
        )

    def result(self, function: Function, state: _State) -> None:
        """Follow what calling a function gives."""
        if state.call is not None and state.function is function:
            call, state = state.call, replace(state, call=None, function=None)
            for read in self.reads.places(call.scope.module, [call.expression]).values():
                self.queue.append((read, state))
            return
        place = ("result", id(function), state)
        if place in self.seen or function.node[0] == "lambda":
            return
        self.seen.add(place)
        if function.has_decorator("property", "cached_property", "computed_field") and function.owner is not None:
            self.attribute(function.owner, function.name, state)
            return
        for call, _, shift in self.evaluator.callers(function):
            if not shift:
                place_of = self.reads.places(call.scope.module, [call.expression])
                for read in place_of.values():
                    self.queue.append((read, state))

    def configuration(self, key: str, state: _State) -> None:
        """Follow `anything.config[key]` and `anything.config.get(key)`, as Flask has it."""
        place = ("config", key, state)
        if place in self.seen:
            return
        self.seen.add(place)
        for read in self.reads.of("config"):
            parent = read.parents[-1]
            if parent[0] == "sub" and parent[2] is read.expression and parent[3][0] == "const" and parent[3][2] == key:
                self.queue.append((replace(read, expression=parent, parents=read.parents[:-1]), state))
            elif parent[0] == "attr" and parent[3] == "get" and len(read.parents) > 1:
                call = read.parents[-2]
                if call[0] == "call" and call[3] and call[3][0][0] == "const" and call[3][0][2] == key:
                    self.queue.append((replace(read, expression=call, parents=read.parents[:-2]), state))

    # Upwards through the expressions around a reading

    def climb(self, read: Read, state: _State) -> None:
        child = read.expression
        parents = read.parents
        while parents:
            parent, parents = parents[-1], parents[:-1]
            tag = parent[0]
            step = getattr(self, f"_{tag}", None)
            following = step(read, parent, child, parents, state) if step else None
            if following is None:
                return
            state, child = following

    def _pass(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any]:
        return state, parent

    _star = _await = _yield = _yieldfrom = _lambda = _pass

    def use(self, kind: str, read: Read, state: _State, **details: Any) -> None:
        self.found.append(
            Use(
                kind,
                read,
                derived=state.derived,
                guarded_before=state.guarded,
                missing=state.missing,
                ignored=state.ignored,
                **details,
            )
        )

    # Statements

    def _assign(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        if child is parent[3]:
            for target in parent[2]:
                self.target(read, target, state)

    def _ann(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        if child is parent[4]:
            self.target(read, parent[2], state)

    def _aug(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        if child is parent[4]:
            self.target(read, parent[2], replace(state, derived=True))

    def _walrus(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any]:
        self.target(read, parent[2], state)
        key = key_of(parent[2])
        if key:
            self.keys.add(key)
        return state, parent

    def target(self, read: Read, target: Expression, state: _State) -> None:
        tag = target[0]
        if state.flag:
            self.use(MISSING, read, state, outcome=FLAG)
            return
        if tag == "name":
            holder = scope_of_name(read.scope, target[2]) or read.scope
            if isinstance(holder, Module) and is_django_settings(holder) and _is_djangos(target[2], state):
                self.use(STORED, read, state, paths=(f"django.conf.settings.{target[2]}",), parameter=target[2])
            self.variable(holder, target[2], state, read)
        elif tag == "attr":
            method = method_of(read.scope)
            base = target[2]
            if base[0] == "name" and method is not None and base[2] == method.self_name and method.owner is not None:
                self.attribute(method.owner, target[3], state)
                return
            values = self.evaluator.evaluate(base, read.scope)
            for value in values:
                if isinstance(value, (Instance, ClassValue)):
                    self.attribute(value.cls, target[3], state)
            paths = tuple(f"{value.path}.{target[3]}" for value in values if isinstance(value, External))
            if paths:
                self.use(STORED, read, state, paths=paths, parameter=target[3])
        elif tag == "sub":
            key = target[3][2] if target[3][0] == "const" and isinstance(target[3][2], str) else ""
            if last_name(target[2]) == "environ":
                self.use(STORED, read, state, paths=("os.environ",), parameter=key)
            elif last_name(target[2]) == "config" and key:
                if is_frameworks(key):
                    self.use(STORED, read, state, paths=(f"app.config[{key!r}]",), parameter=key)
                self.configuration(key, state)
            else:
                self.container(read, target[2], key, state)

    def container(self, read: Read, base: Expression, key: str, state: _State) -> None:
        """`options["api_key"] = value`: follow the container."""
        if base[0] == "name":
            holder = scope_of_name(read.scope, base[2])
            if holder is not None:
                self.variable(holder, base[2], replace(state, inside=True, key=key or None), read)
        else:
            self.use(STORED, read, state, parameter=key)

    def _return(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        if state.flag:
            self.use(MISSING, read, state, outcome=FLAG)
        elif isinstance(read.scope, Function):
            self.result(read.scope, state)

    def _if(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        if child is not parent[2] or state.derived:
            return
        outcome = self.missing_outcome(parent, read, state)
        if outcome is not None:
            self.use(MISSING, read, state, outcome=outcome)

    def missing_outcome(self, statement: Any, read: Read, state: _State) -> str | None:
        """What the `if` statement does for a missing value, None if it tests something else."""
        test = statement[2]
        keys = self.keys
        # `if provider == "x" and not key: raise` looks for it where it is needed.
        parts = test[3] if test[0] == "bool" and test[2] == "And" else (test,)
        if any(key in keys for part in parts for key in filled(part, False)):
            return outcome_of(statement[3], read.scope, keys)
        if any(key in keys for key in filled(test, True)):
            return outcome_of(statement[4], read.scope, keys)
        if state.inside and outcome_of(statement[3], read.scope, keys) == RAISES:
            return RAISES
        return None

    _while = _if

    def _assert(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        if any(key in self.keys for key in filled(parent[2], True)):
            self.use(MISSING, read, state, outcome=RAISES)

    def _def(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        return None

    def _default(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        """A parameter's default value."""
        definition = parents[-1] if parents else None
        for function in self.side.program.functions:
            if definition is not None and function.node is definition:
                self.variable(function, parent[2], state)

    def _for(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> None:
        if state.inside and fails(read.scope):
            self.use(MISSING, read, state, outcome=RAISES)

    # Operators

    def _bool(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any] | None:
        operands = parent[3]
        position = next((i for i, operand in enumerate(operands) if operand is child), len(operands) - 1)
        rest = operands[position + 1 :]
        if self.is_test(parent, parents):
            return state, parent
        if parent[2] == "And":
            if rest:
                state = replace(state, flag=True)
            return state, parent
        if any(self.gives(operand, read.scope) for operand in operands[:position]):
            return None
        for operand in rest:
            if ends_process(operand):
                self.use(MISSING, read, state, outcome=RAISES)
                return None
            if operand[0] == "const" and not operand[2]:
                state = replace(state, missing="none" if operand[2] is None else "empty")
            elif key_of(operand) is None or not self.may_be_missing(operand, read.scope):
                same = read.statement[0] == "assign" and key_of(read.statement[2][0]) == key_of(read.expression)
                self.use(MISSING, read, state, outcome=FALLBACK if same else OTHER)
                return None
        return state, parent

    def may_be_missing(self, operand: Expression, scope: Scope) -> bool:
        """Whether a later operand of an `or` may be empty as well, as far as is known."""
        if str(key_of(operand)).startswith("$"):
            return True
        values = self.evaluator.evaluate(operand, scope)
        return bool(values) and any(isinstance(v, Constant) and not v.value for v in values)

    def gives(self, operand: Expression, scope: Scope) -> bool:
        """Whether an operand before the setting in an `or` has a value of its own: an attribute, a call's result, an
        argument that some caller passes."""
        if operand[0] == "name":
            holder = scope_of_name(scope, operand[2])
            if not isinstance(holder, Function) or holder.bindings[operand[2]][0].kind != "parameter":
                return False
            passed = [argument for argument, _ in self.evaluator.passed(holder, operand[2])]
            return any(argument[0] != "const" for argument in passed)
        return operand[0] == "attr" or (operand[0] in ("call", "sub") and key_of(operand) is None)

    def is_test(self, node: Any, parents: Any) -> bool:
        """Whether an expression is (part of) the test of a statement."""
        child = node
        for parent in reversed(parents):
            if parent[0] in ("if", "while", "assert", "ifexp"):
                return parent[2] is child
            if parent[0] not in ("bool", "unary", "cmp"):
                return False
            child = parent
        return False

    def _unary(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any]:
        return replace(state, flag=True), parent

    def _cmp(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any] | None:
        others = [part for part in (parent[2], *parent[4]) if part is not child]
        if all(part[0] in ("const", "tuple", "list", "set") for part in others):
            return replace(state, flag=True), parent
        if any(operator in ("Eq", "NotEq", "In", "NotIn") for operator in parent[3]):
            self.use(COMPARED, read, state)
        return None

    def _ifexp(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any] | None:
        if child is parent[2]:
            others = [arm for arm in (parent[3], parent[4]) if _is_nothing(arm)]
            if not others:
                self.use(MISSING, read, state, outcome=OTHER)
            return None
        other = parent[4] if child is parent[3] else parent[3]
        if _is_nothing(other):
            state = replace(state, missing="none" if other[2] is None else "empty")
        return state, parent

    def _fstr(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any]:
        return replace(state, derived=True), parent

    def _bin(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any]:
        if parent[2] != "Mod" and not state.derived:
            self.use(REFUSED, read, state)
        return replace(state, derived=True), parent

    # Containers

    def _list(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any]:
        return replace(state, inside=True, key=None), parent

    _tuple = _set = _list

    def _dict(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any]:
        name = next((key for key, value in parent[2] if value is child), None)
        key = name[2] if name is not None and name[0] == "const" and isinstance(name[2], str) else None
        return replace(state, inside=True, key=key), parent

    def _comp(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any] | None:
        if fails(read.scope):
            self.use(MISSING, read, state, outcome=RAISES)
            return None
        return replace(state, inside=True, derived=True), parent

    def _sub(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any] | None:
        if child is not parent[2]:
            return None
        if not state.inside:
            if not state.derived:
                self.use(REFUSED, read, state)
            return replace(state, derived=True), parent
        wanted = parent[3][2] if parent[3][0] == "const" else None
        if state.key is not None and wanted is not None and wanted != state.key:
            return None
        return replace(state, inside=False, key=None), parent

    # Calls

    def _attr(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any] | None:
        call = parents[-1] if parents else None
        if call is None or call[0] != "call" or call[2] is not parent:
            if not state.inside and not state.derived:
                self.use(REFUSED, read, state)
            return None
        if state.inside:
            if parent[3] == "get" and call[3] and call[3][0][0] == "const":
                if state.key is not None and call[3][0][2] != state.key:
                    return None
                return replace(state, inside=False, key=None), parent
            return (state, parent) if parent[3] in ("items", "values", "copy") else None
        if not state.derived:
            self.use(REFUSED, read, state)
        if parent[3] in CLEANING:
            return state, parent
        return replace(state, derived=True), parent

    def _call(self, read: Read, parent: Any, child: Any, parents: Any, state: _State) -> tuple[_State, Any] | None:
        if parent[2] is child:
            return state, parent  # a method of the value
        name = last_name(parent[2])
        if name in _SAYING:
            return (state, parent) if self.is_test(parent, parents) else None
        if name in ("all", "any", "bool"):
            return replace(state, flag=True), parent
        if state.flag:
            return None
        if is_field_call(parent):
            return state, parent
        call = self.evaluator.call_of(parent, read.scope)
        parameter = _parameter(call, child)
        values = self.evaluator.evaluate(parent[2], read.scope)
        own = [v for v in values if isinstance(v, (FunctionValue, ClassValue))]
        if own:
            for value in own:
                self.passed(read, value, call, child, parameter, state)
            return None
        if name in _CONVERSIONS:
            if not state.derived and not state.inside:
                self.use(REFUSED, read, state)
            return replace(state, derived=True), parent
        if name in _TRANSPARENT:
            return (replace(state, inside=True, key=parameter or None) if name == "dict" else state), parent
        if name == "partial":
            return None
        paths = tuple(v.path for v in values if isinstance(v, External))
        if any(path in GIVING_NONE or path in RAISING for path in paths):
            return state, parent  # the default of another lookup
        parameter = parameter or (state.key if state.inside and state.key else "")
        self.use(ARGUMENT, read, state, call=call, paths=paths, parameter=parameter)
        return None

    def passed(
        self, read: Read, value: FunctionValue | ClassValue, call: Call, child: Any, parameter: str, state: _State
    ) -> None:
        """Given to a function or class of the program."""
        if isinstance(value, FunctionValue):
            bound = int(value.bound is not None and value.function.self_name is not None)
            self.parameter(value.function, call, child, parameter, bound, state)
            return
        constructor = self.evaluator.constructor(value.cls)
        if constructor is not None:
            self.parameter(constructor, call, child, parameter, 1, state)
            return
        if parameter and any(parameter in cls.bindings for cls in self.evaluator.lineage(value.cls)[0]):
            self.attribute(value.cls, parameter, state)
        paths = tuple(external.path for external in outside(value, self.evaluator))
        if paths:
            self.use(ARGUMENT, read, state, call=call, paths=paths, parameter=parameter)

    def parameter(
        self, function: Function, call: Call, child: Any, parameter: str, offset: int, state: _State
    ) -> None:
        names = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
        if not parameter:
            position = next((i for i, a in enumerate(call.arguments) if a is child), None)
            if position is None or position + offset >= len(names):
                return
            parameter = names[position + offset]
        state = replace(state, call=call, function=function)
        if parameter in function.bindings:
            self.variable(function, parameter, state)
        elif any(p[1] == "keywords" for p in function.parameters):
            name = next(p[0] for p in function.parameters if p[1] == "keywords")
            self.variable(function, name, replace(state, inside=True, key=parameter))


def is_guarded(read: Read, keys: Iterable[str], ignored: frozenset[int]) -> bool:
    """Whether a test around a reading makes sure that one of these variables has a value."""
    known = set(keys)
    return any(
        key in known
        for test, outcome in read.conditions
        if id(test) not in ignored
        for key in filled(test, outcome)
    )


def _harmless_tests(read: Read) -> frozenset[int]:
    """Tests of `x if x else None` around a reading: they let nothing through but the same nothing."""
    return frozenset(
        id(parent[2]) for parent in read.parents if parent[0] == "ifexp" and _is_nothing(parent[4])
    )


def _is_nothing(expression: Expression) -> bool:
    return expression[0] == "const" and (expression[2] is None or expression[2] == "")


def _exclude(one: Read, other: Read) -> bool:
    """Whether two places lie in different arms of the same test."""
    taken = {id(test): outcome for test, outcome in one.conditions}
    return one.scope is other.scope and any(
        taken.get(id(test), outcome) is not outcome for test, outcome in other.conditions
    )


def is_django_settings(module: Module) -> bool:
    """Whether a module is a Django project's settings."""
    names = module.bindings
    return "INSTALLED_APPS" in names or "ROOT_URLCONF" in names or "WSGI_APPLICATION" in names


def is_frameworks(name: str) -> bool:
    """Settings that Flask or its extensions use themselves."""
    return name in ("SECRET_KEY", "JWT_SECRET_KEY", "SQLALCHEMY_DATABASE_URI")


def _is_djangos(name: str, state: _State) -> bool:
    """Settings that Django itself uses."""
    return name in ("SECRET_KEY", "DATABASES", "CACHES", "EMAIL_HOST_PASSWORD", "EMAIL_HOST_USER")


def _parameter(call: Call, child: Any) -> str:
    for name, value in call.keywords:
        if value is child:
            return name or ""
    return ""


__all__ = ["ABSENT", "ARGUMENT", "COMPARED", "MISSING", "REFUSED", "STORED", "Partial", "Tracer", "Use"]
