"""pydantic's `TypeAdapter`: a type of its own that texts are validated against, without a model around it."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.flow.keys import key_of
from aiaudit.model.flow.places import Path
from aiaudit.model.flow.schema import Schema
from aiaudit.model.flow.sizes import Bound
from aiaudit.model.scopes import Call
from aiaudit.model.values import External

_ADAPTERS = ("pydantic.TypeAdapter()", "pydantic.type_adapter.TypeAdapter()")


class Adapters:
    """Tells what the adapters of a program let through."""

    def __init__(self, evaluator: Evaluator, schema: Schema) -> None:
        self.evaluator = evaluator
        self.schema = schema

    def bounds(self, call: Call, path: Path) -> bool:
        """Whether the part `path` of what a call of an adapter's method validates is never too large."""
        if call.expression[2][0] != "attr":
            return False
        for value in self.evaluator.evaluate(call.expression[2][2], call.scope):
            if isinstance(value, External) and value.path in _ADAPTERS and value.origin is not None:
                verdict = self.schema.annotated(value.origin.argument("type", 0), value.origin.scope, path)
                return verdict.kind == "bounded" and not verdict.many
        return False

    def validated(self, call: Call) -> Iterator[Bound]:
        """What is known to be bounded after an adapter has let it through."""
        key = key_of(call.arguments[0]) if call.arguments and self.bounds(call, ()) else None
        if key is not None:
            yield Bound(key, True)
