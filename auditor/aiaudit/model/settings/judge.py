"""Which settings the service needs, and whether it notices at startup that one is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from aiaudit.finding import Step
from aiaudit.model.contexts import Reach
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.scopes import Call, Class, Function, Scope, last_name, walk
from aiaudit.model.service import Service
from aiaudit.model.settings.branches import ANSWERS, FALLBACK, FLAG, RAISES, WARNS, fails, swallows
from aiaudit.model.settings.clients import client_of, connects
from aiaudit.model.settings.lookups import COMPUTED, EMPTY, LITERAL, NONE, SAID_MISSING, Default, Source, sources
from aiaudit.model.settings.reads import Reads
from aiaudit.model.settings.trace import ARGUMENT, COMPARED, MISSING, REFUSED, STORED, Tracer, Use, is_guarded
from aiaudit.model.settings.words import (
    is_credential,
    is_knob,
    is_optional,
    is_provider_key,
    is_signing_secret,
    is_stand_in,
    is_store_address,
)
from aiaudit.model.values import Constant, External
from aiaudit.sources.python.facts import Expression, Statement
from aiaudit.sources.secrets.names import kind_of_name
from aiaudit.span import Span
from aiaudit.values import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A setting that the service needs and whose absence does not stop its start.

    `default` is "none", "empty" or "literal" (a stand-in, `text`) or "raises" (the lookup itself raises, in a request).
    `is_field`: a field of a settings class; `in_request`: the reach of a lookup that only requests get to; `answered`:
    a request is told that it is missing; `warned`: the log is; `need` is what it is needed for, `steps` the evidence.
    """

    name: str
    span: Span
    default: str
    text: str
    is_field: bool
    in_request: Reach | None
    answered: bool
    warned: bool
    need: str
    steps: tuple[Step, ...]


def settings_of(service: Service) -> list[Setting]:
    """All such settings of a service."""
    return list(_Judge(python_side(service)).settings())


