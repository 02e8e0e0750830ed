"""Resolvers of GraphQL schemas: functions that answer a field of a query, a mutation or a subscription."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program
from aiaudit.model.scopes import Call, Class, Function, Module, Scope
from aiaudit.model.values import External
from aiaudit.patterns import regex
from aiaudit.sources.python.facts import Expression
from aiaudit.span import Span
from aiaudit.values import dataclass

# The framework of routes that are resolvers: of servers that await them on the event loop, and of plain ones.
ON_THE_LOOP, PLAIN = "GraphQL", "GraphQL in a thread"
# What a library passes to a resolver beside the arguments of the field.
PASSED = frozenset(("info", "_info", "root", "_root", "parent", "_parent", "obj", "_obj", "_", "__", "cls", "source"))

_LIBRARIES = frozenset(("strawberry", "strawberry_django", "ariadne", "graphene", "graphene_django"))
_FIELD = regex(
    r"strawberry(_django)?\.(\w+\.)*(field|mutation|subscription|connection)"
    r"|ariadne\.(\w+\.)*(Query|Mutation|Subscription|Object|Interface)Type\(\)\.(field|source)"
)
_WITH_RESOLVER = regex(r"strawberry(_django)?\.(\w+\.)*(field|mutation|subscription)|graphene\.(\w+\.)*[A-Z]\w*")
_SETTING = regex(r"ariadne\.(\w+\.)*\w+Type\(\)\.set_(field|source)")
_RESOLVING = ("field", "mutation", "subscription", "Field", "List", "String", "Int", "Float", "Boolean", "ID")
# Last name of a base class -> the methods that answer, `resolve_*` for all that start so.
_METHODS = {
    "ObjectType": "resolve_*",
    "Mutation": "mutate",
    "ClientIDMutation": "mutate_and_get_payload",
    "SerializerMutation": "perform_mutate",
}
# Servers that run a schema on the event loop.
_LOOP_SERVERS = regex(
    r"strawberry\.(fastapi|asgi|litestar|quart|sanic|channels|aiohttp)\.(\w+\.)*\w+|ariadne\.asgi\.(\w+\.)*GraphQL"
    r"|starlette_graphene3?\.GraphQLApp|\w+(\.\w+)*\.Async\w*GraphQLView(\.as_view)?"
)
_SERVER_NAMES = (
    "GraphQLRouter", "GraphQL", "GraphQLApp", "make_graphql_controller", "GraphQLView", "AsyncGraphQLView", "as_view",
    "GraphQLProtocolTypeRouter", "GraphQLHTTPConsumer",
)  # fmt: skip
# Parameters of servers that name what runs for each request before any resolver.
_BEFORE = ("context_getter", "root_value_getter", "context_value", "dependencies")


@dataclass(slots=True, eq=False)
class Resolver:
    """A function that answers a field; `call` registers it, if it is a call."""

    function: Function
    span: Span
    call: Call | None
    framework: str
    before: tuple[Function, ...] = ()

    @property
    def label(self) -> str:
        """How messages call it."""
        return f"resolver {self.function.qualified_name}"


def resolvers(program: Program, evaluator: Evaluator) -> Iterator[Resolver]:
    """All resolvers, each once."""
    if not any(map(_uses_a_library, program.modules)):
        return
    servers = list(_servers(program, evaluator))
    awaits = any(_LOOP_SERVERS.fullmatch(path) for path, _ in servers)
    before = tuple(dict.fromkeys(f for _, call in servers for f in _run_before(call, evaluator)))
    seen: set[int] = set()
    found = (_decorated(program, evaluator), _set(program, evaluator), _methods(program, evaluator))
    for function, span, call in chain.from_iterable(found):
        if id(function) not in seen:
            seen.add(id(function))
            yield Resolver(function, span, call, ON_THE_LOOP if awaits else PLAIN, before)


def _uses_a_library(module: Module) -> bool:
    """Whether a module imports one of the libraries."""
    for statement, _, _ in module.imports:
        names = [name for name, _ in statement[2]] if statement[0] == "import" else [statement[3]]
        if any(name.partition(".")[0] in _LIBRARIES for name in names):
            return True
    return False


def _servers(program: Program, evaluator: Evaluator) -> Iterator[tuple[str, Call]]:
    for name in _SERVER_NAMES:
        for call in program.calls_by_name.get(name, ()):
            yield from ((path, call) for path in _paths(call.expression[2], call.scope, evaluator))


def _run_before(call: Call, evaluator: Evaluator) -> Iterator[Function]:
    for name in _BEFORE:
        given = call.keyword(name)
        if given is not None and given[0] in ("name", "attr", "lambda"):
            yield from evaluator.functions_of(given, call.scope)


def _paths(expression: Expression, scope: Scope, evaluator: Evaluator) -> list[str]:
    return [value.path for value in evaluator.evaluate(expression, scope) if isinstance(value, External)]


def _calls(call: Call, pattern: re.Pattern[str], evaluator: Evaluator) -> bool:
    return any(map(pattern.fullmatch, _paths(call.expression[2], call.scope, evaluator)))


def _decorated(program: Program, evaluator: Evaluator) -> Iterator[tuple[Function, Span, Call | None]]:
    """`@strawberry.field`, `@strawberry.mutation(...)`, `@query.field("answer")`."""
    for function in program.functions:
        for decorator in function.decorators:
            scope = function.parent or function.module
            callee = decorator[2] if decorator[0] == "call" else decorator
            if any(_FIELD.fullmatch(path) for path in _paths(callee, scope, evaluator)):
                call = evaluator.call_of(decorator, scope) if decorator[0] == "call" else None
                yield function, Span.at(function.module.path, decorator[1]), call


def _set(program: Program, evaluator: Evaluator) -> Iterator[tuple[Function, Span, Call | None]]:
    """`answer: str = strawberry.field(resolver=answer)`, `query.set_field("answer", answer)`."""
    for name in _RESOLVING:
        for call in program.calls_by_name.get(name, ()):
            given = call.keyword("resolver")
            if given is None and name in ("mutation", "subscription") and call.arguments:
                given = call.arguments[0]
            if given is not None and _calls(call, _WITH_RESOLVER, evaluator):
                yield from ((function, call.span, call) for function in evaluator.functions_of(given, call.scope))
    for name in ("set_field", "set_source"):
        for call in program.calls_by_name.get(name, ()):
            given = call.arguments[1] if len(call.arguments) > 1 else None
            if given is not None and _calls(call, _SETTING, evaluator):
                yield from ((function, call.span, call) for function in evaluator.functions_of(given, call.scope))


def _methods(program: Program, evaluator: Evaluator) -> Iterator[tuple[Function, Span, Call | None]]:
    """`def resolve_answer(root, info, question)` of Graphene's types, `mutate` of its mutations."""
    for cls in program.classes:
        for pattern in _patterns(cls, evaluator):
            for method in cls.functions:
                if method.name == pattern or (pattern.endswith("*") and method.name.startswith(pattern[:-1])):
                    yield method, method.span, None


def _patterns(cls: Class, evaluator: Evaluator) -> Iterator[str]:
    for path in evaluator.lineage(cls)[1]:
        library, _, rest = path.partition(".")
        pattern = _METHODS.get(rest.rpartition(".")[2])
        if library.startswith("graphene") and pattern is not None:
            yield pattern
