"""Address prefixes of routers: their own, and those that the application mounts them under."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.scopes import Call, Scope
from aiaudit.model.values import External
from aiaudit.sources.python.facts import Expression


class Prefixes:
    """Answers which prefix the routes of a router have."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self._mounted: dict[int, str] = {}

    def remember(self, call: Call) -> None:
        """Take note of `include_router(router, prefix=...)` and `register_blueprint(blueprint, url_prefix=...)`."""
        if not call.arguments:
            return
        prefix = self._text(call.keyword("prefix") or call.keyword("url_prefix"), call.scope)
        for value in self.evaluator.evaluate(call.arguments[0], call.scope):
            if isinstance(value, External) and value.origin is not None and prefix:
                self._mounted[id(value.origin)] = prefix

    def of(self, router: Expression, scope: Scope) -> str:
        """The prefix of the routes that a router has, "" where none is known."""
        for value in self.evaluator.evaluate(router, scope):
            if isinstance(value, External) and value.origin is not None:
                origin = value.origin
                own = self._text(origin.keyword("prefix") or origin.keyword("url_prefix"), origin.scope)
                return self._mounted.get(id(origin), "") + own
        return ""

    def _text(self, expression: Expression | None, scope: Scope) -> str:
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(getattr(value, "value", None), str):
                return str(value.value)  # type: ignore[union-attr]
        return ""
