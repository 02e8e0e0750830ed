"""Whether the start notices that a setting is missing: checks, refusals, connections, validators."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from aiaudit.model.contexts import Reach
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name, walk
from aiaudit.model.settings.branches import ANSWERS, RAISES, fails, swallows
from aiaudit.model.settings.clients import client_of, connects
from aiaudit.model.settings.emptiness import key_of
from aiaudit.model.settings.fields import VALIDATING_DEFAULTS, asks_for_length, is_too_short, sources
from aiaudit.model.settings.lookups import COMPUTED, EMPTY, NONE, SAID_MISSING, Default, Source
from aiaudit.model.settings.passing import lets_pass, runs_through, validated_name
from aiaudit.model.settings.reads import Read, Reads
from aiaudit.model.settings.scripts import refused_by_scripts
from aiaudit.model.settings.told import is_refused, tells
from aiaudit.model.settings.trace import Tracer
from aiaudit.model.settings.uses import ARGUMENT, FIELD, MISSING, REFUSED, STORED, Use, is_guarded
from aiaudit.model.settings.validators import refuses_missing
from aiaudit.model.settings.verified import answered_by, is_certain, shows_wrong_key
from aiaudit.model.settings.ways import ends_process
from aiaudit.model.syntax import statements_in
from aiaudit.model.values import ClassValue, Constant, External, FunctionValue
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Statement

# What works with a connection, on an engine, pool or client that was made without one.
_WORKING = frozenset(
    ("begin", "connect", "create_all", "run_sync", "execute", "ping", "acquire", "server_info", "list_collection_names",
     "command", "upgrade", "init_beanie", "get_collections", "list_collections", "raw_connection", "scalar", "open",
     "admin", "create_index", "find_one", "list_database_names", "create_tables", "generate_schemas")
)  # fmt: skip
# Of these, those that are given a statement rather than what they work on.
_STATING = frozenset(("execute", "scalar", "command", "find_one"))
# What makes all names of the environment a collection of its own.
_ALL_NAMES = ("set", "frozenset", "keys", "list")
# Stores whose indexes, collections, buckets and queues have names.
_NAMED_IN = ("vector", "index", "datastore", "storage", "queue", "search")
_NAMING = regex(r"(?i)name|index|collection|bucket|queue|topic|table|container")


class Startup:
    """Looks at every use that startup code makes of a setting."""

    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.contexts = side.contexts
        self.evaluator = side.evaluator
        modules = [module for module in side.program.modules if module.path in side.routing.live]
        self.reads = Reads(side.program, modules)
        self.tracer = Tracer(side, self.reads)
        self.sources = list(sources(side, self.reads))
        self.reads.prepare({name for s in self.sources for name in (s.name, s.name.lower(), s.field) if name})
        self.by_expression = {id(s.read.expression): s for s in self.sources if s.read is not None}
        self.early_calls: dict[int, list[Call]] | None = None
        self.uses = {id(s): self.tracer.uses(s) for s in self.sources if self.concerns(s)}
        self.checked = self.checked_names()

    def concerns(self, source: Source) -> bool:
        """Whether its uses matter: it may be missing, or its own lookup is what notices that."""
        return self.default_of(source).kind != COMPUTED

    def default_of(self, source: Source, depth: int = 3) -> Default:
        """The default in force: `getenv("A", B)` has that of B."""
        default = source.default
        if default.kind != COMPUTED or default.expression is None or depth == 0:
            return default
        found = [self.by_expression.get(id(default.expression))]
        for expression, _ in self.side.evaluator.definitions(default.expression, source.scope):
            found.append(self.by_expression.get(id(expression)))
            if expression[0] == "const" and expression[2] == "":
                return Default(EMPTY)
        for other in found:
            if other is not None and other is not source:
                inherited = self.default_of(other, depth - 1)
                return Default(NONE) if inherited.kind == SAID_MISSING else inherited
        return default

    def checked_names(self) -> set[str]:
        """Names of settings whose absence stops the start, wherever that is noticed."""
        self.checked_elsewhere = self.names_checked_by_themselves() | refused_by_scripts(self.side.program)
        found = set(self.checked_elsewhere)
        for source in self.sources:
            default = self.default_of(source)
            if default.kind == COMPUTED or (source.read is not None and not self.is_early(source.scope)):
                if not any(self.stops_start(use, default) for use in self.uses.get(id(source), ())):
                    continue
                found.update(source.names)
            elif default.kind == SAID_MISSING:
                if source.read is None or not swallows(source.read.tries):
                    found.update(source.names)
            elif any(self.stops_start(use, default) for use in self.uses[id(source)]) or self.is_validated(
                source, default
            ):
                found.update(source.names)
        return found

    def names_checked_by_themselves(self) -> set[str]:
        """Names that startup code looks for without reading them: `"X" in os.environ`, `getattr(settings, name)`."""
        found: set[str] = set()
        evaluator = self.side.evaluator
        named: list[tuple[Expression, Scope]] = []
        for read in self.reads.of("environ"):
            parent = read.parents[-1]
            if parent[0] == "cmp" and parent[3][0] in ("In", "NotIn") and parent[2] is not read.expression:
                named.append((parent[2], read.scope))
            named.extend((item, read.scope) for item in self.subtracted(read))
        for call in self.side.program.calls_by_name.get("getattr", ()):
            if len(call.arguments) > 1 and call.arguments[1][0] != "const":
                named.append((call.arguments[1], call.scope))
        for name, scope in named:
            if fails(scope) and self.is_early(scope):
                found.update(v.value for v in evaluator.evaluate(name, scope) if isinstance(v, Constant) and v.value)
        return found

    def subtracted(self, read: Read) -> Iterator[Expression]:
        """The names that the environment is taken from, or must have: `{"KEY"} - set(environ)`,
        `REQUIRED <= environ.keys()`, `REQUIRED.difference(environ)`."""
        child = read.expression
        for parent in reversed(read.parents):
            if parent[0] == "bin" and parent[2] == "Sub" and parent[4] is child:
                yield from self.items(parent[3], read.scope)
            elif parent[0] == "cmp" and parent[3] in (("LtE",), ("Lt",)) and parent[4][0] is child:
                yield from self.items(parent[2], read.scope)
            elif parent[0] == "call" and last_name(parent[2]) in ("difference", "issubset") and child in parent[3]:
                yield from self.items(parent[2][2], read.scope) if parent[2][0] == "attr" else ()
            elif parent[0] != "attr" and (parent[0] != "call" or last_name(parent[2]) not in _ALL_NAMES):
                return
            child = parent

    def items(self, collection: Expression, scope: Scope) -> Iterator[Expression]:
        """The items of a collection that is written down."""
        if collection[0] == "call" and last_name(collection[2]) in ("set", "frozenset") and collection[3]:
            collection = collection[3][0]
        written = [collection, *(expression for expression, _ in self.evaluator.definitions(collection, scope))]
        for one in written:
            if one[0] in ("list", "set", "tuple"):
                yield from one[2]

    def is_early(self, scope: Scope) -> bool:
        """Whether a scope runs at import or startup, and what fails there is not swallowed on the way."""
        reaches = [self.contexts.reach(kind, scope) for kind in ("startup", "import")]
        return any(reach is not None and not self.is_swallowed(reach) for reach in reaches)

    def is_swallowed(self, reach: Reach) -> bool:
        for link in reach.chain():
            call = link.edge.call if link.edge is not None else None
            if call is not None and swallows(_tries_around(call)):
                return True
        return False

    def stops_start(self, use: Use, default: Default) -> bool:
        """Whether a use fails at startup while the setting has its default."""
        if use.kind == MISSING and use.outcome == RAISES and ends_process(use.read.scope):
            return self.contexts.in_request(use.read.scope) is None
        if not self.is_early(use.read.scope) or swallows(use.read.tries):
            return False
        if use.kind == MISSING:
            return use.outcome in (RAISES, ANSWERS) or self.is_told(use)
        if use.guarded:
            return False
        if use.kind == REFUSED:
            guarded = is_guarded(use.read, use.keys, frozenset(), self.side.evaluator)
            return not guarded and (use.missing or default.kind) == NONE
        if use.kind == FIELD:
            return self.is_refused_by_model(use, default)
        if use.kind == STORED and "os.environ" in use.paths:
            return (use.missing or default.kind) == NONE
        return use.kind == ARGUMENT and self.refuses(use, default)

    def is_told(self, use: Use) -> bool:
        """Whether a function says that a value is missing, and the startup code that asks it refuses to go on:
        `if not is_configured(): sys.exit(1)`, `missing = missing_settings()`, `if missing: raise`."""
        function = use.read.scope
        if not isinstance(function, Function) or not tells(use.read.statement, use.outcome):
            return False
        callers = [call for call, _, shift in self.evaluator.callers(function) if not shift]
        return any(self.is_early(call.scope) and is_refused(call) for call in callers)

    def refuses(self, use: Use, default: Default) -> bool:
        """Whether a call that gets the default value raises."""
        for path in use.paths:
            if connects(path):
                return True
            client = client_of(path)
            if client is not None and client.parameters.fullmatch(use.parameter) and not use.derived:
                refused = {NONE: client.refuses_none, EMPTY: client.refuses_empty}
                if refused.get(use.missing or default.kind, False):
                    return True
            if self.asks_for(path, use):
                return True
        return use.call is not None and self.is_connected_early(use.call)

    def asks_for(self, path: str, use: Use) -> bool:
        """Whether a store is asked for, or told to make, what the setting names: it knows nothing without a name."""
        entry = self.side.knowledge.find(path)
        if entry is None or entry.kind != "call" or entry.purpose not in _NAMED_IN or entry.cost == "cheap":
            return False
        first = use.call is not None and use.call.arguments[:1] == (use.read.expression,)
        about_itself = all(any(key_of(part) in use.keys for part in walk(test)) for test, _ in use.read.conditions)
        return about_itself and not use.derived and (first or bool(_NAMING.search(use.parameter)))

    def is_connected_early(self, call: Call) -> bool:
        """Whether what a call makes is used at startup, outside of a `try` that goes on."""
        if self.early_calls is None:
            self.early_calls = self.calls_on_early_objects()
        return bool(self.early_calls.get(id(call)))

    def calls_on_early_objects(self) -> dict[int, list[Call]]:
        """Origin of an object -> calls at startup that use the object."""
        found: dict[int, list[Call]] = defaultdict(list)
        evaluator = self.side.evaluator
        for kind in ("startup", "import"):
            for reaches in self.contexts.reached[kind].values():
                scope = reaches[0].scope
                if kind == "import" and isinstance(scope, Class):
                    continue
                for call in scope.calls:
                    if swallows(_tries_around(call)) or not self.is_early(scope):
                        continue
                    for request in answered_by(call, evaluator) if is_certain(call, reaches[0]) else ():
                        found[id(request)].append(call)
                    for part in (call.expression[2], *call.arguments, *(value for _, value in call.keywords)):
                        if part[0] not in ("attr", "name", "call"):
                            continue
                        if part is not call.expression[2] and call.name not in _WORKING - _STATING:
                            continue
                        for value in evaluator.evaluate(part, scope):
                            if isinstance(value, External):
                                self.add_origins(value, call, reaches[0], found)
        return found

    def add_origins(self, value: External, call: Call, reach: Reach, found: dict[int, list[Call]]) -> None:
        verifies = shows_wrong_key(value) and is_certain(call, reach)
        if call.name not in _WORKING and not verifies:
            return
        link: object = value
        while isinstance(link, External):
            if link.origin is not None and link.origin is not call:
                found[id(link.origin)].append(call)
            link = link.base

    def is_validated(self, source: Source, default: Default) -> bool:
        """Whether a validator of a settings class raises over a field, and would over its default."""
        if source.cls is None:
            return False
        given = None if default.kind == NONE else default.text
        if default.kind == EMPTY and is_too_short(source) and self.evaluator.inherits(source.cls, *VALIDATING_DEFAULTS):
            return True
        return self.validators_refuse(source.cls, source.field, given)

    def validators_refuse(self, cls: Class, field: str, given: str | None) -> bool:
        """Whether a validator of a class raises over what a field is given."""
        for owner in self.side.evaluator.lineage(cls)[0]:
            for method in owner.functions:
                if refuses_missing(method, field):
                    return True
                if not self.validates(method, field):
                    continue
                failing = self.failing_calls(method, given)
                if (failing or self.may_fail(method, owner)) and not lets_pass(method, given, failing):
                    return True
        return False

    def is_refused_by_model(self, use: Use, default: Default) -> bool:
        """Whether a pydantic model that is made with the default of a setting refuses it: by a least length, or by a
        validator that raises."""
        missing = use.missing or default.kind
        if use.call is None or missing not in (NONE, EMPTY):
            return False
        for value in self.evaluator.callees(use.call):
            if not isinstance(value, ClassValue):
                continue
            lineage = self.evaluator.lineage(value.cls)[0]
            declared = next((cls.bindings[use.parameter][0] for cls in lineage if use.parameter in cls.bindings), None)
            if missing == EMPTY and declared is not None and asks_for_length(declared.annotation, declared.expression):
                return True
            if self.validators_refuse(value.cls, use.parameter, "" if missing == EMPTY else None):
                return True
        return False

    def failing_calls(self, method: Function, given: str | None) -> frozenset[int]:
        """The calls that a validator hands its value on with and that may raise over it: of functions that do, and of
        what a variable holds that nobody knows."""
        name = validated_name(method)
        return frozenset(
            id(call.expression)
            for call in method.calls
            for position, argument in enumerate(call.arguments)
            if argument[0] == "name" and argument[2] == name and self.may_refuse(call, position, given)
        )

    def may_refuse(self, call: Call, position: int, given: str | None) -> bool:
        """Whether what is called may raise over a value that it gets as one of its arguments."""
        callees = list(self.side.evaluator.callees(call))
        for callee in callees:
            if isinstance(callee, FunctionValue) and fails(callee.function):
                names = [p[0] for p in callee.function.parameters if p[0] != callee.function.self_name]
                if position >= len(names) or runs_through(callee.function.body, names[position], given) is False:
                    return True
        root = call.expression[2]
        while root[0] == "attr":
            root = root[2]
        is_local = root[0] == "name" and root[2] in call.scope.bindings
        return is_local and not any(isinstance(callee, FunctionValue) for callee in callees)

    def is_assembled(self, source: Source) -> bool:
        """Whether a validator puts a value together from other settings where none is given."""
        if source.cls is None:
            return False
        return any(
            self.validates(method, source.field) and any(_is_built(value) for value, _ in method.returns)
            for cls in self.side.evaluator.lineage(source.cls)[0]
            for method in cls.functions
        )

    def is_replaced(self, source: Source) -> bool:
        """Whether startup puts what a function of the program finds or makes in the place of a field's value:
        `settings.signing_key = resolve_signing_key(settings.signing_key)`."""
        if source.cls is None:
            return False
        evaluator = self.side.evaluator
        return any(
            store.how == "attribute"
            and store.value is not None
            and store.value[0] == "call"
            and self.is_early(store.scope)
            and any(isinstance(value, FunctionValue) for value in evaluator.evaluate(store.value[2], store.scope))
            and evaluator.store_class(store, [source.cls])
            for store in self.side.program.stores_by_attribute.get(source.field, ())
        )

    def may_fail(self, method: Function, cls: Class) -> bool:
        """Whether a validator raises or asserts, or raises in a method of the class that it names."""
        if fails(method) or any(statement[0] == "assert" for statement in statements_in(method.body)):
            return True
        return any(fails(other) and _mentions(method, other.name) for other in cls.functions if other is not method)

    def validates(self, method: Function, name: str) -> bool:
        for decorator in method.decorators:
            if decorator[0] != "call":
                if last_name(decorator) in ("root_validator", "model_validator"):
                    return _mentions(method, name)
                continue
            kind = last_name(decorator[2])
            if kind in ("field_validator", "validator"):
                given = [a[2] for a in decorator[3] if a[0] == "const"]
                return name in given or "*" in given
            if kind in ("model_validator", "root_validator"):
                return _mentions(method, name)
        return method.name in ("model_post_init", "__post_init__", "__attrs_post_init__") and _mentions(method, name)


def _tries_around(call: Call) -> tuple[Statement, ...]:
    return tuple(link.node for link in call.around if link.kind == "try")


def _is_built(value: Expression) -> bool:
    """A call of a maker, or a text put together: not the value that came in."""
    return value[0] in ("fstr", "bin") or (value[0] == "call" and last_name(value[2]) in ("build", "str", "format"))


def _mentions(function: Function, name: str) -> bool:
    """Whether a function reads an attribute or key of that name."""
    pending = [part for statement in function.body for part in _parts(statement)]
    return any(
        (part[0] == "attr" and part[3] == name) or (part[0] == "const" and part[2] == name)
        for expression in pending
        for part in walk(expression)
    )


def _parts(node: object) -> Iterable[Expression]:
    if isinstance(node, tuple) and node:
        if isinstance(node[0], str) and len(node) > 1 and isinstance(node[1], tuple) and node[0] in _EXPRESSIONS:
            yield node
            return
        for part in node:
            yield from _parts(part)


_EXPRESSIONS = frozenset(
    ("name", "attr", "const", "call", "bool", "cmp", "unary", "sub", "comp", "bin", "fstr", "ifexp")
)