class _Judge:
    def __init__(self, side: PythonSide) -> None:
        self.side = side
        self.contexts = side.contexts
        modules = [module for module in side.program.modules if module.path in side.routing.live]
        self.reads = Reads(side.program, modules)
        self.tracer = Tracer(side, self.reads)
        self.sources = list(sources(side, self.reads))
        self.reads.prepare({name for s in self.sources for name in (s.name, s.name.lower(), s.field) if name})
        self.by_expression = {id(s.read.expression): s for s in self.sources if s.read is not None}
        self.early_calls: dict[int, list[Call]] | None = None
        self.uses = {id(s): self.tracer.uses(s) for s in self.sources if self.concerns(s)}
        self.checked = self.checked_names()
        self.implicit = self.implicit_clients()

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

    def settings(self) -> Iterable[Setting]:
        said: set[tuple[str, int]] = set()
        for source in self.sources:
            found = self.judge(source)
            if found is not None and (found.span.path, found.span.line) not in said:
                said.add((found.span.path, found.span.line))
                yield found

    # Is its absence noticed at startup?

    def checked_names(self) -> set[str]:
        """Names of settings whose absence stops the start, wherever that is noticed."""
        found = self.names_checked_by_themselves()
        for source in self.sources:
            default = self.default_of(source)
            if default.kind == COMPUTED or (source.read is not None and not self.is_early(source.scope)):
                if not any(self.stops_start(use, default) for use in self.uses.get(id(source), ())):
                    continue
                found.update(source.names)
            elif default.kind == SAID_MISSING:
                if source.read is None or not swallows(source.read.tries):
                    found.update(source.names)
            elif any(self.stops_start(use, default) for use in self.uses[id(source)]) or self.is_validated(source):
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
        for call in self.side.program.calls_by_name.get("getattr", ()):
            if len(call.arguments) > 1 and call.arguments[1][0] != "const":
                named.append((call.arguments[1], call.scope))
        for name, scope in named:
            if fails(scope) and self.is_early(scope):
                found.update(v.value for v in evaluator.evaluate(name, scope) if isinstance(v, Constant) and v.value)
        return found

    def is_early(self, scope: Scope) -> bool:
        """Whether a scope runs at import or startup, and what fails there is not swallowed on the way."""
        reach = self.contexts.before_requests(scope)
        return reach is not None and not self.is_swallowed(reach)

    def is_swallowed(self, reach: Reach) -> bool:
        for link in reach.chain():
            call = link.edge.call if link.edge is not None else None
            if call is not None and swallows(_tries_around(call)):
                return True
        return False

    def stops_start(self, use: Use, default: Default) -> bool:
        """Whether a use fails at startup while the setting has its default."""
        if not self.is_early(use.read.scope) or swallows(use.read.tries):
            return False
        if use.kind == MISSING:
            return use.outcome in (RAISES, ANSWERS)
        if use.guarded:
            return False
        if use.kind == REFUSED:
            return not is_guarded(use.read, use.keys, frozenset()) and (use.missing or default.kind) == NONE
        if use.kind == STORED and "os.environ" in use.paths:
            return (use.missing or default.kind) == NONE
        return use.kind == ARGUMENT and self.refuses(use, default)

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
        return use.call is not None and self.is_connected_early(use.call)

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
                    for part in (call.expression[2], *call.arguments, *(value for _, value in call.keywords)):
                        if part[0] not in ("attr", "name", "call"):
                            continue
                        if part is not call.expression[2] and last_name(call.expression[2]) not in _WORKING:
                            continue
                        for value in evaluator.evaluate(part, scope):
                            if isinstance(value, External):
                                self.add_origins(value, call, found)
        return found

    def add_origins(self, value: External, call: Call, found: dict[int, list[Call]]) -> None:
        link: object = value
        while isinstance(link, External):
            if link.origin is not None and link.origin is not call and last_name(call.expression[2]) in _WORKING:
                found[id(link.origin)].append(call)
            link = link.base

    def is_validated(self, source: Source) -> bool:
        """Whether a validator of a settings class raises over a field."""
        if source.cls is None:
            return False
        for cls in self.side.evaluator.lineage(source.cls)[0]:
            for method in cls.functions:
                if self.validates(method, source.field) and self.may_fail(method, cls):
                    return True
        return False

    def is_assembled(self, source: Source) -> bool:
        """Whether a validator puts a value together from other settings where none is given."""
        if source.cls is None:
            return False
        return any(
            self.validates(method, source.field) and any(_is_built(value) for value, _ in method.returns)
            for cls in self.side.evaluator.lineage(source.cls)[0]
            for method in cls.functions
        )

    def may_fail(self, method: Function, cls: Class) -> bool:
        """Whether a validator raises, itself or in a method of the class that it names."""
        if fails(method):
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
        return method.name in ("model_post_init", "__post_init__") and _mentions(method, name)

    # Is it needed?

    def implicit_clients(self) -> dict[str, tuple[list[Call], list[Call]]]:
        """Environment variable -> clients that read it themselves: refusing ones made at startup, ones of requests."""
        found: dict[str, tuple[list[Call], list[Call]]] = defaultdict(lambda: ([], []))
        for name, calls in self.side.program.calls_by_name.items():
            for call in calls if name[:1].isupper() or name == "configure" else ():
                self.note_implicit(call, found)
        return found

    def note_implicit(self, call: Call, found: dict[str, tuple[list[Call], list[Call]]]) -> None:
        for value in self.side.evaluator.evaluate(call.expression[2], call.scope):
            client = client_of(value.path) if isinstance(value, External) else None
            if client is None or not client.variables:
                continue
            if any(client.parameters.fullmatch(key or "") for key, _ in call.keywords) or call.spreads:
                continue
            if call.arguments and client.parameters.fullmatch("api_key") and call.arguments[0][0] != "const":
                continue
            early = self.is_early(call.scope) and client.refuses_none
            late = self.contexts.in_request(call.scope) is not None
            for variable in client.variables:
                if early:
                    found[variable][0].append(call)
                elif late:
                    found[variable][1].append(call)

    def judge(self, source: Source) -> Setting | None:
        """What is wrong with one setting, None for nothing."""
        default = self.default_of(source)
        if default.kind == COMPUTED or (default.kind == LITERAL and not is_stand_in(source.names[-1], default.text)):
            return None
        request = self.contexts.in_request(source.scope) if source.read is not None else None
        early = self.contexts.before_requests(source.scope)
        if source.read is not None and early is None and request is None:
            return None
        late = request if early is None else None
        if any(name in self.checked for name in source.names) or self.is_assembled(source):
            return None
        if default.kind in (NONE, SAID_MISSING) and any(self.implicit[name][0] for name in source.names):
            return None
        if default.kind == SAID_MISSING:
            if late is None or source.read is None or not self.matters(source):
                return None
            return self.setting(source, default, late, "", ())
        return self.need(source, default, late)

    def matters(self, source: Source) -> bool:
        return is_credential(source.name) and not is_optional(source.name)

    def need(self, source: Source, default: Default, late: Reach | None) -> Setting | None:
        uses = self.uses[id(source)]
        tests = [use for use in uses if use.kind == MISSING]
        outcomes = {use.outcome for use in tests if self.is_live(use)}
        consumed = [use for use in uses if use.kind in (ARGUMENT, STORED, COMPARED) and self.is_live(use)]
        plain = [use for use in consumed if not use.guarded]
        answered = [use for use in tests if use.outcome in (ANSWERS, RAISES) and self.in_request(use)]
        if any(use.outcome == FALLBACK and self.is_live(use) for use in tests):
            return None
        credential = is_credential(source.name) or is_credential(source.field)
        if default.kind == LITERAL and source.cls is not None and not uses and is_signing_secret(source.field):
            return self.setting(source, default, late, "whatever is signed", ())
        names = source.names[0]
        if credential and (is_provider_key(names) or not is_optional(names)):
            if FLAG in outcomes and not is_provider_key(names):
                return None
            if answered and default.kind != LITERAL and not self.is_tool(answered[0]):
                return self.setting(source, default, late, "a request", (answered[0],), answered=True)
            for use in plain:
                if self.counts(use, default):
                    return self.setting(source, default, late, _purpose(use), (use,))
            if WARNS in outcomes and consumed and (late is not None or is_provider_key(names)):
                return self.setting(source, default, late, _purpose(consumed[0]), (consumed[0],), warned=True)
            if not uses and is_provider_key(names) and source.read is not None:
                for variable in source.names:
                    calls = self.implicit[variable][1]
                    if calls:
                        return self.setting(source, default, late, last_name(calls[0].expression[2]), ())
        if credential or (is_optional(names) and kind_of_name(names) is not None):
            return None
        if is_knob(names) and default.kind != LITERAL:
            return None
        if source.cls is not None and default.kind == NONE and not is_store_address(names):
            return None  # `X: str | None = None` in a settings class says that it is optional
        for use in plain:
            if self.counts(use, default) and (self.is_connection(use, default) or is_store_address(names)):
                return self.setting(source, default, late, _purpose(use), (use,))
        return None

    def is_live(self, use: Use) -> bool:
        return self.contexts.before_requests(use.read.scope) is not None or self.in_request(use)

    def in_request(self, use: Use) -> bool:
        return self.contexts.in_request(use.read.scope) is not None

    def is_tool(self, use: Use) -> bool:
        """Whether an agent's tool reports that it is not configured: the agent goes on without it."""
        scope = use.read.scope
        return isinstance(scope, Function) and scope.has_decorator("tool", "function_tool")

    def counts(self, use: Use, default: Default) -> bool:
        """Whether a use needs a real value."""
        if use.kind == STORED:
            return True
        if use.kind == COMPARED:
            return default.kind != NONE or self.in_request(use)
        name = last_name(use.call.expression[2]) if use.call is not None else ""
        if name in _HARMLESS and not (name in _VERBS and use.paths):
            return False
        return not any(path.startswith(_HARMLESS_PATHS) for path in use.paths)

    def is_connection(self, use: Use, default: Default) -> bool:
        """Whether a use names what a client connects to or works with."""
        if use.kind != ARGUMENT or use.call is None or (is_knob(use.parameter) and default.kind != LITERAL):
            return False
        for path in use.paths:
            entry = self.side.knowledge.find(path)
            if entry is not None and entry.purpose == "http":
                return default.kind != EMPTY
            if entry is not None and (entry.cost in ("network-client", "connection-pool") or entry.blocking):
                return True
            if connects(path) or path.startswith(("boto3.", "aioboto3.")) or client_of(path) is not None:
                return True
        return False

    def setting(
        self,
        source: Source,
        default: Default,
        late: Reach | None,
        need: str,
        uses: tuple[Use, ...],
        *,
        answered: bool = False,
        warned: bool = False,
    ) -> Setting:
        steps: list[Step] = list(late.steps()) if late is not None else []
        for use in uses:
            reach = self.contexts.in_request(use.read.scope)
            if late is None and reach is not None:
                steps.extend(reach.steps())
            steps.append(Step("is tested for here" if answered else "is used here", use.read.span))
        return Setting(
            source.name,
            source.span,
            default.kind,
            default.text,
            source.read is None,
            late,
            answered,
            warned,
            need,
            tuple(steps),
        )


