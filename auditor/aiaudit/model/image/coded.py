"""Values in the audited code that decide how a server which it starts runs, with the image's environment in mind."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aiaudit.model.image.listening import CALLS, CODE, DEFAULT, ENVIRONMENT, Listening, Value
from aiaudit.model.image.values import Server
from aiaudit.sources.python.facts import Expression

if TYPE_CHECKING:
    from aiaudit.model.python import PythonSide
    from aiaudit.model.scopes import Call, Scope

_LOOKUPS = ("os.getenv", "os.environ.get", "os.environ.setdefault")
_CONVERSIONS = ("builtins.int", "builtins.str")
_DEEPEST = 4


def listening_of_call(server: Server, call: Call, path: str, side: PythonSide) -> Listening | None:
    """Where the server that a call starts listens; None for a call that starts none."""
    known = CALLS.get(path)
    if known is None:
        return None
    program, host, port = known
    read = _reader(server, call, side)
    return Listening(
        server,
        read(*host, program.host_variable, program.host),
        read(*port, program.port_variable, program.port),
        read("workers", None, program.workers_variable, ""),
        on_socket=any(call.keyword(name) is not None for name in ("uds", "fd", "unix_socket")),
        starter=path.replace("()", ""),
        application=_application(call),
    )


def _application(call: Call) -> str:
    """The application that a call is given by its name."""
    argument = call.argument("app", 0)
    is_text = argument is not None and argument[0] == "const" and isinstance(argument[2], str)
    return str(argument[2]) if argument is not None and is_text else ""


def _reader(server: Server, call: Call, side: PythonSide) -> Callable[[str, int | None, str, str | None], Value]:
    def read(name: str, position: int | None, variable: str, default: str | None) -> Value:
        argument = call.argument(name, position)
        if argument is not None and argument[:1] == ("const",) and argument[2] is None:
            argument = None  # None means the default
        elif argument is not None:
            return coded_value(argument, call.scope, server, side)
        if call.spreads:
            return Value(None, CODE, call.span)
        given = server.variable(variable) if variable else None
        if given is not None:
            return Value(None if "$" in given else given, ENVIRONMENT, server.span)
        return Value(default, DEFAULT, call.span)

    return read


def coded_value(expression: Expression, scope: Scope, server: Server, side: PythonSide, depth: int = 0) -> Value:
    """A constant, or the default of a variable's look-up, unless the image sets that variable."""
    from aiaudit.model.values import Constant, External
    from aiaudit.span import Span

    expression = _defining(expression, scope)
    span = Span.at(scope.module.path, expression[1])
    unknown = Value(None, CODE, span)
    if expression[0] == "call" and expression[3] and depth < _DEEPEST:
        callees = side.evaluator.evaluate(expression[2], scope)
        path = next((value.path for value in callees if isinstance(value, External)), "")
        if path in _CONVERSIONS:
            return coded_value(expression[3][0], scope, server, side, depth + 1)
        if path in _LOOKUPS:
            given = _variable(expression[3][0], server)
            if given is not None:
                return given if given.text is not None else unknown
            default = expression[3][1] if len(expression[3]) > 1 else dict(expression[4]).get("default")
            return unknown if default is None else coded_value(default, scope, server, side, depth + 1)
    values = side.evaluator.evaluate(expression, scope)
    if not values:
        return unknown
    made = values[0].origin if len(values) == 1 and isinstance(values[0], External) else None
    if made is not None and made.expression is not expression and depth < _DEEPEST:
        return coded_value(made.expression, made.scope, server, side, depth + 1)  # what another module made
    texts = {str(value.value) for value in values if isinstance(value, Constant)}
    if len(texts) != 1 or not all(isinstance(value, Constant) for value in values) or _is_set(expression, server):
        return unknown
    return Value(texts.pop(), CODE, span)


def _defining(expression: Expression, scope: Scope) -> Expression:
    """What a name of the same module is bound to, where that is one expression; the expression itself otherwise."""
    if expression[0] != "name":
        return expression
    for owner in (scope, scope.module):
        bindings = owner.bindings.get(expression[2], [])
        if bindings:
            only = bindings[0]
            is_plain = len(bindings) == 1 and only.kind == "value" and only.expression is not None
            return only.expression if is_plain and only.expression is not None else expression
    return expression


def _variable(name: Expression, server: Server) -> Value | None:
    """What the image gives to a variable that is looked up; None where it does not set it."""
    if name[0] != "const":
        return Value(None, ENVIRONMENT, server.span)
    given = server.variable(str(name[2]))
    return None if given is None else Value(None if "$" in given else given, ENVIRONMENT, server.span)


def _is_set(expression: Expression, server: Server) -> bool:
    """Whether the image sets a variable that may stand for the attribute of a settings object that is read."""
    if expression[0] != "attr":
        return False
    name = str(expression[3]).upper()
    return any(key.upper().endswith(name) for key, _ in server.environment)
