"""Which objects a `with` enters: making one does not run its `__enter__`."""

from __future__ import annotations

from functools import cached_property

from aiaudit.model.evaluate import Evaluator
from aiaudit.model.program import Program
from aiaudit.model.scopes import Call, Scope
from aiaudit.model.syntax import statements_in
from aiaudit.model.values import ClassValue, Instance, Value
from aiaudit.sources.python.facts import Expression

ENTERED = ("__enter__", "__aenter__")
_STACKS = ("enter_context", "enter_async_context")


class Entering:
    """Answers whether what a construction makes is entered."""

    def __init__(self, program: Program, evaluator: Evaluator) -> None:
        self.program = program
        self.evaluator = evaluator

    def enters(self, call: Call, made: Value) -> bool:
        """Whether the object that a call makes may be entered: there, by what it is passed to, or anywhere else."""
        if not isinstance(made, ClassValue) or call.entered or call.parent is not None:
            return True
        return any(id(ancestor) in self._entered for ancestor in self.evaluator.lineage(made.cls)[0])

    @cached_property
    def _entered(self) -> set[int]:
        """The classes whose objects some `with` or exit stack of the program enters, by identity."""
        found: set[int] = set()
        for scope in (*self.program.modules, *self.program.functions):
            for statement in statements_in(scope.body):
                if statement[0] == "with":
                    for context, _ in statement[2]:
                        self._note(context, scope, found)
        for name in _STACKS:
            for call in self.program.calls_by_name.get(name, ()):
                for argument in call.arguments[:1]:
                    self._note(argument, call.scope, found)
        return found

    def _note(self, context: Expression, scope: Scope, found: set[int]) -> None:
        for value in self.evaluator.evaluate(context, scope):
            if isinstance(value, Instance):
                found.add(id(value.cls))
