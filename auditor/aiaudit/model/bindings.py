"""What kind of variable a binding makes: of a loop, of a comprehension, unpacked from a value."""

from __future__ import annotations

from aiaudit.model.scopes import Binding
from aiaudit.sources.python.facts import Expression


def is_inner(binding: Binding) -> bool:
    """Whether a binding is seen inside its own statement alone: the variable of a comprehension."""
    if binding.kind != "element" or binding.statement is None:
        return False
    tag = binding.statement[0]
    if tag == "for":
        return binding.expression is not binding.statement[3]
    if tag == "assign":
        return not _is_part(binding.expression, binding.statement[3])
    return True


def _is_part(expression: Expression | None, value: Expression) -> bool:
    """Whether an unpacked expression is the assigned value itself, or an entry of a written-out tuple."""
    if expression is value:
        return True
    return value[0] in ("tuple", "list") and any(_is_part(expression, item) for item in value[2])


def is_looped(binding: Binding) -> bool:
    """Whether a binding of an element takes one after the other, in a loop or a comprehension."""
    return binding.statement is None or binding.statement[0] == "for" or is_inner(binding)
