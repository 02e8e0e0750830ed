"""Secrets that are printed or logged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.finding import Confidence, Step
from aiaudit.model.python import PythonSide, python_side
from aiaudit.model.scopes import Call, Class, Module, Scope, last_name
from aiaudit.model.service import Service
from aiaudit.model.settings import SettingsClass
from aiaudit.model.settings.words import is_credential, is_store_address
from aiaudit.model.values import Constant, External, Instance, Value
from aiaudit.sources.python.facts import Expression
from aiaudit.sources.secrets.names import words_of
from aiaudit.span import Span
from aiaudit.values import dataclass

_PRINTING = frozenset(
    (
        "builtins.print",
        "pprint.pprint",
        "rich.print",
        "click.echo",
        "typer.echo",
        "sys.stdout.write",
        "sys.stderr.write",
    )
)
_PRINTING_NAMES = frozenset(path.rpartition(".")[2] for path in _PRINTING)
_LOGGING = ("logging.", "loguru.", "structlog.", "flask.Flask().logger.", "flask.current_app.logger.")
_LEVELS = frozenset(("debug", "info", "warning", "warn", "error", "critical", "exception", "log", "success", "trace"))
_NAMES = _LEVELS | _PRINTING_NAMES
_LOGGERS = frozenset(("logger", "log", "logging", "_logger", "_log", "LOGGER", "LOG", "lib_logger"))
# Calls that show what they are given, as it is.
_SHOWING = frozenset(
    ("str", "repr", "format", "dumps", "dict", "vars", "list", "pformat", "strip", "join", "asdict", "decode")
)
_DUMPING = frozenset(("model_dump", "model_dump_json", "dict", "json", "__dict__", "_asdict", "copy", "items"))
_LOOKUPS = ("os.getenv", "os.environ.get", "decouple.config")
# Words of names that are about credentials and hold none.
_ABOUT = frozenset(("total", "num", "count", "number", "has", "is", "use", "uses", "needs", "requires", "valid"))
# Whose keys and tokens tell one of them from another, and open nothing: `client_key`, `lock_token`.
_TOLD_APART = frozenset(("client", "request", "lock", "local", "remote", "page", "cursor", "sort", "group", "cache"))
# Stores whose addresses mostly hold no credentials: they stand inside of the network, or take a key beside it.
_OPEN_STORES = frozenset(
    ("redis", "valkey", "cache", "memcached", "broker", "celery", "qdrant", "chroma", "weaviate", "milvus", "elastic",
     "elasticsearch", "opensearch", "neo4j")
)  # fmt: skip
_DEPTH = 4


@dataclass(frozen=True, slots=True, eq=False)
class PrintedSecret:
    """A call that shows a secret: `what` it is, `made` where it comes from, if that is somewhere else."""

    span: Span
    what: str
    how: str
    made: Step | None
    confidence: Confidence


def printed_secrets(service: Service) -> list[PrintedSecret]:
    """All of them in code that runs, one a call."""
    side = python_side(service)
    classes = {id(settings.cls): settings for settings in service.subjects(SettingsClass)}
    finder = _Finder(side, classes)
    found: list[PrintedSecret] = []
    live = (module for module in side.program.modules if module.path in side.routing.live)
    for scope in (scope for module in live for scope in module.scopes if side.contexts.is_reached(scope)):
        for call in scope.calls:
            # Methods that print or log have the names of such: the others need not be asked about.
            if (call.name in _NAMES or call.expression[2][0] != "attr") and finder.prints(call):
                found.extend(finder.shown_by(call))
    return found


class _Finder:
    def __init__(self, side: PythonSide, classes: dict[int, SettingsClass]) -> None:
        self.side = side
        self.evaluator = side.evaluator
        self.classes = classes

    def shown_by(self, call: Call) -> Iterator[PrintedSecret]:
        """The first secret that a call which prints or logs shows."""
        if not self.side.contexts.runs(call):
            return
        how = "prints" if call.name not in _LEVELS else "logs"
        for argument in (
            *call.arguments,
            *(value for name, value in call.keywords if name not in ("file", "exc_info")),
        ):
            for what, made, confidence in self._shows(argument, call.scope, 0):
                yield PrintedSecret(call.span, what, how, made, confidence)
                return

    def prints(self, call: Call) -> bool:
        """Whether a call prints or logs what it is given."""
        callee = call.expression[2]
        paths = [value.path for value in self.evaluator.callees(call) if isinstance(value, External)]
        if not _PRINTING.isdisjoint(paths):
            return True
        if callee[0] != "attr" or callee[3] not in _LEVELS:
            return False
        return any(path.startswith(_LOGGING) for path in paths) or last_name(callee[2]) in _LOGGERS

    def _shows(self, part: Expression, scope: Scope, depth: int) -> Iterator[tuple[str, Step | None, Confidence]]:
        """The secrets that showing an expression shows."""
        tag = part[0]
        if depth > _DEPTH:
            return
        if tag in ("fstr", "tuple", "list"):
            for inner in part[2]:
                yield from self._shows(inner, scope, depth + 1)
        elif tag == "dict":
            for _, inner in part[2]:
                yield from self._shows(inner, scope, depth + 1)
        elif tag == "bin":
            yield from self._shows(part[3], scope, depth + 1)
            yield from self._shows(part[4], scope, depth + 1)
        elif tag == "bool":
            for inner in part[3] if part[2] == "Or" else part[3][-1:]:
                yield from self._shows(inner, scope, depth + 1)
        elif tag == "ifexp":
            yield from self._shows(part[3], scope, depth + 1)
            yield from self._shows(part[4], scope, depth + 1)
        elif tag == "call":
            yield from self._call(part, scope, depth)
        elif tag == "sub":
            yield from self._lookup(part, part[3], scope)
        elif tag in ("name", "attr"):
            yield from self._variable(part, scope)

    def _call(self, part: Expression, scope: Scope, depth: int) -> Iterator[tuple[str, Step | None, Confidence]]:
        function, arguments = part[2], part[3]
        name = last_name(function)
        values = self.evaluator.evaluate(function, scope)
        if any(isinstance(value, External) and value.path in _LOOKUPS for value in values) and arguments:
            yield from self._lookup(part, arguments[0], scope)
        elif name == "get_secret_value" and function[0] == "attr":
            yield last_name(function[2]) or "a secret", None, Confidence.HIGH
        elif name in _DUMPING and function[0] == "attr":
            yield from self._object(function[2], scope)
        elif name in _SHOWING:
            if function[0] == "attr" and name in ("format", "strip", "join", "decode"):
                yield from self._shows(function[2], scope, depth + 1)
            for argument in (*arguments, *(value for _, value in part[4])):
                yield from self._shows(argument, scope, depth + 1)

    def _lookup(self, part: Expression, key: Expression, scope: Scope) -> Iterator[tuple[str, Step | None, Confidence]]:
        """`os.getenv("X_API_KEY")`, `os.environ["X_API_KEY"]`."""
        if part[0] == "sub":
            values = self.evaluator.evaluate(part[2], scope)
            if not any(isinstance(value, External) and value.path == "os.environ" for value in values):
                return
        for value in self._named_in(key, scope):
            if not isinstance(value, Constant) or not isinstance(value.value, str):
                continue
            if is_credential(value.value):
                yield value.value, None, Confidence.HIGH
            elif _holds_password(value.value) and not (part[0] == "call" and any(map(_is_local, part[3]))):
                yield value.value, None, Confidence.MEDIUM

    def _named_in(self, key: Expression, scope: Scope) -> Iterable[Value]:
        """What a key may be; inside of a loop over names that of this loop, whatever others call theirs."""
        loops = [
            (binding.statement[1], binding)
            for binding in (scope.bindings.get(key[2], ()) if key[0] == "name" else ())
            if binding.kind == "element" and binding.statement is not None and binding.statement[0] == "for"
        ]
        around = [(at, binding) for at, binding in loops if at[:2] <= key[1][:2] and key[1][2:] <= at[2:]]
        if around:
            return self.evaluator.bindings([max(around, key=lambda pair: pair[0])[1]])
        return self.evaluator.evaluate(key, scope)

    def _object(self, part: Expression, scope: Scope) -> Iterator[tuple[str, Step | None, Confidence]]:
        """Settings as a whole, or the environment as a whole."""
        for value in self.evaluator.evaluate(part, scope):
            # A look-up in the environment evaluates to the environment, too: its own name is asked for.
            if isinstance(value, External) and value.path == "os.environ" and last_name(part) == "environ":
                yield "the whole environment", None, Confidence.HIGH
            if isinstance(value, Instance):
                settings = self._settings(value.cls)
                plain = [field for field in settings.secrets if not field.is_masked] if settings is not None else []
                if plain and settings is not None:
                    yield f"{settings.name} with {plain[0].name}", Step("is plain text", plain[0].span), Confidence.HIGH

    def _settings(self, cls: Class) -> SettingsClass | None:
        return next((self.classes[id(c)] for c in self.evaluator.lineage(cls)[0] if id(c) in self.classes), None)

    def _variable(self, part: Expression, scope: Scope) -> Iterator[tuple[str, Step | None, Confidence]]:
        name = last_name(part)
        if part[0] == "attr":
            for value in self.evaluator.evaluate(part[2], scope):
                settings = self._settings(value.cls) if isinstance(value, Instance) else None
                field = next((f for f in settings.fields if f.name == name), None) if settings is not None else None
                if field is not None:
                    step = Step("is plain text", field.span)
                    if field.is_secret and not field.is_masked:
                        yield field.name, step, Confidence.HIGH
                    elif settings is not None and not field.is_masked and _holds_password(field.variable):
                        default = settings.sources[field.name].default.text
                        if not default.startswith("sqlite"):
                            yield field.name, step, Confidence.MEDIUM
                    return
            if name in _DUMPING:
                yield from self._object(part[2], scope)
                return
        found = list(self._object(part, scope))
        if found:
            yield from found
            return
        for expression, holder in self.evaluator.definitions(part, scope):
            looked_up = list(self._looked_up(expression, holder))
            if looked_up:
                yield from looked_up
                return
        if self._is_told_by_name(part, scope):
            yield name, None, Confidence.MEDIUM

    def _looked_up(self, expression: Expression, scope: Scope) -> Iterator[tuple[str, Step | None, Confidence]]:
        """What a variable was assigned, where that is a look-up of a credential, or a text with one in it."""
        if expression[0] == "fstr" and isinstance(scope, Module):
            yield from self._shows(expression, scope, _DEPTH - 1)
        for part in expression[3] if expression[0] == "bool" else (expression,):
            if part[0] not in ("call", "sub"):
                continue
            shown = self._call(part, scope, _DEPTH) if part[0] == "call" else self._lookup(part, part[3], scope)
            for what, _, confidence in shown:
                yield what, Step("is looked up here", Span.at(scope.module.path, part[1])), confidence

    def _is_told_by_name(self, part: Expression, scope: Scope) -> bool:
        """`password`, `user.api_key`: a credential by its full name, of which nothing says that it is masked."""
        name = last_name(part)
        words = words_of(name)
        if not is_credential(name) or (len(words) < 2 and words != ("password",)) or _ABOUT.intersection(words):
            return False
        if words[-1] in ("key", "token") and words[-2] in _TOLD_APART:
            return False
        if part[0] == "name" and any(bound.kind == "caught" for bound in scope.bindings.get(name, ())):
            return False  # an exception
        values = self.evaluator.evaluate(part, scope)
        if any(isinstance(value, (Constant, Instance)) for value in values):
            return False
        return not any(isinstance(value, External) and "Secret" in value.path for value in values)


def _holds_password(name: str) -> bool:
    """Whether a setting is a database's address, in which the password stands: `DATABASE_URL`, `MONGODB_URI`."""
    return is_store_address(name) and _OPEN_STORES.isdisjoint(words_of(name))


def _is_local(argument: Expression) -> bool:
    """Whether an argument is the address of a file on this disk."""
    return argument[0] == "const" and isinstance(argument[2], str) and argument[2].startswith("sqlite")
