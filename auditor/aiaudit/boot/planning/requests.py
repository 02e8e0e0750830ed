"""A request for a route that its handler accepts: path, query, body and headers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote, urlencode

from aiaudit.boot.planning.samples import NoSample, Samples, loose
from aiaudit.boot.planning.types import Type, Types
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.declared import declares_fields
from aiaudit.model.flow.sources import REQUEST_TYPES
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Function, Scope, last_name, walk, walk_all
from aiaudit.model.values import FunctionValue
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression, Parameter
from aiaudit.values import dataclass, field

_PLACEHOLDER = regex(r"\{([^}:]+)(?::[^}]*)?\}|<(?:[^>:]+:)?([^>]+)>")
_PLACES = {"Query": "query", "Header": "header", "Path": "path", "Body": "body", "Form": "form", "File": "file"}
_PLACES["Cookie"] = "cookie"
_GIVEN = REQUEST_TYPES | {"Response", "BackgroundTasks", "SecurityScopes"}
_UPLOADS = frozenset(("UploadFile", "bytes"))
_SCALARS = frozenset(
    ("str", "int", "float", "bool", "UUID", "UUID4", "datetime", "date", "Literal", "EmailStr", "HttpUrl", "AnyUrl",
     "PositiveInt", "NonNegativeInt", "PositiveFloat", "Decimal", "StrictStr", "StrictInt", "Enum", "list", "List")
)  # fmt: skip
_REQUESTS = frozenset(("request", "req"))
# What of a request object holds the JSON, and what the form.
_JSON = frozenset(("json", "get_json", "data"))
_FORMS = frozenset(("form", "POST"))


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a route. `path` holds placeholders' values and the query; `body` is text, "" for none."""

    path: str
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class _Parts:
    query: dict[str, object] = field(default_factory=dict)
    path: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    form: dict[str, object] = field(default_factory=dict)
    body: dict[str, object] = field(default_factory=dict)
    is_embedded: bool = False


