"""Threads of graphs: whether a run goes on with one, or begins one that no later request can name."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.contexts import Contexts
from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.model.settings.anew import gives_random, is_random
from aiaudit.model.values import Literal
from aiaudit.sources.python.facts import Expression

RUNS = frozenset(("invoke", "ainvoke", "stream", "astream", "astream_events", "update_state", "aupdate_state"))
_LOOPS = ("for", "while")
_DEPTH = 5


def begins_anew(run: Call, contexts: Contexts, evaluator: Evaluator) -> bool:
    """Whether each run of a graph has a thread of its own: `{"configurable": {"thread_id": str(uuid4())}}`. One
    connection may go on with what it has made, and so may a loop."""
    reach = contexts.in_request(run.scope)
    if reach is not None and reach.entry.label.startswith(("WEBSOCKET", "chainlit")):
        return False
    if any(link.kind in _LOOPS for link in run.around):
        return False
    config = run.argument("config", 1)
    named = [
        thread
        for options, scope in (_entries(config, run.scope, "configurable", evaluator) if config is not None else ())
        for thread in _entries(options, scope, "thread_id", evaluator)
    ]
    return bool(named) and all(_is_new(thread, scope, evaluator, _DEPTH) for thread, scope in named)


def _entries(
    expression: Expression, scope: Scope, key: str, evaluator: Evaluator
) -> Iterator[tuple[Expression, Scope]]:
    """What dicts have under a key."""
    for value in evaluator.evaluate(expression, scope):
        if isinstance(value, Literal) and value.expression[0] == "dict":
            for name, item in value.expression[2]:
                if name is not None and name[0] == "const" and name[2] == key:
                    yield item, value.scope


def _is_new(expression: Expression, scope: Scope, evaluator: Evaluator, depth: int) -> bool:
    """Whether a value is made in the request, at random, on all ways that lead here."""
    if expression[0] != "name":
        return is_random(expression, scope, evaluator)
    name = expression[2]
    holder = scope_of_name(scope, name)
    if depth == 0 or not isinstance(holder, Function):
        return False
    parameter = next((each for each in holder.parameters if each[0] == name), None)
    if parameter is None:
        return is_random(expression, scope, evaluator)
    injecting = evaluator.dependency(parameter, holder)
    if injecting is not None:
        makers = list(evaluator.functions_of(injecting.argument("dependency", 0), injecting.scope))
        return bool(makers) and all(gives_random(maker, evaluator) for maker in makers)
    given = list(evaluator.passed(holder, name))
    return bool(given) and all(_is_new(argument, caller, evaluator, depth - 1) for argument, caller in given)
