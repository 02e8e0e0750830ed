"""Where configuration enters the program by a lookup of an environment variable, in whatever way it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call, Class, Function, Module, Scope, dotted, last_name, walk
from aiaudit.model.settings.reads import Read, Reads
from aiaudit.model.syntax import statements_in
from aiaudit.model.values import Constant, External, FunctionValue
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.span import Span
from aiaudit.values import dataclass

# Callables that look something up and give None without a default, and those that raise then.
GIVING_NONE = frozenset(
    ("os.getenv", "os.environ.get", "dotenv.dotenv_values().get", "os.environ.pop", "os.getenvb",
     "streamlit.secrets.get")
)  # fmt: skip
RAISING = frozenset(
    ("decouple.config", "decouple.Config()", "starlette.config.Config()", "starlette.datastructures.Config()",
     "environs.Env()", "environs.env", "environ.Env()", "environ.FileAwareEnv()", "haystack.utils.Secret.from_env_var",
     "haystack.utils.auth.Secret.from_env_var", "haystack.Secret.from_env_var")
)  # fmt: skip
_CASTING = r"\.(str|int|bool|float|list|json|url|dict|tuple|log_level|path|db|decimal|date|enum|uuid|bytes)"
_METHOD = regex(r"(?:environs\.Env\(\)|environs\.env|environ\.Env\(\)|environ\.FileAwareEnv\(\))" + _CASTING)
_HINTS = ("environ", "getenv", "decouple", "starlette.config", "dotenv_values", "from_env_var", "environs", "streamlit")
TYPES = ("SecretStr", "str", "AnyUrl", "PostgresDsn", "AnyHttpUrl", "HttpUrl")
SAID_MISSING, NONE, EMPTY, LITERAL, COMPUTED = "raises", "none", "empty", "literal", "computed"
# What a setting becomes that each process makes itself.
ANEW = "anew"


@dataclass(frozen=True, slots=True)
class Default:
    """What a setting is when nobody sets it: "raises", "none", "empty", "literal" (`text`) or "computed"."""

    kind: str
    text: str = ""
    expression: Expression | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A place where one setting enters. `read` is where a looked-up value stands, None for fields of `cls`."""

    name: str
    span: Span
    scope: Scope
    default: Default
    read: Read | None = None
    cls: Class | None = None
    field: str = ""
    names: tuple[str, ...] = ()

    @property
    def declaration(self) -> tuple[Class, Statement]:
        """The class that declares a field, and the statement that does."""
        assert self.cls is not None, "only fields are declared"
        named = (s for s in self.cls.body if s[0] == "ann" and s[2][0] == "name" and s[2][2] == self.field)
        return self.cls, next(named)


