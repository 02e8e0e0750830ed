"""Flask-RESTful and Flask-RESTX: what `parser.add_argument("size", type=int)` lets a request say, and `api.payload`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aiaudit.model.evaluate import Evaluator, method_of
from aiaudit.model.flow.places import Part
from aiaudit.model.scopes import Call, Function, Scope, last_name
from aiaudit.model.values import External, Literal
from aiaudit.sources.python.facts import Expression

# By hand, or by a namespace or an API; `flaskparser.parser` is webargs'.
_MADE = ("RequestParser()", ".Namespace().parser()", ".Api().parser()")
_OTHERS = ("flaskparser.parser",)
# What has the JSON body of the request that is answered as its `payload`.
_APIS = ("flask_restx.Api()", "flask_restx.Namespace()", "flask_restplus.Api()", "flask_restplus.Namespace()")
_FREE = frozenset(("str", "Text", "dict", "list", "unicode"))


def is_parser(value: External) -> bool:
    """Whether something parses arguments out of the request that is answered."""
    return value.path.removesuffix(".copy()").endswith((*_MADE, *_OTHERS))


class Parsers:
    """Answers what parsers say of their arguments."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator

    def kind(self, parser: Expression, field: str, scope: Scope) -> str:
        """What a parser takes under a name: "text", "file", or "short" (numbers, dates, one of a few choices, and what
        a function of the program converts). Only "text" where nobody declares it."""
        declared = list(self._declared(parser, field, scope))
        kinds = {_kind(call) for call in declared}
        return "text" if not kinds or "text" in kinds else kinds.pop()

    def _declared(self, parser: Expression, field: str, scope: Scope) -> Iterator[Call]:
        origins = {id(value.origin) for value in self.evaluator.evaluate(parser, scope) if isinstance(value, External)}
        for call in self.evaluator.program.calls_by_name.get("add_argument", ()):
            if not call.arguments or _destination(call) != field or call.expression[2][0] != "attr":
                continue
            made = self.evaluator.evaluate(call.expression[2][2], call.scope)
            if any(isinstance(value, External) and id(value.origin) in origins for value in made):
                yield call

    def has_body(self, root: Expression, names: Sequence[Part], scope: Scope) -> bool:
        """Whether a chain of names begins with `api.payload` or, in a resource, `self.api.payload`: the JSON body."""
        if not names or names[0] not in ("api", "payload"):
            return False
        if tuple(names[:2]) == ("api", "payload") and root[0] == "name":
            method = method_of(scope)
            if method is None or method.owner is None or root[2] != method.self_name:
                return False
            return self.evaluator.inherits(method.owner, "flask_restx.Resource", "flask_restplus.Resource")
        if names[0] != "payload":
            return False
        held = self.evaluator.evaluate(root, scope)
        return any(isinstance(value, External) and value.path in _APIS for value in held)

    def bounds(self, function: Function | None, field: str) -> bool:
        """Whether a handler refuses bodies with a field that is too long: `fields.String(max_length=200)` in a model
        and `@api.expect(model, validate=True)`."""
        for decorator in function.decorators if function is not None else ():
            if decorator[0] != "call" or last_name(decorator[2]) != "expect" or not decorator[3]:
                continue
            validate = next((value for name, value in decorator[4] if name == "validate"), None)
            if validate is not None and validate[0] == "const" and validate[2] is True:
                return any(map(_is_short, self._fields(decorator[3][0], field, function)))
        return False

    def _fields(self, model: Expression, field: str, function: Function | None) -> Iterator[Expression]:
        """What a model made with `api.model("Name", {...})` says of a field."""
        scope = function.parent if function is not None else None
        for value in self.evaluator.evaluate(model, scope) if scope is not None else ():
            if not isinstance(value, External) or value.origin is None or not value.path.endswith(".model()"):
                continue
            for written in value.origin.arguments:
                for literal in self.evaluator.evaluate(written, value.origin.scope):
                    if isinstance(literal, Literal) and literal.expression[0] == "dict":
                        yield from (said for key, said in literal.expression[2] if _is_named(key, field))


def _is_named(key: Expression | None, field: str) -> bool:
    return key is not None and key[0] == "const" and key[2] == field


def _is_short(field: Expression) -> bool:
    return field[0] == "call" and any(name in ("max_length", "enum") for name, _ in field[4])


def _destination(call: Call) -> str:
    given = call.keyword("dest") or call.arguments[0]
    return given[2].lstrip("-") if given[0] == "const" and isinstance(given[2], str) else ""


def _kind(call: Call) -> str:
    if call.keyword("choices") is not None:
        return "short"
    kind, location = call.keyword("type"), call.keyword("location")
    if (kind is not None and last_name(kind) == "FileStorage") or (
        location is not None and location[0] == "const" and location[2] == "files"
    ):
        return "file"
    return "text" if kind is None or last_name(kind) in _FREE else "short"
