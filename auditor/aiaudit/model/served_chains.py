"""LangServe: `add_routes(app, chain, path="/chat")` read as the handler that it makes.

What it makes is a route that hands the client's input to the chain and streams what comes back:

    @app.post("/chat/stream")
    async def handler(input: Question):
        async for chunk in chain.astream(input):
            yield chunk

(langserve 0.3.3, server.py: `add_routes(app, runnable, *, path, input_type, dependencies, enabled_endpoints, …)`;
without the endpoint "stream" it is `return await chain.ainvoke(input)` under `/chat/invoke`.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiaudit.model.scopes import Scope
from aiaudit.model.values import External
from aiaudit.sources.python.facts import ANY, Expression, Statement

if TYPE_CHECKING:
    from aiaudit.model.evaluate import Evaluator

LIBRARY = "langserve"
# The name of the function that a served chain is read as.
SERVED = "<served chain>"
_SERVING, _STREAM, _INVOKE = "add_routes", "stream", "invoke"
# The annotation `chain.input_type` stands for the type that the chain itself declares.
_TYPE = "input_type"


def is_served(call: Expression, scope: Scope) -> bool:
    """Whether a call is one of LangServe's `add_routes`, under whatever name it was imported."""
    function = call[2]
    imported = function[2] if function[0] == "attr" and function[3] == _SERVING else function
    if imported[0] != "name":
        return False
    for binding in (*scope.bindings.get(imported[2], ()), *scope.module.bindings.get(imported[2], ())):
        if binding.kind == "import" and imported is not function and binding.target[0] == LIBRARY:
            return True
        if binding.kind == "from" and imported is function and binding.target[2] == _SERVING:
            return binding.target[1].partition(".")[0] == LIBRARY  # type: ignore[no-any-return]
    return False


def chain_of(call: Expression) -> Expression | None:
    """What is served: the call makes it once, before there is a handler."""
    return _given(call).get("runnable")


def name_of(call: Expression) -> Expression:
    """The name under which the handler finds what is served."""
    at = call[1]
    return ("name", at, f"<chain served at {at}>")


def _given(call: Expression) -> dict[str, Expression]:
    given = {name: value for name, value in call[4] if name is not None}
    given.update(zip(("app", "runnable"), call[3], strict=False))
    return given


def handler_of(call: Expression) -> Statement | None:
    """The definition of the handler that a call of `add_routes` makes; None where the call names no chain."""
    at, given = call[1], _given(call)
    application = given.get("app")
    if application is None or "runnable" not in given:
        return None
    chain = name_of(call)
    endpoint = _STREAM if _may_stream(given) else _INVOKE
    path = given.get("path", ("const", at, ""))
    if path[0] == "const" and isinstance(path[2], str):
        path = ("const", at, f"{path[2].rstrip('/')}/{endpoint}")
    dependencies = (("dependencies", given["dependencies"]),) if "dependencies" in given else ()
    decorator = ("call", at, ("attr", at, application, "post"), (path,), dependencies)
    data = ("name", at, "input")
    asked = ("call", at, ("attr", at, chain, f"a{endpoint}"), (data,), ())
    chunk = ("name", at, "chunk")
    body: tuple[Statement, ...] = (("return", at, ("await", at, asked)),)
    if endpoint == _STREAM:
        body = (("for", at, chunk, asked, (("expr", at, ("yield", at, chunk)),), (), True),)
    parameter = ("input", ANY, given.get("input_type", ("attr", at, chain, _TYPE)), None, at)
    return ("def", at, SERVED, (parameter,), None, (decorator,), body, True, endpoint == _STREAM, at)


def _may_stream(given: dict[str, Expression]) -> bool:
    """Whether the endpoint "stream" is there: all are that are enabled, if some are named, and not disabled."""
    for name, is_there in (("enabled_endpoints", True), ("disabled_endpoints", False)):
        endpoints = given.get(name)
        if endpoints is not None and endpoints[0] in ("list", "tuple", "set"):
            return (_STREAM in [item[-1] for item in endpoints[2]]) is is_there
    return True


def declared(annotation: Expression | None, scope: Scope, evaluator: Evaluator) -> tuple[Expression | None, Scope]:
    """The type of the input of a served chain and where it is written: `chain.with_types(input_type=Question)` gives it
    where `add_routes` does not; None where neither does."""
    if annotation is None or annotation[0] != "attr" or annotation[3] != _TYPE:
        return annotation, scope
    for value in evaluator.evaluate(annotation[2], scope):
        made = value.origin if isinstance(value, External) else None
        if made is not None and made.name == "with_types":
            return made.argument("input_type", 0), made.scope
    return None, scope
