"""Prompt templates inside what is asked: a pipe or a chain sends the text of its template with every question."""

from __future__ import annotations

from collections.abc import Iterator

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.evaluation.expressions import RUNNABLE
from aiaudit.model.flow.places import Place
from aiaudit.model.program import scope_of_name
from aiaudit.model.resources import Known
from aiaudit.model.scopes import Function, Scope
from aiaudit.model.values import External, Literal
from aiaudit.sources.python.facts import Expression

# Pipes of pipes, which a program nests by hand.
_DEPTH = 4


def templates_of(known: Known, evaluator: Evaluator) -> Iterator[Place]:
    """The templates that stand in what a call is made on: `(template | model).ainvoke(...)`, `LLMChain(prompt=...)`."""
    holder = known.value.base
    if not isinstance(holder, External):
        return
    if holder.path == RUNNABLE and isinstance(holder.base, Literal):
        yield from _in_pipe(holder.base, evaluator, _DEPTH)
    elif holder.origin is not None and holder.path.startswith("langchain"):
        given = holder.origin.keyword("prompt")
        if given is not None and _is_template(given, holder.origin.scope, evaluator):
            yield Place(given, holder.origin.scope)


def _in_pipe(sides: Literal, evaluator: Evaluator, depth: int) -> Iterator[Place]:
    for side in sides.expression[2]:
        if _is_template(side, sides.scope, evaluator):
            yield Place(side, sides.scope)
            continue
        for value in evaluator.evaluate(side, sides.scope) if depth else ():
            if isinstance(value, External) and value.path == RUNNABLE and isinstance(value.base, Literal):
                yield from _in_pipe(value.base, evaluator, depth - 1)


def _is_template(expression: Expression, scope: Scope, evaluator: Evaluator) -> bool:
    """Whether an expression is a template that is made where the question is asked.

    One that an object keeps, or was made with, is a setting of it, and not what a request brought.
    """
    holder = scope_of_name(scope, expression[2]) if expression[0] == "name" else scope
    if not isinstance(holder, Function) or holder.name == "__init__":
        return False
    return expression[0] in ("name", "call") and any(
        isinstance(value, External)
        and value.path.startswith("langchain")
        and value.path.endswith(("Template.from_messages()", "Template.from_template()"))
        for value in evaluator.evaluate(expression, scope)
    )