class Lookups:
    """Finds the lookups of a program."""

    def __init__(self, side: PythonSide, reads: Reads) -> None:
        self.side = side
        self.evaluator = side.evaluator
        self.reads = reads
        self.wrappers: dict[int, _Wrapper] = {}

    def find(self) -> Iterator[Source]:
        """All of them."""
        found: list[tuple[Module, Expression, Scope, Expression, Default]] = []
        for module in self.reads.modules:
            if self.side.program.tree.mentions(module.path, _HINTS):
                found.extend(self._direct(module))
        found.extend(self._wrapped())
        by_module: dict[int, list[Any]] = {}
        for item in found:
            by_module.setdefault(id(item[0]), []).append(item)
        for items in by_module.values():
            module = items[0][0]
            places = self.reads.places(module, [item[1] for item in items])
            for _, expression, scope, name, default in items:
                names = self._names(name, scope)
                place = places.get(id(expression))
                if names and place is not None:
                    span = Span.at(module.path, expression[1])
                    stated = stated_default(place, self._written(default, scope))
                    yield Source(names[0], span, scope, stated, place, names=tuple(names))

    def _written(self, default: Default, scope: Scope) -> Default:
        """A default that a variable holds, as if it were written where the variable is named."""
        named = default.expression
        if default.kind != COMPUTED or named is None or named[0] not in ("name", "attr"):
            return default
        values = self.evaluator.evaluate(named, scope)
        if len(values) != 1 or not isinstance(values[0], Constant):
            return default
        written = literal(("const", named[1], values[0].value))
        return Default(written.kind, written.text, named)

    def _names(self, expression: Expression, scope: Scope) -> list[str]:
        values = self.evaluator.evaluate(expression, scope)
        return [v.value for v in values if isinstance(v, Constant) and isinstance(v.value, str) and v.value]

    def _direct(self, module: Module) -> Iterator[tuple[Module, Expression, Scope, Expression, Default]]:
        for scope in module.scopes:
            for call in scope.calls:
                kind = self._kind(call)
                if kind is None:
                    continue
                name = call.argument("key", 0) or call.argument("name", 0) or call.argument("var", 0)
                if name is None:
                    continue
                default = self._default(call, kind)
                if not self._is_wrapper(name, scope, default):
                    yield module, call.expression, scope, name, default
        for read in self.reads.of("environ"):
            parent = read.parents[-1]
            if read.scope.module is not module or parent[0] != "sub" or parent[2] is not read.expression:
                continue
            if self._is_stored_to(read) or not self._is_environment(read.expression, read.scope):
                continue
            if not self._is_wrapper(parent[3], read.scope, Default(SAID_MISSING)):
                yield module, parent, read.scope, parent[3], Default(SAID_MISSING)

    def _is_environment(self, expression: Expression, scope: Scope) -> bool:
        values = self.evaluator.evaluate(expression, scope)
        return any(isinstance(v, External) and v.path == "os.environ" for v in values)

    def _is_stored_to(self, read: Read) -> bool:
        statement = read.statement
        single = (statement[2],) if statement[0] in ("ann", "aug") else ()
        targets = statement[2] if statement[0] == "assign" else single
        return any(part is read.expression for target in targets for part in walk(target)) or statement[0] == "del"

    def _kind(self, call: Call) -> str | None:
        for value in self.evaluator.callees(call):
            if isinstance(value, External):
                if value.path in GIVING_NONE:
                    return NONE
                if value.path in RAISING or _METHOD.fullmatch(value.path):
                    return SAID_MISSING
        return None

    def _default(self, call: Call, missing: str) -> Default:
        given = call.keyword("default")
        if given is None and len(call.arguments) > 1 and missing == NONE:
            given = call.arguments[1]
        if given is None and missing == SAID_MISSING and len(call.arguments) > 1:
            # environs takes the default second, decouple and starlette a cast (a name) or a default
            second = call.arguments[1]
            given = second if second[0] == "const" else None
        return Default(missing) if given is None else literal(given)

    # Own functions that look up what they are asked for

    def _is_wrapper(self, name: Expression, scope: Scope, default: Default) -> bool:
        if name[0] != "name" or not isinstance(scope, Function):
            return False
        parameter = next((p for p in scope.parameters if p[0] == name[2]), None)
        if parameter is None:
            return False
        if default.kind == SAID_MISSING:
            default = next(_returned_instead(scope), default)
        fallback = default.expression if default.kind == COMPUTED else None
        self.wrappers[id(scope)] = _Wrapper(scope, name[2], default, fallback)
        return True

    def _wrapped(self) -> Iterator[tuple[Module, Expression, Scope, Expression, Default]]:
        for wrapper in list(self.wrappers.values()):
            function = wrapper.function
            for call in self.side.program.calls_by_name.get(function.name, ()):
                if call.scope.module.path not in self.side.routing.live:
                    continue
                values = self.evaluator.callees(call)
                bound = [v for v in values if isinstance(v, FunctionValue) and v.function is function]
                if bound:
                    offset = int(bound[0].bound is not None and function.self_name is not None)
                    name = wrapper.argument(call, wrapper.parameter, offset)
                    if name is not None:
                        yield call.scope.module, call.expression, call.scope, name, wrapper.default_of(call, offset)


