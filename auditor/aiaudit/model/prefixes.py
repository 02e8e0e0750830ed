"""Address prefixes of routers: their own, and those that the application mounts them under."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Scope
from aiaudit.model.values import External
from aiaudit.sources.python.facts import Expression

_DEEPEST = 8


class Prefixes:
    """Answers which prefix the routes of a router have."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._mounted: dict[int, tuple[str, Call | None]] = {}

    def remember(self, call: Call) -> None:
        """Take note of `include_router(router, prefix=...)` and `register_blueprint(blueprint, url_prefix=...)`."""
        if not call.arguments:
            return
        prefix = self._text(call.keyword("prefix") or call.keyword("url_prefix"), call.scope)
        callee = call.expression[2]
        outer = next(self._makers(callee[2], call.scope), None) if callee[0] == "attr" else None
        for origin in self._makers(call.arguments[0], call.scope):
            if prefix or outer is not None:
                self._mounted.setdefault(id(origin), (prefix, outer))

    def of(self, router: Expression, scope: Scope) -> str:
        """The prefix of the routes that a router has, "" where none is known."""
        origin = next(self._makers(router, scope), None)
        return self._whole(origin, _DEEPEST) if origin is not None else ""

    def _whole(self, origin: Call, depth: int) -> str:
        """The prefixes of all routers from the application down to one."""
        own = self._text(origin.keyword("prefix") or origin.keyword("url_prefix"), origin.scope)
        mounted, outer = self._mounted.get(id(origin), ("", None))
        above = self._whole(outer, depth - 1) if outer is not None and outer is not origin and depth else ""
        return above + mounted + own

    def _makers(self, expression: Expression, scope: Scope) -> Iterator[Call]:
        """The calls that made what an expression stands for."""
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(value, External) and value.origin is not None:
                yield value.origin

    def _text(self, expression: Expression | None, scope: Scope) -> str:
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(getattr(value, "value", None), str):
                return str(value.value)  # type: ignore[union-attr]
        return ""
