"""Headers by which the service knows who is asking, where their value is that of a variable.

The value is not known before the run: `{env:NAME}` stands in it for the value that the variable NAME has then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiaudit.boot.record import Kind, Variable
from aiaudit.model.python import PythonSide
from aiaudit.model.scopes import Function, last_name, walk_all
from aiaudit.model.values import External
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Parameter

_BEARERS = frozenset(("HTTPBearer", "OAuth2PasswordBearer", "OAuth2AuthorizationCodeBearer"))
_KEYS = frozenset(
    ("x-api-key", "api-key", "apikey", "x-api-token", "x-auth-token", "x-access-token", "x-token", "x-service-token")
)
_DECODING = ("jwt", "decode", "jose")
_COMPARING = regex(r"compare|verify|valid|check|match|is_allowed")


def headers_for(side: PythonSide, variables: Iterable[Variable]) -> tuple[tuple[str, str], ...]:
    """The headers that functions of the program compare with a secret variable."""
    secrets = [variable for variable in variables if variable.kind is Kind.SECRET and variable.span is not None]
    found: dict[str, str] = {}
    for module in side.program.modules:
        if module.path not in side.routing.live:
            continue
        for scope in module.descendants():
            if not isinstance(scope, Function):
                continue
            for header, form in _headers(scope, side):
                name = _compared(scope, secrets)
                if name:
                    found.setdefault(header, form.format(f"{{env:{name}}}"))
    return tuple(found.items())


def _compared(function: Function, secrets: list[Variable]) -> str:
    """The secret that a function compares with what it got; one that signs tokens is never sent, and the key of a
    provider is mostly what a request is passed on with."""
    parts = list(walk_all(function.body))
    mentioned = {_named(part) for part in parts}
    comparing = [part for part in parts if _compares(part)]
    if not comparing or mentioned.intersection(_DECODING):
        return ""
    inside = {_named(inner) for part in comparing for inner in walk_all(part)}
    for variable in secrets:
        names = (variable.name, variable.name.lower(), *variable.spoken)
        if (inside if variable.provider else mentioned).intersection(names):
            return variable.name
    return ""


def _named(part: Expression) -> object:
    """The name, attribute or text that a node is."""
    return part[3] if part[0] == "attr" else part[2] if part[0] in ("name", "const") else None


def _compares(part: Expression) -> bool:
    """`given != expected`, `compare_digest(given, expected)`, `is_valid_key(given)`."""
    if part[0] == "cmp":
        return bool({"Eq", "NotEq", "In", "NotIn"}.intersection(part[3]))
    return part[0] == "call" and _COMPARING.search(last_name(part[2])) is not None


def _headers(function: Function, side: PythonSide) -> Iterator[tuple[str, str]]:
    """Headers that a function gets or reads, with the form of their value."""
    for parameter in function.parameters:
        yield from _parameter(parameter, function, side)
    for part in walk_all(function.body):
        key = _read_key(part)
        if key == "authorization":
            yield "Authorization", "Bearer {}"
        elif key in _KEYS:
            yield key, "{}"


def _parameter(parameter: Parameter, function: Function, side: PythonSide) -> Iterator[tuple[str, str]]:
    name, _, annotation, default, _ = parameter
    outer = function.parent or function.module
    dependency = side.evaluator.dependency(parameter, function)
    if dependency is not None:
        given = dependency.arguments[0] if dependency.arguments else dependency.keyword("dependency")
        for value in side.evaluator.evaluate(given, dependency.scope):
            if isinstance(value, External) and value.origin is not None:
                kind = value.path.removesuffix("()").rpartition(".")[2]
                if kind in _BEARERS:
                    yield "Authorization", "Bearer {}"
                written = value.origin.keyword("name")
                if kind == "APIKeyHeader" and written is not None and written[0] == "const":
                    yield str(written[2]), "{}"
        return
    for extra, _ in ((default, outer), *side.evaluator.annotation_extras(annotation, outer)):
        if extra is not None and extra[0] == "call" and last_name(extra[2]) == "Header":
            alias = dict(extra[4]).get("alias")
            header = str(alias[2]) if alias is not None and alias[0] == "const" else name.replace("_", "-")
            if header.lower() == "authorization":
                yield "Authorization", "Bearer {}"
            elif header.lower() in _KEYS:
                yield header, "{}"


def _read_key(part: Expression) -> str:
    """The header that an expression reads: `request.headers["X-API-Key"]`, `request.headers.get("X-API-Key")`."""
    if part[0] == "sub" and last_name(part[2]) == "headers":
        key = part[3]
    elif part[0] == "call" and part[2][0] == "attr" and part[2][3] == "get" and last_name(part[2][2]) == "headers":
        key = part[3][0] if part[3] else ("",)
    else:
        return ""
    return str(key[2]).lower() if key[0] == "const" else ""
