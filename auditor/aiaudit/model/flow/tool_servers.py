"""Tools of MCP servers: what their clients, models mostly, call them with comes from outside like a request's body."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.routes import Route
from aiaudit.model.scopes import Call, Function, last_name, walk_all
from aiaudit.model.values import External
from aiaudit.sources.python.facts import Expression

MCP = "MCP"
# Of the low-level server: one function gets the arguments of every tool.
ANY_TOOL = "call_tool"
_PACKAGES = ("mcp.", "fastmcp.")
# What a server is reached over the network by; else it is a child of its one client, who pays himself.
_NETWORK = frozenset(
    ("http_app", "streamable_http_app", "sse_app", "run_streamable_http_async", "run_sse_async", "run_http_async",
     "SseServerTransport", "StreamableHTTPSessionManager", "StreamableHTTPServerTransport", "create_sse_app",
     "create_streamable_http_app")
)  # fmt: skip
_RUNNING = ("run", "run_async")


def tool_routes(evaluator: Evaluator) -> dict[int, Route]:
    """The functions that MCP servers call with what clients send, each with a route that stands for the tool."""
    program = evaluator.program
    found: dict[int, Route] = {}
    for function in program.functions:
        for decorator in function.decorators:
            callee = decorator[2] if decorator[0] == "call" else decorator
            if (
                callee[0] == "attr"
                and callee[3] in ("tool", ANY_TOOL, "prompt")
                and _is_server(callee, function, evaluator)
            ):
                label = "any tool" if callee[3] == ANY_TOOL else f"{callee[3]} {function.name}"
                found[id(function)] = Route(label, function, function.span, "event", MCP, (callee[3],))
    return found if found and _is_on_network(evaluator) else {}


def _is_server(callee: Expression, function: Function, evaluator: Evaluator) -> bool:
    values = evaluator.evaluate(callee, function.parent or function.module)
    return any(isinstance(value, External) and value.path.startswith(_PACKAGES) for value in values)


def _is_on_network(evaluator: Evaluator) -> bool:
    """Whether the server is not only started as a child that is talked to by its standard input."""
    calls = evaluator.program.calls_by_name
    if any(calls.get(name) for name in _NETWORK):
        return True
    ways = [_transport(call) for name in _RUNNING for call in calls.get(name, ()) if _runs_server(call, evaluator)]
    return any(way != "stdio" for way in ways) or not (ways or calls.get("stdio_server"))


def _runs_server(call: Call, evaluator: Evaluator) -> bool:
    callees = evaluator.callees(call)
    return any(isinstance(value, External) and value.path.startswith(_PACKAGES) for value in callees)


def _transport(call: Call) -> str:
    """How a server is talked to: "stdio" where nothing else is said, "" where it is not known."""
    given = call.argument("transport", 0)
    if given is None:
        return "" if call.spreads else "stdio"
    return str(given[2]) if given[0] == "const" else ""


def is_short(field: str, handler: Function) -> bool:
    """Whether the schema that a low-level server lists, and holds what comes against, limits an argument's length."""
    listing = (f for f in handler.module.functions if any(_lists(decorator) for decorator in f.decorators))
    return any(
        key is not None and key[0] == "const" and key[2] == field and "maxLength" in set(_keys(value))
        for function in listing
        for node in walk_all(function.body)
        if node[0] == "dict"
        for key, value in node[2]
    )


def _lists(decorator: Expression) -> bool:
    return last_name(decorator[2] if decorator[0] == "call" else decorator) == "list_tools"


def _keys(schema: Expression) -> Iterator[object]:
    for key, _ in schema[2] if schema[0] == "dict" else ():
        if key is not None and key[0] == "const":
            yield key[2]
