"""Credentials that a program lets in because they are written into it: `if key != "literal": raise ...`.

What is compared has to come from outside: an argument of the function, or what was read from one or from the request.
`if key == "changeme": raise ...` looks for a value that must not stay, and lets nobody in.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from aiaudit.sources.secrets import names
from aiaudit.sources.secrets.syntax import dotted, target_name
from aiaudit.sources.secrets.values import is_placeholder

Functions = Sequence[ast.FunctionDef | ast.AsyncFunctionDef]
_OWN = frozenset(("self", "cls"))
_REQUESTS = frozenset(("request", "req", "websocket"))
_REFUSING = frozenset(("abort", "exit", "fail"))


def accepted(statement: ast.If | ast.Return, functions: Functions) -> Iterator[tuple[ast.Constant, str]]:
    """The literals that open something, each with the name of what it is compared with; `functions` are those around
    the statement."""
    body = statement.body if isinstance(statement, ast.If) else []
    refuses = bool(body) and _refuses(body)
    for subject, literal, equal, alone in _comparisons_in(statement):
        if equal:
            # Whoever finds a placeholder may go on without the thing that it stands for.
            opens = not refuses and alone and not is_placeholder(str(literal.value)) and _lets_in(statement)
        else:
            opens = refuses
        if opens and _is_given(subject, functions):
            yield literal, name_of(subject)


def sought_alone(tree: ast.Module) -> frozenset[str]:
    """The names that a module reads only to look for their value among others: `KNOWN_BAD in (user, password)`."""
    sought = {
        id(node.left): node.left.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name)
        if all(isinstance(operator, ast.In | ast.NotIn) for operator in node.ops)
    }
    names_sought = set(sought.values())
    otherwise = {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        if node.id in names_sought and id(node) not in sought
    }
    return frozenset(names_sought - otherwise)


def name_of(subject: ast.expr) -> str:
    """What the compared value is called: a variable, an attribute, a key, a header."""
    if isinstance(subject, ast.Call) and isinstance(subject.func, ast.Attribute):
        key = subject.args[0] if subject.args else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return key.value
        return name_of(subject.func.value)  # `token.strip()`
    return target_name(subject)


Comparison = tuple[ast.expr, ast.Constant, bool, bool]


def _comparisons_in(statement: ast.If | ast.Return) -> Iterator[Comparison]:
    test = statement.test if isinstance(statement, ast.If) else statement.value
    if test is not None:
        yield from _comparisons(test, holds=True, alone=True)


def _comparisons(test: ast.expr, *, holds: bool, alone: bool) -> Iterator[Comparison]:
    """What is compared, the literal, whether they are equal where the test `holds`, and whether nothing else makes the
    test hold."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from _comparisons(test.operand, holds=not holds, alone=alone)
    elif isinstance(test, ast.BoolOp):
        for part in test.values:
            yield from _comparisons(part, holds=holds, alone=alone and isinstance(test.op, ast.And) is holds)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq | ast.NotEq):
        yield from _sides(test.left, test.comparators[0], isinstance(test.ops[0], ast.Eq) is holds, alone)
    elif isinstance(test, ast.Call) and dotted(test.func).endswith("compare_digest") and len(test.args) == 2:
        yield from _sides(_unencoded(test.args[0]), _unencoded(test.args[1]), holds, alone)


def _sides(left: ast.expr, right: ast.expr, equal: bool, alone: bool) -> Iterator[Comparison]:
    for subject, literal in ((left, right), (right, left)):
        if isinstance(literal, ast.Constant) and names.is_secret_name(name_of(subject)):
            yield subject, literal, equal, alone


def _unencoded(value: ast.expr) -> ast.expr:
    """What is made bytes of: `key.encode()`."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr == "encode":
        return value.func.value
    return value


def _refuses(body: Sequence[ast.stmt]) -> bool:
    last = body[-1]
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        return dotted(last.value.func).rpartition(".")[2] in _REFUSING
    if isinstance(last, ast.Return):
        return last.value is None or _is_no(last.value) or _has_status(last.value)
    return isinstance(last, ast.Raise)


def _has_status(answer: ast.expr) -> bool:
    return any(isinstance(part, ast.Constant) and part.value in (401, 403) for part in ast.walk(answer))


def _lets_in(statement: ast.If | ast.Return) -> bool:
    """Whether what holds is the answer, gives something that stands for who is asking, or is the whole of a login."""
    if isinstance(statement, ast.Return):
        return True
    if statement.orelse and _refuses(statement.orelse):
        return True
    last = statement.body[-1]
    if not isinstance(last, ast.Return) or last.value is None or _is_no(last.value):
        return False
    if isinstance(last.value, ast.Name | ast.Attribute | ast.Constant):
        return not isinstance(last.value, ast.Constant) or last.value.value is True
    return isinstance(statement.test, ast.BoolOp) and all(map(_is_literal_comparison, statement.test.values))


def _is_literal_comparison(test: ast.expr) -> bool:
    return isinstance(test, ast.Compare) and isinstance(test.comparators[0], ast.Constant)


def _is_no(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and not value.value


def _is_given(subject: ast.expr, functions: Functions) -> bool:
    """Whether a value comes from the request or the caller."""
    given = set(_REQUESTS)
    for function in functions:
        arguments = function.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        given.update(argument.arg for argument in every if argument.arg not in _OWN)
    for function in functions[-1:]:
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and given.intersection(_names(node.value)):
                given.update(target.id for target in node.targets if isinstance(target, ast.Name))
    return bool(given.intersection(_names(subject)))


def _names(expression: ast.expr) -> Iterator[str]:
    return (node.id for node in ast.walk(expression) if isinstance(node, ast.Name))
