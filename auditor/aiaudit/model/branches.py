"""Branches that no caller takes: tests of parameters for which the program passes only literals."""

from __future__ import annotations

from aiaudit.model.evaluate import Evaluator, method_of
from aiaudit.model.program import scope_of_name
from aiaudit.model.scopes import Binding, Call, Enclosing, Function, Scope
from aiaudit.model.values import ClassValue, Constant, External
from aiaudit.sources.python.facts import Expression, Parameter

# Functions that hand a parameter on to each other before one of them gets a literal.
_HOPS = 3
_OBJECT = object()
# How functions of libraries that give an object, and never None, are called.
_MAKING = ("load", "from_", "create", "connect", "client", "pipeline")
_TRUTHS = ("__bool__", "__len__", "__eq__", "__new__")


Truths = dict[int, "bool | None"]


def is_dead(
    call: Call,
    evaluator: Evaluator,
    handlers: frozenset[int],
    through: Call | None = None,
    known: Truths | None = None,
) -> bool:
    """Whether a call stands in a branch that never runs. `handlers` are the functions that frameworks call (their
    parameters come from outside). With `through` only what that one call of the function passes counts. `known` keeps
    what tests came to, for other calls behind them."""
    return any(never_runs(link, call.scope, evaluator, handlers, through, known) for link in call.around)


def never_runs(
    link: Enclosing,
    scope: Scope,
    evaluator: Evaluator,
    handlers: frozenset[int],
    through: Call | None = None,
    known: Truths | None = None,
) -> bool:
    """Whether a branch that encloses something never runs."""
    if link.kind == "if" and link.node[0] in ("if", "ifexp"):
        outcome = _outcome(link.node[2], scope, evaluator, handlers, through, known)
        return outcome is not None and outcome is not link.branch
    return link.kind == "unless" and _outcome(link.node[2], scope, evaluator, handlers, through, known) is True


def _outcome(
    test: Expression,
    scope: Scope,
    evaluator: Evaluator,
    handlers: frozenset[int],
    through: Call | None,
    known: Truths | None,
) -> bool | None:
    if known is None:
        return truth(test, scope, evaluator, handlers, through)
    if id(test) not in known:
        known[id(test)] = truth(test, scope, evaluator, handlers, through)
    return known[id(test)]


def is_main_part(call: Call) -> bool:
    """Whether a call stands under `if __name__ == "__main__"`."""
    return any(map(is_main_test, call.around))


def is_main_test(link: Enclosing) -> bool:
    """Whether a branch is that of `if __name__ == "__main__"`."""
    return link.kind == "if" and link.branch and link.node[0] == "if" and is_name_of_main(link.node[2])


def is_name_of_main(test: Expression) -> bool:
    """`__name__ == "__main__"`."""
    return bool(test[0] == "cmp" and test[2][0] == "name" and test[2][2] == "__name__")


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
    if tag == "cmp" and len(test[3]) == 1 and test[3][0] in ("Eq", "NotEq", "Is", "IsNot"):
        wanted = _literal(test[4][0], scope, evaluator)
        values = literals(test[2], scope, evaluator, handlers, through) if wanted is not None else None
        if values is None or wanted is None:
            return None
        outcomes = {(value == wanted[0]) is (test[3][0] in ("Eq", "Is")) for value in values}
        return outcomes.pop() if len(outcomes) == 1 else None
    values = literals(test, scope, evaluator, handlers, through)
    outcomes = {bool(value) for value in values} if values is not None else set()
    return outcomes.pop() if len(outcomes) == 1 else None


