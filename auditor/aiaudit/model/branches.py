"""Branches that no caller takes: tests of parameters for which the program passes only literals."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator, method_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Call, Function, Scope
from aiaudit.sources.python.facts import Expression, Parameter


def is_dead(call: Call, evaluator: Evaluator, handlers: frozenset[int], through: Call | None = None) -> bool:
    """Whether a call stands in a branch that never runs. `handlers` are the functions that frameworks call (their
    parameters come from outside). With `through` only what that one call of the function passes counts."""
    for link in call.around:
        if link.kind == "if" and link.node[0] in ("if", "ifexp"):
            known = truth(link.node[2], call.scope, evaluator, handlers, through)
            if known is not None and known is not link.branch:
                return True
        elif link.kind == "unless" and truth(link.node[2], call.scope, evaluator, handlers, through) is True:
            return True
    return False


def is_main_part(call: Call) -> bool:
    """Whether a call stands under `if __name__ == "__main__"`."""
    for link in call.around:
        if link.kind == "if" and link.branch and link.node[0] == "if":
            test = link.node[2]
            if test[0] == "cmp" and test[2][0] == "name" and test[2][2] == "__name__":
                return True
    return False


def truth(
    test: Expression, scope: Scope, evaluator: Evaluator, handlers: frozenset[int], through: Call | None = None
) -> bool | None:
    """Whether a test always holds or never does; None if it may do both or is not known."""
    tag = test[0]
    if tag == "unary" and test[2] == "Not":
        inner = truth(test[3], scope, evaluator, handlers, through)
        return None if inner is None else not inner
    if tag == "bool":
        parts = [truth(part, scope, evaluator, handlers, through) for part in test[3]]
        deciding = bool(test[2] == "Or")
        if deciding in parts:
            return deciding
        return None if None in parts else not deciding
    if tag == "cmp" and len(test[3]) == 1 and test[4][0][0] == "const":
        values = literals(test[2], scope, evaluator, handlers, through)
        wanted = test[4][0][2]
        if values is None or test[3][0] not in ("Eq", "NotEq", "Is", "IsNot"):
            return None
        outcomes = {(value == wanted) is (test[3][0] in ("Eq", "Is")) for value in values}
        return outcomes.pop() if len(outcomes) == 1 else None
    values = literals(test, scope, evaluator, handlers, through)
    outcomes = {bool(value) for value in values} if values is not None else set()
    return outcomes.pop() if len(outcomes) == 1 else None


def literals(
    expression: Expression, scope: Scope, evaluator: Evaluator, handlers: frozenset[int], through: Call | None = None
) -> list[object] | None:
    """The literals that a parameter (or an attribute filled from one) receives from all callers; None if others may."""
    if expression[0] == "name":
        holder = scope_of_name(scope, expression[2])
        if not isinstance(holder, Function) or id(holder) in handlers:
            return None
        first, *others = holder.bindings[expression[2]]
        if first.kind != "parameter":
            return None
        assigned = [b.expression for b in others if b.expression is not None and b.expression[0] == "const"]
        if len(assigned) != len(others):
            return None
        passed = _passed_literals(first.target, holder, evaluator, through)
        return None if passed is None else [*passed, *(value[2] for value in assigned)]
    if expression[0] == "attr":
        method = method_of(scope)
        if method is None or expression[2][0] != "name" or expression[2][2] != method.self_name or not method.owner:
            return None
        if evaluator.lineage(method.owner)[1]:
            return None
        stores = evaluator.program.stores_by_attribute.get(expression[3], ())
        own = [s for s in stores if evaluator.store_class(s, [method.owner])]
        if len(own) != 1 or own[0].value is None or own[0].how != "attribute":
            return None
        return literals(own[0].value, own[0].scope, evaluator, handlers, through)
    return None


def _passed_literals(
    parameter: Parameter, function: Function, evaluator: Evaluator, through: Call | None
) -> list[object] | None:
    name, kind, _, default, _ = parameter
    if kind in ("variadic", "keywords") or name == function.self_name:
        return None
    names = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
    index = names.index(name) if name in names else None
    found: list[object] = []
    called = False
    callers = evaluator.callers(function)
    chosen = [caller for caller in callers if caller[0] is through] or callers
    for call, offset, shift in chosen:
        called = True
        if call.spreads:
            return None
        position = None if index is None else index - offset + shift
        given = call.argument(name, position if position is not None and position >= 0 else None)
        given = default if given is None else given
        if given is None or given[0] != "const":
            return None
        found.append(given[2])
    return found if called else None
