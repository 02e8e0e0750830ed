"""Models that the program makes and never asks: they are kept under a name that nothing reads."""

from __future__ import annotations

from functools import cached_property

from aiaudit.model.evaluate import method_of
from aiaudit.model.program import Program, scope_of_name
from aiaudit.model.scopes import Call, Function, Module
from aiaudit.model.settings.reads import Read, Reads
from aiaudit.sources.python.facts import Expression


class Forgotten:
    """Answers which of the objects that calls make are used by nobody."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._known: dict[int, bool] = {}

    def holds(self, call: Call) -> bool:
        """Whether what a call makes is kept under one name alone, which no code of the program mentions again."""
        known = self._known.get(id(call))
        if known is None:
            name = _kept_as(call)
            known = self._known[id(call)] = name is not None and self._is_unread(call, name)
        return known

    @cached_property
    def _reads(self) -> Reads:
        return Reads(self.program, self.program.modules)

    def _is_unread(self, call: Call, name: str) -> bool:
        scope = call.scope
        if name in scope.declared_global or len(scope.bindings.get(name, ())) != 1:
            return False
        if isinstance(scope, Function):
            return all(_is_target(read) for read in self._reads.inside(scope, name))
        if not isinstance(scope, Module) or "__all__" in scope.bindings or self._is_imported(name):
            return False
        return all(_is_target(read) or _is_another(read, name, scope) for read in self._reads.of(name))

    def _is_imported(self, name: str) -> bool:
        """Whether any module takes a name of that spelling, or all names, from another."""
        return any(
            imported in (name, "*")
            for module in self.program.modules
            for statement, _, _ in module.imports
            if statement[0] == "from"
            for imported, _ in statement[4]
        ) or any(module.stars for module in self.program.modules)


def _kept_as(call: Call) -> str | None:
    """The variable of `name = make(...)`."""
    statement = call.statement
    if statement[0] == "assign" and len(statement[2]) == 1:
        target, value = statement[2][0], statement[3]
    elif statement[0] == "ann":
        target, value = statement[2], statement[4]
    else:
        return None
    return str(target[2]) if value is call.expression and target[0] == "name" else None


def _is_target(read: Read) -> bool:
    statement = read.statement
    targets: tuple[Expression, ...] = ()
    if statement[0] == "assign":
        targets = statement[2]
    elif statement[0] == "ann":
        targets = (statement[2],)
    return any(target is read.expression for target in targets)


def _is_another(read: Read, name: str, module: Module) -> bool:
    """Whether what is read is another variable of the same name: of another module, of a function, of an object."""
    expression = read.expression
    if expression[0] == "attr":
        method = method_of(read.scope)
        return method is not None and expression[2][0] == "name" and expression[2][2] == method.self_name
    if expression[0] != "name":
        return False
    holder = scope_of_name(read.scope, name)
    return holder is not None and holder is not module
