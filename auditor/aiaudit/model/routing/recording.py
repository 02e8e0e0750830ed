"""What is found is recorded here: routes with their labels and prefixes, entries, events."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.frameworks import STARTUP_EVENTS, VERBS
from aiaudit.model.prefixes import Prefixes, joined
from aiaudit.model.program import Program
from aiaudit.model.routes import Entry, Route, Routing
from aiaudit.model.scopes import Call, Function, Scope, last_name
from aiaudit.model.values import Literal
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span

FLASK = "Flask"


class Recorder:
    """Keeps what the layers above find."""

    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        self.program = program
        self.evaluator = evaluator
        self.found = Routing()
        self.prefixes = Prefixes(program, evaluator)

    def entry(self, kind: str, scope: Scope, label: str, span: Span) -> None:
        self.found.entries.append(Entry(kind, scope, label, span))

    def route(self, function: Function, verb: str, call: Call, span: Span, router: Expression, scope: Scope) -> Route:
        path = path_argument(call)
        prefix = self.prefixes.of(router, scope)
        kind = "websocket" if verb.startswith("websocket") else "http"
        given = call.keyword("methods")
        methods = [verb.upper()] if verb in VERBS else (strings(given) if given is not None else ["GET"])
        asked = "WEBSOCKET" if kind == "websocket" else "|".join(methods)
        if verb not in VERBS and given is None and call.spreads:
            methods, asked = [], "route"  # `@app.route(rule, **options)`: the methods are among the options
        label = f"{asked} {function.name}()" if path is None else f"{asked} {joined(prefix, path)}"
        dependencies = tuple(self.listed_dependencies(call.keyword("dependencies"), scope))
        route = self.add(function, label, span, "", tuple(methods), call)
        route.kind, route.dependencies = kind, dependencies
        route.mounted = tuple(self.prefixes.around(router, scope))
        return route

    def add(
        self, function: Function, label: str, span: Span, framework: str, methods: tuple[str, ...], call: Call | None
    ) -> Route:
        route = Route(label, function, span, "http", framework, methods, call)
        self.found.routes.append(route)
        return route

    def route_entry(self, function: Function, label: str, span: Span) -> None:
        self.add(function, label, span, "", (), None)

    def listed_dependencies(self, listed: Expression | None, scope: Scope) -> Iterator[Function]:
        for value in self.evaluator.evaluate(listed, scope):
            if not isinstance(value, Literal) or value.expression[0] not in ("list", "tuple"):
                continue
            for item in value.expression[2]:
                made = [(item, value.scope)] if item[0] == "call" else self.evaluator.definitions(item, value.scope)
                for depends, holder in made:
                    if depends[0] == "call" and last_name(depends[2]) in ("Depends", "Security"):
                        given = self.evaluator.call_of(depends, holder).argument("dependency", 0)
                        yield from self.evaluator.functions_of(given, holder)

    def event(self, function: Function, event: Expression, span: Span) -> None:
        if event[0] == "const" and event[2] in STARTUP_EVENTS:
            self.entry("startup", function, f"startup hook {function.label}", span)


def path_argument(call: Call | None) -> str | None:
    if call is None:
        return None
    given = call.argument("path", 0) or call.keyword("rule") or call.keyword("uri")
    if given is not None and given[0] == "const" and isinstance(given[2], str):
        return given[2] if given[2].startswith("/") or given[2] == "" else f"/{given[2]}"
    return None


def strings(expression: Expression | None) -> list[str]:
    if expression is not None and expression[0] in ("list", "tuple", "set"):
        return [item[2].upper() for item in expression[2] if item[0] == "const" and isinstance(item[2], str)]
    return []
