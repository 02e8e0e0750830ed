"""Parsers of Flask-RESTful and Flask-RESTX: what `parser.add_argument("size", type=int)` lets a request say."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Scope, last_name
from aiaudit.model.values import External
from aiaudit.sources.python.facts import Expression

# By hand, or by a namespace or an API; `flaskparser.parser` is webargs'.
_MADE = ("RequestParser()", ".Namespace().parser()", ".Api().parser()")
_OTHERS = ("flaskparser.parser",)
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
