"""Clients that belong to one caller: built with credentials that come with the request, so nobody can share them."""

from __future__ import annotations

from aiaudit.model.contexts import Contexts
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function, Scope, walk
from aiaudit.model.values import External, FunctionValue
from aiaudit.sources.python.facts import Expression

CREDENTIALS = frozenset(
    [
        "credentials",
        "creds",
        "credential",
        "api_key",
        "token",
        "access_token",
        "auth",
        "headers",
        "username",
        "password",
        "key",
        "http",
        "cookies",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "openai_api_key",
        "anthropic_api_key",
    ]
)
# Globals of frameworks that stand for the request being answered.
PROXIES = frozenset(
    f"{framework}.{name}" for framework in ("flask", "quart", "bottle") for name in ("request", "session", "websocket")
)


def belongs_to_caller(call: Call, evaluator: Evaluator, contexts: Contexts) -> bool:
    """Whether a client's credentials derive from what a handler receives."""
    makers = [call]
    for value in evaluator.callees(call):
        if isinstance(value, External) and value.origin is not None:
            makers.append(value.origin)  # `Session(aws_session_token=...).client(...)`
    return any(
        comes_from_request(value, maker.scope, evaluator, contexts)
        for maker in makers
        for name, value in maker.keywords
        if name in CREDENTIALS
    )


def comes_from_request(
    expression: Expression,
    scope: Scope,
    evaluator: Evaluator,
    contexts: Contexts,
    asked: set[tuple[int, str]] | None = None,
) -> bool:
    """Whether anything in an expression derives from what a handler receives. `asked` are the variables that the same
    question has been asked of."""
    asked = set() if asked is None else asked
    for part in walk(expression):
        if part[0] == "call" and _result_from_request(part, scope, evaluator, contexts, asked):
            return True
        if part[0] != "name":
            continue
        holder = scope_of_name(scope, part[2])
        if (id(holder or scope), part[2]) in asked:
            continue
        asked.add((id(holder or scope), part[2]))
        if not isinstance(holder, Function):
            if any(isinstance(v, External) and v.path in PROXIES for v in evaluator.evaluate(part, scope)):
                return True
            continue
        for store in holder.stores:
            root = entry_of(store.base)
            if store.value is None or root[0] != "name" or root[2] != part[2]:
                continue
            if comes_from_request(store.value, holder, evaluator, contexts, asked):
                return True
        for binding in holder.bindings[part[2]]:
            if binding.kind == "parameter":
                if _parameter_from_request(part[2], holder, evaluator, contexts, asked):
                    return True
                continue
            inner = binding.expression
            if inner is None or inner is expression:
                continue
            if comes_from_request(inner, holder, evaluator, contexts, asked):
                return True
    return False


def entry_of(expression: Expression) -> Expression:
    """The variable behind `policy["Statement"][0]`."""
    while expression[0] == "sub":
        expression = expression[2]
    return expression


def _result_from_request(
    call: Expression, scope: Scope, evaluator: Evaluator, contexts: Contexts, asked: set[tuple[int, str]]
) -> bool:
    """Whether a function of the program gives back what it reads from the request: `get_request_json()`."""
    for value in evaluator.evaluate(call[2], scope):
        if not isinstance(value, FunctionValue) or (id(value.function), "()") in asked:
            continue
        asked.add((id(value.function), "()"))
        for returned, _ in value.function.returns:
            if comes_from_request(returned, value.function, evaluator, contexts, asked):
                return True
    return False


def _parameter_from_request(
    name: str, function: Function, evaluator: Evaluator, contexts: Contexts, asked: set[tuple[int, str]]
) -> bool:
    """A parameter of a handler or tool (an injected one is not), or one that callers fill from theirs."""
    if name == function.self_name:
        return False
    parameter = next((p for p in function.parameters if p[0] == name), None)
    if parameter is None or evaluator.dependency(parameter, function) is not None:
        return False
    if id(function) in contexts.handlers or not evaluator.callers(function):
        return True  # nobody in the program calls a tool or a callback: its arguments come with the request
    return any(
        comes_from_request(argument, scope, evaluator, contexts, asked)
        for argument, scope in evaluator.passed(function, name)
    )
