"""Plain calls: `name(...)` where the name is only ever a definition or an import, so that no evaluation is needed."""

from __future__ import annotations

from collections import defaultdict

from aiaudit.model.program import Program, scope_of_name
from aiaudit.model.scopes import Binding, Call, Class, Function, Module, Scope
from aiaudit.model.values import External, ModuleValue
from aiaudit.sources.python.facts import Expression
from aiaudit.values import dataclass, field

DEPTH = 6


@dataclass(slots=True)
class CallIndex:
    """Calls by what they plainly call; the rest, whose callee has to be evaluated, by its last name."""

    plain: dict[int, list[Call]] = field(default_factory=lambda: defaultdict(list))
    open: dict[str, list[Call]] = field(default_factory=lambda: defaultdict(list))


def index_calls(program: Program) -> CallIndex:
    """Sort all calls of a program."""
    index = CallIndex()
    outside: dict[tuple[int, str], bool] = {}
    for name, calls in program.calls_by_name.items():
        for call in calls:
            function = call.expression[2]
            targets = _targets(function[2], call.scope, program, 0) if function[0] == "name" else None
            if targets is None:
                if function[0] != "attr" or not _is_outside(function, call.scope, program, outside):
                    index.open[name].append(call)
                continue
            for target in targets:
                if call not in index.plain[id(target)][-1:]:
                    index.plain[id(target)].append(call)
    return index


def _targets(name: str, scope: Scope, program: Program, depth: int) -> list[Function | Class] | None:
    """The definitions that a name stands for, [] for something from outside; None where it may be anything else."""
    holder = scope_of_name(scope, name)
    if holder is None:
        return None if scope.module.stars else []
    found: list[Function | Class] = []
    for binding in holder.bindings[name]:
        inner = _target(binding, program, depth)
        if inner is None:
            return None
        found.extend(inner)
    return found


def _target(binding: Binding, program: Program, depth: int) -> list[Function | Class] | None:
    if binding.kind in ("function", "class"):
        is_generic = binding.kind == "function" and binding.target.decorators and _chooses(binding.target)
        return None if is_generic else [binding.target]
    if binding.kind != "from" or depth > DEPTH:
        return None
    level, source, name = binding.target
    found = program.resolve(binding.scope.module, source, level)
    if isinstance(found, External):
        return []
    if not isinstance(found, ModuleValue) or found.module is None or name not in found.module.bindings:
        return None
    return _targets(name, found.module, program, depth + 1)


def _chooses(function: Function) -> bool:
    """Whether a call runs one of several functions, by the type of its argument."""
    return function.has_decorator("singledispatch")


def _is_outside(function: Expression, scope: Scope, program: Program, known: dict[tuple[int, str], bool]) -> bool:
    """Whether a dotted callee starts at a module from outside: `json.loads`, `logging.info`. `known` keeps the answer
    for each name in a scope."""
    base = function[2]
    while base[0] == "attr":
        base = base[2]
    if base[0] != "name" or base[2] not in scope.module.bindings:
        return False
    name = base[2]
    key = (id(scope), name)
    answer = known.get(key)
    if answer is None:
        holder = scope_of_name(scope, name)
        if holder is scope or not isinstance(holder, Module):
            answer = isinstance(holder, Module) and _is_module_outside(name, holder, program)
        else:
            answer = _is_outside(function, holder, program, known)
        known[key] = answer
    return answer


def _is_module_outside(name: str, holder: Module, program: Program) -> bool:
    """Whether a name of a module is only ever a module from outside."""
    for binding in holder.bindings[name]:
        if binding.kind != "import":
            return False
        imported, alias = binding.target
        found = program.resolve(holder, imported if alias else imported.partition(".")[0], 0)
        if not isinstance(found, External):
            return False
    return True