@dataclass(frozen=True, slots=True, eq=False)
class _Wrapper:
    """A function that looks up the variable named by one of its parameters."""

    function: Function
    parameter: str
    default: Default
    fallback: Expression | None

    def argument(self, call: Call, name: str, offset: int) -> Expression | None:
        names = [p[0] for p in self.function.parameters if p[1] in ("positional", "any")]
        position = names.index(name) - offset if name in names else None
        return call.argument(name, position if position is not None and position >= 0 else None)

    def default_of(self, call: Call, offset: int) -> Default:
        """The default that holds for one call of the function."""
        given = self._given(call, offset)
        if self._raises(call, offset, given):
            return Default(SAID_MISSING)
        if given is not None:
            return literal(given)
        if self.default.kind == COMPUTED and self.fallback is not None and self.fallback[0] == "name":
            return Default(NONE)
        return self.default

    def _given(self, call: Call, offset: int) -> Expression | None:
        """What the call says should be given instead: the argument that the function gives back as it is."""
        instead = set(self._given_back())
        for parameter in self.function.parameters:
            if parameter[0] in instead and parameter[0] != self.parameter:
                return self.argument(call, parameter[0], offset) or parameter[3]
        return None

    def _given_back(self) -> Iterator[str]:
        """The names that stand for the value where the variable is missing: the default of the look-up, what is
        returned, and what is assigned on the way."""
        given = [self.fallback] if self.fallback is not None else []
        for statement in statements_in(self.function.body):
            if statement[0] in ("return", "assign"):
                given.append(statement[-1])
        for expression in given:
            for part in _alternatives(expression):
                if part[0] == "name":
                    yield part[2]

    def _raises(self, call: Call, offset: int, given: Expression | None) -> bool:
        """Whether a raise of the function fires when the variable is missing."""
        if self.default.kind == SAID_MISSING:
            return given is None or (given[0] == "const" and given[2] is None)
        for conditions in _raises(self.function.body, ()):
            outcomes = [self._truth(test, outcome, call, offset) for test, outcome in conditions]
            if False not in outcomes:
                return True
        return False

    def _truth(self, test: Expression, outcome: bool, call: Call, offset: int) -> bool | None:
        """Whether a condition holds for the call; None where that is not known."""
        if test[0] == "unary" and test[2] == "Not":
            return self._truth(test[3], not outcome, call, offset)
        if test[0] == "bool":
            parts = [self._truth(part, True, call, offset) for part in test[3]]
            decided = test[2] != "And"
            value = decided if decided in parts else None if None in parts else not decided
            return None if value is None else value is outcome
        empty_if = False
        subject = test
        if test[0] == "cmp" and len(test[3]) == 1 and test[4][0][0] == "const" and test[4][0][2] in (None, ""):
            subject, empty_if = test[2], test[3][0] in ("Is", "Eq")
        if subject[0] != "name":
            return None
        parameter = next((p for p in self.function.parameters if p[0] == subject[2]), None)
        if parameter is None:
            return empty_if is outcome  # the looked-up value, which is missing
        given = self.argument(call, subject[2], offset) or parameter[3]
        if given is None or given[0] != "const":
            return None
        is_empty = given[2] is None or given[2] is False or given[2] == ""
        return (is_empty if empty_if else not is_empty) is outcome


def _alternatives(expression: Expression | None) -> Iterator[Expression]:
    """What an expression may give: `a or b` gives either, `kind(a)` and `a.strip()` what becomes of it."""
    if expression is None:
        return
    if expression[0] == "bool":
        for part in expression[3]:
            yield from _alternatives(part)
    elif expression[0] == "ifexp":
        yield from _alternatives(expression[3])
        yield from _alternatives(expression[4])
    elif expression[0] == "call" and expression[2][0] == "name" and expression[3]:
        yield from _alternatives(expression[3][-1])
    elif expression[0] == "call" and expression[2][0] == "attr" and not expression[3]:
        yield from _alternatives(expression[2][2])
    else:
        yield expression