class Requests:
    """Makes requests for one program's routes."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.types = Types(evaluator)
        self.samples = Samples(self.types)

    def of(self, route: Route, path: str) -> Request:
        """A request; `NoSample` where the handler wants what cannot be made up (files, unknown types)."""
        parts = _Parts()
        names = {match[1] or match[2] for match in _PLACEHOLDER.finditer(path)}
        self._collect(route.handler, names, parts, set())
        for dependency in route.dependencies:
            self._collect(dependency, names, parts, set())
        headers = dict(parts.headers)
        if not parts.body and not parts.form:
            parts.form.update((key, loose(key)) for key in _keys_read(route.handler, _FORMS))
        if parts.form:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(parts.form, doseq=True)
        else:
            body = self._body(route.handler, parts)
        query = f"?{urlencode(parts.query, doseq=True)}" if parts.query else ""
        return Request(self._filled(path, parts.path) + query, body, tuple(headers.items()))

    def _body(self, handler: Function, parts: _Parts) -> str:
        values = list(parts.body.values())
        if len(values) == 1 and not parts.is_embedded:
            return json.dumps(values[0])
        if values:
            return json.dumps(parts.body)
        keys = list(dict.fromkeys(_keys_read(handler, _JSON)))
        return json.dumps({key: loose(key) for key in keys}) if keys else ""

    def _filled(self, path: str, values: dict[str, object]) -> str:
        """The path with its placeholders filled in; 1 is a number as well as a name."""
        return _PLACEHOLDER.sub(lambda match: quote(str(values.get(match[1] or match[2], 1)), safe=""), path)

    def _collect(self, function: Function, names: set[str], parts: _Parts, seen: set[int]) -> None:
        """What a handler, and the functions that it depends on, take from the request."""
        if id(function) in seen:
            return
        seen.add(id(function))
        for parameter in function.parameters:
            if parameter[1] in ("variadic", "keywords") or parameter[0] == function.self_name:
                continue
            dependency = self.evaluator.dependency(parameter, function)
            if dependency is None:
                self._parameter(parameter, function, names, parts)
                continue
            given = dependency.arguments[0] if dependency.arguments else None
            for value in self.evaluator.evaluate(given, dependency.scope):
                if isinstance(value, FunctionValue):
                    self._collect(value.function, names, parts, seen)

    def _parameter(self, parameter: Parameter, function: Function, names: set[str], parts: _Parts) -> None:
        name, _, annotation, default, _ = parameter
        outer = function.parent or function.module
        if annotation is None:
            return
        found = self.types.of(annotation, outer)
        if found.cls is None and found.name in _GIVEN:
            return
        if any(part[0] in ("name", "attr") and last_name(part) in _UPLOADS for part in walk(annotation or ("",))):
            raise NoSample(name)
        marker, scope = self._marker(parameter, outer, found)
        place = _PLACES.get(last_name(marker[2]), "") if marker is not None else ""
        if name in names:
            if found.name != "str" or self.types.bounds(found, default, outer).pattern:
                parts.path[name] = self._sample(found, name, default, outer)
            return
        if place == "file":
            raise NoSample(name)
        place = place or self._usual_place(found)
        if place in ("", "cookie") or self._may_be_left_out(default, marker, place):
            return
        given = dict(marker[4]) if marker is not None else {}
        alias = given.get("alias")
        spelled = str(alias[2]) if alias is not None and alias[0] == "const" else name
        value = self._sample(found, name, marker if marker is not None else default, scope)
        if place == "body" and value == {}:  # nothing but the handler says what is in it
            value = {key: loose(key) for key in _keys_read(function, frozenset(), {name})}
        if place == "body":
            embed = given.get("embed")
            parts.is_embedded |= embed is not None and embed[0] == "const" and bool(embed[2])
            parts.body[spelled] = value
        elif place == "header":
            parts.headers[spelled if alias is not None else name.replace("_", "-")] = str(value)
        else:
            {"query": parts.query, "form": parts.form}[place][spelled] = value

    def _sample(self, found: Type, name: str, default: Expression | None, scope: Scope) -> object:
        return self.samples.of_type(found, name, self.types.bounds(found, default, scope), 0)

    def _marker(self, parameter: Parameter, outer: Scope, found: Type) -> tuple[Expression | None, Scope]:
        """The `Query(...)`, `Body(...)` or the like that says where a parameter is taken from."""
        candidates = [(parameter[3], outer), *found.extras]
        for candidate, scope in candidates:
            if candidate is not None and candidate[0] == "call" and last_name(candidate[2]) in _PLACES:
                return candidate, scope
        return None, outer

    def _usual_place(self, found: Type) -> str:
        """Where a framework looks for a parameter that nothing is said about."""
        if self.types.choices(found):
            return "query"
        if found.cls is not None:
            return "body" if declares_fields(*self.evaluator.lineage(found.cls)) else ""
        if found.name in ("dict", "Dict"):
            return "body"
        if found.name in ("list", "List") and found.arguments:
            inner = self.types.of(found.arguments[0], found.scope)
            return "body" if inner.cls is not None and not self.types.choices(inner) else "query"
        return "query" if found.name in _SCALARS else ""

    def _may_be_left_out(self, default: Expression | None, marker: Expression | None, place: str) -> bool:
        if default is None:
            return False
        if default is not marker:
            return place != "body" or default[0] == "const"
        given = dict(default[4]).get("default") or (default[3][0] if default[3] else None)
        return given is not None and not (given[0] == "const" and given[2] is Ellipsis)


def _keys_read(handler: Function, parts: frozenset[str], names: Iterable[str] = ()) -> Iterator[str]:
    """The keys that a handler reads from some parts of a request object, or from variables of these names."""
    holders = set(names)
    for name, bindings in handler.bindings.items():
        if any(binding.expression is not None and _is_part(binding.expression, parts) for binding in bindings):
            holders.add(name)
    for part in walk_all(handler.body):
        if part[0] == "sub":
            holder, key = part[2], part[3]
        elif part[0] == "call" and part[2][0] == "attr" and part[2][3] == "get" and part[3]:
            holder, key = part[2][2], part[3][0]
        else:
            continue
        is_read = (holder[0] == "name" and holder[2] in holders) or _is_part(holder, parts)
        if is_read and key[0] == "const" and isinstance(key[2], str):
            yield key[2]


def _is_part(expression: Expression, parts: frozenset[str]) -> bool:
    """`request.json`, `request.get_json()`, `await request.json()`, any of them `or {}`."""
    while expression[0] in ("await", "bool"):
        expression = expression[2] if expression[0] == "await" else expression[3][0]
    if expression[0] == "call":
        expression = expression[2]
    return expression[0] == "attr" and expression[3] in parts and last_name(expression[2]) in _REQUESTS
