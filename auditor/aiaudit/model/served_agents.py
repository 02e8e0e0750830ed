"""Endpoints of AG-UI and CopilotKit read as the handlers that they make: each hands what a client sends to graphs.

    add_langgraph_fastapi_endpoint(app, LangGraphAGUIAgent(name="helper", graph=graph), "/agent")

    endpoint = CopilotKitRemoteEndpoint(agents=[LangGraphAgent(name="helper", graph=graph)])
    add_fastapi_endpoint(app, endpoint, "/agent")

stand for

    @app.post("/agent")
    async def handler(input):
        async for event in graph.astream(input):
            yield event
"""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.scopes import Scope
from aiaudit.sources.python.facts import ANY, Expression, Statement

LIBRARIES = ("ag_ui_langgraph", "copilotkit")
# The name of the function that an endpoint is read as.
SERVED = "<served graph>"
# Endpoints -> their parameters: the application, what is served, the path.
_ENDPOINTS = {
    "add_langgraph_fastapi_endpoint": ("app", "agent", "path"),
    "add_fastapi_endpoint": ("fastapi_app", "sdk", "prefix"),
}
_DEPTH = 5


def serves(module: str) -> bool:
    """Whether a module is one of the libraries that make such endpoints."""
    return module.partition(".")[0] in LIBRARIES


def endpoint_of(call: Expression, scope: Scope) -> tuple[str, ...] | None:
    """The names of the parameters where a call makes such an endpoint, under whatever name it was imported."""
    function = call[2]
    imported = function[2] if function[0] == "attr" and function[3] in _ENDPOINTS else function
    if imported[0] != "name":
        return None
    for binding in (*scope.bindings.get(imported[2], ()), *scope.module.bindings.get(imported[2], ())):
        if binding.kind == "import" and imported is not function and serves(binding.target[0]):
            return _ENDPOINTS[function[3]]
        if binding.kind == "from" and imported is function and serves(binding.target[1]):
            return _ENDPOINTS.get(binding.target[2])
    return None


def graphs_of(call: Expression, names: tuple[str, ...], scope: Scope) -> list[tuple[Expression, Expression]]:
    """The graphs behind an endpoint, as far as the module tells them, each with the name under which the handler finds
    it."""
    served = _given(call, names).get(names[1])
    graphs = list(_graphs_in(served, scope, _DEPTH)) if served is not None else []
    return [(("name", call[1], f"<{number} served at {call[1]}> graph"), graph) for number, graph in enumerate(graphs)]


def handler_of(call: Expression, names: tuple[str, ...], graphs: list[Expression]) -> Statement | None:
    """The definition of the handler; None where the call names no application."""
    at, given = call[1], _given(call, names)
    application = given.get(names[0])
    if application is None:
        return None
    decorator = ("call", at, ("attr", at, application, "post"), (given.get(names[2], ("const", at, "/")),), ())
    data, event = ("name", at, "input"), ("name", at, "event")
    sent = ("expr", at, ("yield", at, event))
    body: tuple[Statement, ...] = tuple(
        ("for", at, event, ("call", at, ("attr", at, graph, "astream"), (data,), ()), (sent,), (), True)
        for graph in graphs
    )
    parameter = ("input", ANY, None, None, at)
    return ("def", at, SERVED, (parameter,), None, (decorator,), body, True, True, at)


def _given(call: Expression, names: tuple[str, ...]) -> dict[str, Expression]:
    given = {name: value for name, value in call[4] if name is not None}
    given.update(zip(names, call[3], strict=False))
    return given


def _graphs_in(served: Expression, scope: Scope, depth: int) -> Iterator[Expression]:
    """What `graph=...` says in what is served: an agent, an endpoint with several, a function that lists them."""
    tag = served[0]
    if depth == 0:
        return
    if tag == "name":
        bound = (*scope.bindings.get(served[2], ()), *scope.module.bindings.get(served[2], ()))
        for binding in bound[:1]:
            if binding.kind == "value" and binding.expression is not None:
                yield from _graphs_in(binding.expression, scope, depth - 1)
    elif tag in ("list", "tuple"):
        for item in served[2]:
            yield from _graphs_in(item, scope, depth - 1)
    elif tag == "lambda":
        yield from _graphs_in(served[3], scope, depth - 1)
    elif tag == "call":
        for name, value in served[4]:
            if name == "graph":
                yield value
            elif name == "agents":
                yield from _graphs_in(value, scope, depth - 1)