def literals(
    expression: Expression,
    scope: Scope,
    evaluator: Evaluator,
    handlers: frozenset[int],
    through: Call | None = None,
    hops: int = _HOPS,
) -> list[object] | None:
    """The literals that a parameter (or an attribute filled from one) receives from all callers, itself or through
    their parameters; None if others may."""
    if expression[0] == "name":
        holder = scope_of_name(scope, expression[2])
        if not isinstance(holder, Function) or id(holder) in handlers:
            return None
        first, *others = holder.bindings[expression[2]]
        if first.kind != "parameter":
            return None
        others = [b for b in others if not _comes_after(b, expression)]
        assigned = [b.expression for b in others if b.expression is not None and b.expression[0] == "const"]
        if len(assigned) != len(others):
            return None
        passed = _passed(first.target, holder, evaluator, through)
        found: list[object] = [value[2] for value in assigned]
        for value, where in passed or ():
            one = _literal(value, where, evaluator) or _made(value, where, evaluator)
            several = [*one] if one is not None else None
            if several is None and value[0] == "name" and hops:
                several = literals(value, where, evaluator, handlers, None, hops - 1)
            if several is None:
                return None
            found.extend(several)
        return found if passed is not None else None
    if expression[0] == "attr":
        method = method_of(scope)
        if expression[2][0] != "name":
            return None
        if method is None or expression[2][2] != method.self_name or not method.owner:
            return _field_literals(expression, scope, evaluator, handlers, through)
        if evaluator.lineage(method.owner)[1]:
            return None
        stores = evaluator.program.stores_by_attribute.get(expression[3], ())
        own = [s for s in stores if evaluator.store_class(s, [method.owner])]
        if len(own) != 1 or own[0].value is None or own[0].how != "attribute":
            return None
        return literals(own[0].value, own[0].scope, evaluator, handlers, through)
    return None


def _comes_after(binding: Binding, read: Expression) -> bool:
    """Whether a variable gets a value below where it is read, with no loop that leads back there."""
    if binding.statement is None or binding.statement[1][:2] <= read[1][:2]:
        return False
    link = binding.enclosing
    while link is not None:
        if link.kind in ("for", "while"):
            return False
        link = link.outer
    return True


def _field_literals(
    expression: Expression, scope: Scope, evaluator: Evaluator, handlers: frozenset[int], through: Call | None
) -> list[object] | None:
    """The literals of a field of a parameter, for which every caller makes the object where it passes it."""
    holder = scope_of_name(scope, expression[2][2])
    if not isinstance(holder, Function) or id(holder) in handlers:
        return None
    first, *others = holder.bindings[expression[2][2]]
    if first.kind != "parameter" or others or any(store.attribute == expression[3] for store in holder.stores):
        return None
    passed = _passed(first.target, holder, evaluator, through)
    found = [_field(expression[3], value, where, evaluator) for value, where in passed or ()]
    known = [value[0] for value in found if value is not None]
    return known if known and len(known) == len(found) else None


def _field(name: str, made: Expression, scope: Scope, evaluator: Evaluator) -> tuple[object] | None:
    """What a field of a freshly made dataclass or model is: as passed by keyword, else its default."""
    if made[0] != "call":
        return None
    call = evaluator.call_of(made, scope)
    classes = evaluator.evaluate(made[2], scope)
    if len(classes) != 1 or not isinstance(classes[0], ClassValue) or call.spreads or call.arguments:
        return None
    constructor = evaluator.constructor(classes[0].cls)
    if constructor is not None and all(kind != "keywords" for _, kind, *_ in constructor.parameters):
        return None
    given = call.keyword(name)
    if given is not None:
        return _literal(given, scope, evaluator)
    holder = next((cls for cls in evaluator.lineage(classes[0].cls)[0] if name in cls.bindings), None)
    default = holder.bindings[name][0].expression if holder is not None else None
    return _literal(default, holder, evaluator) if holder is not None and default is not None else None


def _literal(expression: Expression, scope: Scope, evaluator: Evaluator) -> tuple[object] | None:
    """The value of a literal, an enum's member or a variable that is nothing else, in a tuple of one (it may be None);
    None if it is none of these."""
    if expression[0] == "const":
        return (expression[2],)
    if expression[0] == "name":
        return _constant(expression[2], scope, evaluator)
    if expression[0] != "attr":
        return None
    for owner in evaluator.evaluate(expression[2], scope):
        if isinstance(owner, ClassValue) and evaluator.is_enumeration(owner.cls):
            bindings = owner.cls.bindings.get(expression[3], ())
            value = bindings[0].expression if len(bindings) == 1 else None
            return (value[2],) if value is not None and value[0] == "const" else None
    return None