_WORKING = frozenset(
    ("begin", "connect", "create_all", "run_sync", "execute", "ping", "acquire", "server_info", "list_collection_names",
     "command", "upgrade", "init_beanie", "get_collections", "list_collections", "raw_connection", "scalar", "open",
     "admin", "create_index", "find_one", "list_database_names", "create_tables", "generate_schemas")
)  # fmt: skip
_HARMLESS = frozenset(
    ("get", "append", "add", "add_argument", "set", "bool", "join", "format", "replace", "update", "setdefault",
     "TemplateResponse", "getLogger", "mask", "startswith", "endswith", "bind", "Info", "set_tag", "Option", "Argument")
)  # fmt: skip
_VERBS = ("get", "set", "update", "bind")
_HARMLESS_PATHS = ("builtins.", "logging.", "loguru.", "structlog.", "pathlib.", "os.path.", "rich.", "click.", "re.")


def _tries_around(call: Call) -> tuple[Statement, ...]:
    return tuple(link.node for link in call.around if link.kind == "try")


def _purpose(use: Use) -> str:
    """What a setting is used for, in words for a message."""
    if use.kind == COMPARED:
        return "a comparison"
    if use.kind == STORED:
        return use.paths[0] if use.paths else (use.parameter or "a structure")
    name = _written(use.call) if use.call is not None else ""
    return f"{name}()" if name else "a call"


def _written(call: Call) -> str:
    expression: Expression = call.expression[2]
    names: list[str] = []
    while expression[0] == "attr":
        names.insert(0, expression[3])
        expression = expression[2]
    if expression[0] == "name":
        names.insert(0, expression[2])
    return ".".join(names[-2:])


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
