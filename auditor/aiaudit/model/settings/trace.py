"""What becomes of a setting's value: followed through variables, attributes, parameters and results to its uses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from aiaudit.model.evaluate import is_field_call
from aiaudit.model.evaluation.functions import is_bound
from aiaudit.model.evaluation.handing import HANDING_OVER
from aiaudit.model.program import scope_of_name
from aiaudit.model.python import PythonSide
from aiaudit.model.resources import outside
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name
from aiaudit.model.settings.branches import (
    FALLBACK,
    OTHER,
    RAISES,
    ends_process,
    fails,
)
from aiaudit.model.settings.emptiness import CLEANING, filled, has_stand_in, key_of
from aiaudit.model.settings.fields import PYDANTIC
from aiaudit.model.settings.lookups import GIVING_NONE, RAISING, TYPES, Source
from aiaudit.model.settings.reads import Read, Reads
from aiaudit.model.settings.statements import Statements
from aiaudit.model.settings.uses import (
    ARGUMENT,
    BELOW,
    COMPARED,
    FIELD,
    MISSING,
    REFUSED,
    State,
    Use,
    harmless_tests,
    is_guarded,
    is_nothing,
    put,
    taken,
)
from aiaudit.model.settings.words import is_credential, is_stand_in, is_taken_for_any
from aiaudit.model.values import ClassValue, Constant, External, FunctionValue
from aiaudit.sources.python.facts import Expression
from aiaudit.values import replace

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
# Stands for the key under which a value lies that is a key of a table itself.
_AS_KEY = "\0key"


class Tracer:
    """Follows settings."""

    def __init__(self, side: PythonSide, reads: Reads) -> None:
        self.side = side
        self.evaluator = side.evaluator
        self.reads = reads
        self.aliases: Mapping[str, set[str]] = self._import_aliases()
        self.handlers = frozenset(id(route.handler) for route in side.routing.routes)

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


class _Trail(Statements):
    """The way of one setting's value."""

    def follow(self) -> list[Use]:
        source = self.source
        if source.read is not None:
            self.reach(source.read, State())
        elif source.cls is not None:
            self.attribute(source.cls, source.field, State())
        for step, (read, state) in enumerate(self.queue):  # grows while it is walked
            if step > STEPS:
                break
            ignored = harmless_tests(read)
            if ignored != state.ignored:
                state = replace(state, ignored=ignored)
            if not state.guarded and is_guarded(read, self.keys, state.ignored, self.evaluator):
                state = replace(state, guarded=True)
            self.from_flag = state.flag
            self.climb(read, state)
        keys = tuple(sorted(self.keys))
        return [replace(use, keys=keys, guarded=self.is_guarded(use)) for use in self.found]

    def is_guarded(self, use: Use) -> bool:
        """Whether a use is known to have a value, by all that is known of it in the end."""
        return use.guarded or is_guarded(use.read, self.keys, use.ignored, self.evaluator)

    # Upwards through the expressions around a reading

    def climb(self, read: Read, state: State) -> None:
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
            if tag == "lambda" and read.scope.parent is not None:
                read = replace(read, scope=read.scope.parent)  # what stands around it runs where it is written

    def _pass(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any]:
        return state, parent

    _star = _await = _yield = _yieldfrom = _lambda = _pass

    # Operators

    def _bool(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any] | None:
        operands = parent[3]
        position = next((i for i, operand in enumerate(operands) if operand is child), len(operands) - 1)
        rest = operands[position + 1 :]
        if self.is_test(parent, parents):
            return state, parent
        if parent[2] == "And":
            if rest:
                state = replace(state, flag=True)
            return state, parent
        if state.flag:
            return state, parent  # `bool(KEY) or bool(OTHER_KEY)`: it still tells whether there is one
        if any(self.gives(operand, read.scope) for operand in operands[:position]):
            return None
        for operand in rest:
            if ends_process(operand):
                self.use(MISSING, read, state, outcome=RAISES)
                return None
            if operand[0] == "const" and (operand[2] is None or operand[2] == ""):
                state = replace(state, missing="none" if operand[2] is None else "empty")
            elif read is self.source.read and self.source.default.expression is operand:
                break  # the default, written behind the look-up
            elif operand[0] == "const" and isinstance(operand[2], str) and self.is_hidden_by(operand[2]):
                state = replace(state, missing="literal")
            elif key_of(operand) is None or not self.may_be_missing(operand, read.scope):
                same = read.statement[0] == "assign" and key_of(read.statement[2][0]) == key_of(read.expression)
                self.use(MISSING, read, state, outcome=FALLBACK if same else OTHER)
                return None
        return state, parent

    def is_hidden_by(self, text: str) -> bool:
        """Whether a text that stands in for a key is one that only says so: `api_key or "none"`."""
        is_key = is_credential(self.source.name)
        return is_key and (is_taken_for_any(text) or is_stand_in(self.source.name, text))

    def may_be_missing(self, operand: Expression, scope: Scope) -> bool:
        """Whether a later operand of an `or` may be empty as well, as far as is known."""
        if str(key_of(operand)).startswith("$"):
            return True
        written = list(self.evaluator.definitions(operand, scope)) if operand[0] in ("name", "attr") else []
        if written and all(has_stand_in(expression) for expression, _ in written):
            return False
        values = self.evaluator.evaluate(operand, scope)
        return bool(values) and any(isinstance(v, Constant) and not v.value for v in values)

    def gives(self, operand: Expression, scope: Scope) -> bool:
        """Whether an operand before the setting in an `or` has a value of its own: an attribute, a call's result, an
        argument that some caller passes."""
        if operand[0] == "name":
            holder = scope_of_name(scope, operand[2])
            if not isinstance(holder, Function) or holder.bindings[operand[2]][0].kind != "parameter":
                return False
            if self.is_handler(holder):
                return True  # the caller may bring its own
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

    def _unary(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any]:
        return replace(state, flag=True), parent

    def _cmp(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any] | None:
        others = [part for part in (parent[2], *parent[4]) if part is not child]
        if all(part[0] in ("const", "tuple", "list", "set") for part in others):
            return replace(state, flag=True), parent
        if any(operator in ("Eq", "NotEq", "In", "NotIn") for operator in parent[3]):
            self.use(COMPARED, read, state)
        return None

    def _ifexp(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any] | None:
        if child is parent[2]:
            others = [arm for arm in (parent[3], parent[4]) if is_nothing(arm)]
            if not others:
                self.use(MISSING, read, state, outcome=OTHER)
            return None
        other = parent[4] if child is parent[3] else parent[3]
        if is_nothing(other):
            if (state.derived or state.inside) and any(
                key in self.keys for key in filled(parent[2], child is parent[3])
            ):
                # `f":{password}" if password else ""`, `(user, password) if password else None`: what stands around
                # it goes with it.
                return None
            state = replace(state, missing="none" if other[2] is None else "empty")
        return state, parent

    def _fstr(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any]:
        return replace(state, derived=True, segment=state.segment or _is_segment(child, parent[2])), parent

    def _bin(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any]:
        if parent[2] != "Mod" and not state.derived:
            self.use(REFUSED, read, state)
        return replace(state, derived=True), parent

    # Containers

    def _list(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any]:
        return put(state, None), parent

    _set = _list

    def _tuple(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any] | None:
        statement = parents[-1] if parents else None
        targets = statement[2] if statement is not None and statement[0] == "assign" else ()
        taken_apart = [t for t in targets if t[0] == "tuple" and len(t[2]) == len(parent[2])]
        if not taken_apart:
            return put(state, None), parent
        position = next(number for number, part in enumerate(parent[2]) if part is child)
        for target in taken_apart:  # `HOST, KEY = "x", getenv("KEY")`
            self.target(read, target[2][position], state)
        return None

    def _dict(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any]:
        if any(key is child for key, _ in parent[2]):
            return put(state, _AS_KEY), parent
        name = next((key for key, value in parent[2] if value is child), None)
        key = name[2] if name is not None and name[0] == "const" and isinstance(name[2], str) else None
        return put(state, key), parent

    def _comp(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any] | None:
        if read.statement[0] == "if" and parents[-1][0] == "call" and last_name(parents[-1][2]) in ("all", "any"):
            return replace(state, inside=True), parent  # what is missing then, the branches tell
        if fails(read.scope):
            self.use(MISSING, read, state, outcome=RAISES)
            return None
        return replace(state, inside=True, derived=True), parent

    def _sub(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any] | None:
        if child is not parent[2]:
            return None
        if not state.inside:
            if not state.derived:
                self.use(REFUSED, read, state)
            return replace(state, derived=True), parent
        if state.key == _AS_KEY:
            self.looked_up(read, parent[3], state)
            return None
        inner = taken(state, parent[3][2] if parent[3][0] == "const" else None)
        return None if inner is None else (inner, parent)

    # Calls

    def looked_up(self, read: Read, sought: Expression, state: State) -> None:
        """`{getenv("API_KEY"): 5}.get(x_api_key)`: what is sought there is held against the value."""
        if sought[0] != "const":
            self.use(COMPARED, read, state)

    def _attr(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any] | None:
        call = parents[-1] if parents else None
        if call is None or call[0] != "call" or call[2] is not parent:
            if not state.inside and not state.derived:
                self.use(REFUSED, read, state)
            return None
        if state.key == _AS_KEY and parent[3] in ("get", "pop") and call[3]:
            self.looked_up(read, call[3][0], state)
            return None
        if state.inside:
            if parent[3] == "get" and call[3] and call[3][0][0] == "const":
                inner = taken(state, call[3][0][2])
                return None if inner is None else (inner, parent)
            return (state, parent) if parent[3] in ("items", "values", "copy") else None
        if not state.derived:
            self.use(REFUSED, read, state)
        if parent[3] in CLEANING:
            return state, parent
        return replace(state, derived=True), parent

    def _call(self, read: Read, parent: Any, child: Any, parents: Any, state: State) -> tuple[State, Any] | None:
        if parent[2] is child:
            return state, parent  # a method of the value
        call = self.called_in_the_end(self.evaluator.call_of(parent, read.scope), child)
        callee = call.expression[2]
        name = last_name(callee)
        if name in _SAYING:
            return (state, parent) if self.is_test(parent, parents) else None
        if name in ("all", "any", "bool"):
            return replace(state, flag=True), parent
        if state.flag:
            return None
        if is_field_call(parent):
            return state, parent
        parameter = _parameter(call, child)
        values = self.evaluator.evaluate(callee, read.scope)
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
            if name == "dict":
                return put(state, parameter) if parameter else replace(state, inside=True), parent
            return (replace(state, missing="empty") if name == "str" else state), parent  # `str(None)` is a text
        if name == "format" and not values:
            return replace(state, derived=True), parent  # of a text: `"{user}:{password}@{host}".format(...)`
        if name == "partial":
            self.partly_given(read, call, child, parameter, state)
            return None
        if name in ("update", "from_mapping") and parameter and last_name(callee[2]) == "config":
            self.configured(read, parameter, state)
            return None
        paths = tuple(v.path for v in values if isinstance(v, External))
        if any(path in GIVING_NONE or path in RAISING for path in paths):
            return state, parent  # the default of another lookup
        parameter = parameter or (state.key.rpartition(BELOW)[2] if state.inside and state.key else "")
        self.use(ARGUMENT, read, state, call=call, paths=paths, parameter=parameter)
        return None

    def called_in_the_end(self, call: Call, child: Any) -> Call:
        """The call that a value gets to: `bucket.put(KEY)` of `to_thread(bucket.put, KEY)`."""
        for handed in self.evaluator.handing.handed_over(call) if call.name in HANDING_OVER else ():
            if any(child is given for given in (*handed.arguments, *(value for _, value in handed.keywords))):
                return handed
        return call

    def partly_given(self, read: Read, call: Call, child: Any, parameter: str, state: State) -> None:
        """Given to a function that is called later: `partial(fetch, KEY)`."""
        for value in self.evaluator.evaluate(call.arguments[0], read.scope) if call.arguments else ():
            if isinstance(value, FunctionValue):
                self.parameter(value.function, call, child, parameter, is_bound(value) - 1, state)

    def passed(
        self, read: Read, value: FunctionValue | ClassValue, call: Call, child: Any, parameter: str, state: State
    ) -> None:
        """Given to a function or class of the program."""
        if isinstance(value, FunctionValue):
            self.parameter(value.function, call, child, parameter, is_bound(value), state)
            return
        constructor = self.evaluator.constructor(value.cls)
        if constructor is not None:
            self.parameter(constructor, call, child, parameter, 1, state)
            return
        parameter = parameter or _field_at(value.cls, call, child)
        if parameter and any(parameter in cls.bindings for cls in self.evaluator.lineage(value.cls)[0]):
            if self.refuses_none(value.cls, parameter) and not state.derived and not state.inside:
                self.use(REFUSED, read, state)
            if self._is_model(value.cls) and not state.inside:
                self.use(FIELD, read, state, call=call, parameter=parameter)
            self.attribute(value.cls, parameter, state, call)
        paths = tuple(external.path for external in outside(value, self.evaluator))
        if paths:
            self.use(ARGUMENT, read, state, call=call, paths=paths, parameter=parameter)

    def refuses_none(self, cls: Class, name: str) -> bool:
        """Whether a model of pydantic validates a field that has to be a text: `key: str`, not `key: str | None`."""
        if not self._is_model(cls):
            return False
        declared = (c.bindings[name][0].annotation for c in self.evaluator.lineage(cls)[0] if name in c.bindings)
        annotation = next(declared, None)
        return annotation is not None and annotation[0] in ("name", "attr") and last_name(annotation) in TYPES

    def _is_model(self, cls: Class) -> bool:
        return self.evaluator.inherits(cls, *PYDANTIC, "pydantic.BaseModel", "pydantic.main.BaseModel")

    def parameter(self, function: Function, call: Call, child: Any, parameter: str, offset: int, state: State) -> None:
        names = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
        if not parameter:
            position = next((i for i, a in enumerate(call.arguments) if a is child), None)
            if position is None or position + offset >= len(names):
                return
            parameter = names[position + offset]
        state = state.within(call, function)
        if parameter in function.bindings:
            self.variable(function, parameter, state)
        elif any(p[1] == "keywords" for p in function.parameters):
            name = next(p[0] for p in function.parameters if p[1] == "keywords")
            self.variable(function, name, put(state, parameter))


def _parameter(call: Call, child: Any) -> str:
    for name, value in call.keywords:
        if value is child:
            return name or ""
    return ""


def _field_at(cls: Class, call: Call, child: Any) -> str:
    """The field of a dataclass that an argument without a name fills."""
    position = next((i for i, argument in enumerate(call.arguments) if argument is child), None)
    names = [name for name, bound in cls.bindings.items() if bound[0].annotation is not None]
    is_known = position is not None and position < len(names) and not cls.bases
    return names[position] if is_known and position is not None else ""


def _is_segment(part: Expression, parts: tuple[Expression, ...]) -> bool:
    """Whether a part of a text is the host of an address, or a name between two of its slashes."""
    position = next(number for number, other in enumerate(parts) if other is part)
    before, after = (
        str(parts[n][2]) if 0 <= n < len(parts) and parts[n][0] == "const" else "" for n in (position - 1, position + 1)
    )
    return (before.endswith("/") and after.startswith("/")) or (before.endswith("://") and after[:1] in (".", ":"))
