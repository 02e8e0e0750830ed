"""Where routers are mounted: the prefixes of their addresses, and the applications that they are part of."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program
from aiaudit.model.scopes import Call, Module, Scope, last_name
from aiaudit.model.values import External, Instance, ModuleValue
from aiaudit.sources.python.facts import Expression

_DEEPEST = 8


class Prefixes:
    """Answers which prefix the routes of a router have, and in what they are mounted."""

    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        self.program = program
        self.evaluator = evaluator
        self._mounted: dict[int, tuple[str, Call | None]] = {}
        self._outer: dict[int, list[Call]] = {}
        self._included: dict[str, tuple[str, Module]] = {}

    def remember(self, call: Call) -> None:
        """Take note of `include_router(router, prefix=...)` and `register_blueprint(blueprint, url_prefix=...)`."""
        mounted = call.argument("router", 0) or call.keyword("blueprint")
        if mounted is None:
            return
        prefix = self._text(call.keyword("prefix") or call.keyword("url_prefix"), call.scope)
        callee = call.expression[2]
        outer = list(self.makers(callee[2], call.scope)) if callee[0] == "attr" else []
        for origin in self.makers(mounted, call.scope):
            self._outer.setdefault(id(origin), []).extend(outer)
            if prefix or outer:
                self._mounted.setdefault(id(origin), (prefix, outer[0] if outer else None))

    def remember_included(self, call: Call) -> None:
        """Take note of Django's `path("notes/", include("notes.urls"))`."""
        view = call.argument("view", 1)
        if view is None or view[0] != "call" or last_name(view[2]) != "include" or not view[3]:
            return
        given = view[3][0]
        if given[0] in ("tuple", "list") and given[2]:  # `include(("notes.urls", "notes"))`
            given = given[2][0]
        for value in self.evaluator.evaluate(given, call.scope):
            text = getattr(value, "value", None)
            inner = value.module if isinstance(value, ModuleValue) else None
            if isinstance(text, str):
                inner = self._module_named(text)
            if inner is not None:
                mounted = _plain_address(call.argument("route", 0) or call.keyword("regex"))
                self._included.setdefault(inner.path, (mounted, call.scope.module))

    def address(self, path: Expression | None, module: Module) -> str:
        """The whole address of an entry of Django's `urlpatterns` in a module."""
        address, seen = _plain_address(path), {module.path}
        while module.path in self._included:
            mounted, module = self._included[module.path]
            if module.path in seen:
                break
            seen.add(module.path)
            address = mounted + address
        return f"/{address.lstrip('/')}"

    def _module_named(self, dotted: str) -> Module | None:
        tail = dotted.replace(".", "/")
        found = [
            module
            for module in self.program.modules
            if f"/{module.path.removesuffix('.py').removesuffix('/__init__')}".endswith(f"/{tail}")
        ]
        return found[0] if len(found) == 1 else None

    def of(self, router: Expression, scope: Scope) -> str:
        """The prefix of the routes that a router has, "" where none is known."""
        origin = next(self.makers(router, scope), None)
        return self._whole(origin, _DEEPEST) if origin is not None else ""

    def around(self, router: Expression, scope: Scope) -> list[Call]:
        """The calls that made a router and all that it is mounted in, the applications among them."""
        found = list(self.makers(router, scope))
        for origin in found:  # grows while it is walked
            found.extend(outer for outer in self._outer.get(id(origin), ()) if outer not in found)
        return found

    def _whole(self, origin: Call, depth: int) -> str:
        """The prefixes of all routers from the application down to one."""
        own = self._text(origin.keyword("prefix") or origin.keyword("url_prefix"), origin.scope)
        mounted, outer = self._mounted.get(id(origin), ("", None))
        above = self._whole(outer, depth - 1) if outer is not None and outer is not origin and depth else ""
        return joined(joined(above, mounted), own)

    def makers(self, expression: Expression, scope: Scope) -> Iterator[Call]:
        """The calls that made what an expression stands for."""
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(value, (External, Instance)) and value.origin is not None:
                yield value.origin

    def _text(self, expression: Expression | None, scope: Scope) -> str:
        for value in self.evaluator.evaluate(expression, scope):
            if isinstance(getattr(value, "value", None), str):
                return str(value.value)  # type: ignore[union-attr]
        return ""


def joined(prefix: str, path: str) -> str:
    """The address of a route below a prefix, with one slash between them: a blueprint may be mounted at `/`."""
    return f"{prefix.rstrip('/')}{path}" if path.startswith("/") else f"{prefix}{path}"


def _plain_address(path: Expression | None) -> str:
    """The address that a route of Django has in words: anchors of a regular expression left out."""
    if path is None or path[0] != "const" or not isinstance(path[2], str):
        return ""
    return path[2].removeprefix("^").removesuffix("$")