def _raises(
    body: tuple[Statement, ...], conditions: tuple[tuple[Expression, bool], ...]
) -> Iterator[tuple[tuple[Expression, bool], ...]]:
    """The conditions of each `raise` (or exit) in a body."""
    for statement in body:
        if is_failure(statement):
            yield conditions
        elif statement[0] == "if":
            yield from _raises(statement[3], (*conditions, (statement[2], True)))
            yield from _raises(statement[4], (*conditions, (statement[2], False)))
        elif statement[0] == "try":
            for handler in statement[3]:
                yield from _raises(handler[2], conditions)
        elif statement[0] == "with":
            yield from _raises(statement[3], conditions)


def stated_default(place: Read, default: Default) -> Default:
    """The default of a look-up with what is written around it for a missing variable: `getenv("KEY") or "dev"`,
    `environ["KEY"] if "KEY" in environ else None`, `except KeyError: KEY = None`."""
    parent = place.parents[-1]
    if default.kind in (NONE, EMPTY) and parent[0] == "bool" and parent[2] == "Or":
        last = parent[3][-1]
        return literal(last) if last[0] == "const" and isinstance(last[2], str) and last[2] else default
    if default.kind != SAID_MISSING:
        return default
    if parent[0] == "ifexp" and parent[3] is place.expression and parent[2][0] == "cmp" and parent[2][3] == ("In",):
        return literal(parent[4]) if parent[4][0] == "const" else default
    if parent[0] == "assign" and place.tries:
        for kind, _, body, _ in place.tries[-1][3]:
            if _catches_missing(kind):
                return next(_assigned(body, parent[2]), _kept(place, parent[2], body) or default)
    return default


def _kept(place: Read, targets: tuple[Expression, ...], body: tuple[Statement, ...]) -> Default | None:
    """What a variable was before, where a handler leaves it so: `KEY = ""`, `try: KEY = environ["KEY"]`, `pass`."""
    if any(is_failure(statement) for statement in statements_in(body)):
        return None
    for target in targets:
        bound = place.scope.bindings.get(target[2], ()) if target[0] == "name" else ()
        before = [b.expression for b in bound if b.kind == "value" and b.statement is not place.statement]
        if len(bound) == 2 and before and before[0] is not None and before[0][0] == "const":
            return literal(before[0])
    return None


def _returned_instead(function: Function) -> Iterator[Default]:
    """What a function gives where its look-up raises: `except KeyError: return None`."""
    for statement in statements_in(function.body):
        for kind, _, body, _ in statement[3] if statement[0] == "try" else ():
            if _catches_missing(kind):
                for inner in body:
                    if inner[0] == "return":
                        yield Default(NONE) if inner[2] is None else literal(inner[2])


def _catches_missing(kind: Expression | None) -> bool:
    return kind is None or any(last_name(part) in ("KeyError", "Exception") for part in walk(kind))


def _assigned(body: tuple[Statement, ...], targets: tuple[Expression, ...]) -> Iterator[Default]:
    """What a block puts into the same variable, where that is written down."""
    names = [dotted(target) for target in targets]
    for statement in body:
        if statement[0] == "assign" and statement[3][0] == "const" and any(dotted(t) in names for t in statement[2]):
            yield literal(statement[3])


def is_failure(statement: Statement) -> bool:
    """A `raise`, or a call that ends the process."""
    if statement[0] == "raise":
        return True
    return statement[0] == "expr" and statement[2][0] == "call" and is_exit(statement[2])


def is_exit(call: Expression) -> bool:
    """`sys.exit(...)` and its like."""
    return last_name(call[2]) in ("exit", "_exit", "quit", "fatal", "critical_exit")


def literal(expression: Expression) -> Default:
    """A default that is written down."""
    if expression[0] == "const":
        value = expression[2]
        if value is None:
            return Default(NONE)
        if value is Ellipsis:
            return Default(SAID_MISSING)
        if not isinstance(value, str):
            return Default(COMPUTED)
        return Default(EMPTY) if value == "" else Default(LITERAL, value, expression)
    if expression[0] == "call" and last_name(expression[2]) in TYPES:
        return literal(expression[3][0]) if expression[3] else Default(EMPTY)
    return Default(COMPUTED, "", expression)