def _constant(name: str, scope: Scope, evaluator: Evaluator) -> tuple[object] | None:
    """The value of a variable that gets a literal once, here or where it is imported from."""
    holder = scope_of_name(scope, name)
    bindings = holder.bindings[name] if holder is not None else ()
    if holder is None or len(bindings) != 1:
        return None
    (binding,) = bindings
    if binding.kind == "from":
        values = evaluator.evaluate(("name", binding.statement[1], name), holder) if binding.statement else ()
        return (values[0].value,) if len(values) == 1 and isinstance(values[0], Constant) else None
    if binding.kind != "value" or binding.index is not None or binding.expression is None:
        return None
    return _literal(binding.expression, holder, evaluator) if binding.expression[0] in ("const", "attr") else None


def _made(expression: Expression, scope: Scope, evaluator: Evaluator) -> tuple[object] | None:
    """A stand-in for an object that is surely made: `Store()`, or a variable that is nothing else; it is not None, and
    true unless its class says when it is not."""
    if expression[0] == "name":
        holder = scope_of_name(scope, expression[2])
        if isinstance(holder, Function) and _is_injected(expression[2], holder, evaluator):
            return (_OBJECT,)
        bindings = holder.bindings[expression[2]] if holder is not None else ()
        if len(bindings) != 1 or bindings[0].kind != "value" or bindings[0].expression is None or holder is None:
            return None
        expression, scope = bindings[0].expression, holder
    if expression[0] == "attr":
        values = evaluator.evaluate(expression, scope)
        return (_OBJECT,) if values and all(isinstance(v, External) and v.made for v in values) else None
    if expression[0] != "call":
        return None
    classes = evaluator.evaluate(expression[2], scope)
    if len(classes) != 1:
        return None
    if isinstance(classes[0], External):
        name = classes[0].path.rpartition(".")[2]
        return (_OBJECT,) if name[:1].isupper() or name.startswith(_MAKING) else None
    if not isinstance(classes[0], ClassValue):
        return None
    line, outside = evaluator.lineage(classes[0].cls)
    return None if outside or any(cls.method(name) for cls in line for name in _TRUTHS) else (_OBJECT,)


def _is_injected(name: str, function: Function, evaluator: Evaluator) -> bool:
    """Whether a framework fills a parameter, from functions of the program that never give None."""
    parameter = next((each for each in function.parameters if each[0] == name), None)
    asked = evaluator.dependency(parameter, function) if parameter is not None else None
    if asked is None or len(function.bindings[name]) > 1:
        return False
    suppliers = list(evaluator.functions_of(asked.argument("dependency", 0), asked.scope))
    given = [value for supplier in suppliers for value, _ in supplier.returns]
    return bool(given) and all(value[0] == "call" or (value[0] == "name" and value[2] != "None") for value in given)


def _passed(
    parameter: Parameter, function: Function, evaluator: Evaluator, through: Call | None
) -> list[tuple[Expression, Scope]] | None:
    """What callers pass for a parameter, each with where it stands; None if that is not known, or nobody calls."""
    name, kind, _, default, _ = parameter
    if kind in ("variadic", "keywords") or name == function.self_name:
        return None
    names = [p[0] for p in function.parameters if p[1] in ("positional", "any")]
    index = names.index(name) if name in names else None
    found: list[tuple[Expression, Scope]] = []
    callers = evaluator.callers(function)
    for call, offset, shift in [caller for caller in callers if caller[0] is through] or callers:
        if call.spreads:
            return None
        position = None if index is None else index - offset + shift
        given = call.argument(name, position if position is not None and position >= 0 else None)
        if given is not None:
            found.append((given, call.scope))
        elif default is not None and evaluator.dependency(parameter, function) is None:
            found.append((default, function.parent or function.module))
        else:
            return None
    return found or None
