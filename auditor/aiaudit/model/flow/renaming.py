"""Names of attributes under which a function of another name may be found."""

from __future__ import annotations

from collections.abc import Container

from aiaudit.model.program import Program
from aiaudit.model.scopes import Binding, Class, Function, Module

# Of a wrapped function, what it wraps.
_WRAPPED = ("__wrapped__", "func", "fn")
_COMPUTED = ("property", "cached_property")


class _All:
    """All names."""

    def __contains__(self, name: object) -> bool:
        return True


def renaming_names(program: Program) -> Container[str]:
    """All but the names that definitions alone give: whoever calls `thing.name(...)` for one of those calls a function
    of that name, or nothing of the program."""
    found = {*_WRAPPED, *program.stores_by_attribute}
    for module in program.modules:
        if "__getattr__" in module.bindings:
            return _All()
        for scope in module.scopes:
            for call in scope.calls:  # fields of classes and namespaces are given by keyword
                found.update([name for name, _ in call.expression[4] if name is not None])
            if isinstance(scope, (Class, Module)):
                names = scope.bindings.items()
                found.update([name for name, bound in names if name not in found and any(map(_renames, bound))])
            for value, _ in scope.yields:  # what lifespans yield is found as attributes of the state
                entries = value[2] if value[0] == "dict" else ()
                found.update([key[2] for key, _ in entries if key is not None and key[0] == "const"])
    return found


def _renames(binding: Binding) -> bool:
    """Whether a binding may give a name to something that has another one."""
    if binding.kind == "from":  # `from pipes import run as start`
        _, _, name = binding.target
        return binding not in binding.scope.bindings.get(name, ())
    if binding.kind == "function":
        function: Function = binding.target
        return function.has_decorator(*_COMPUTED)
    return binding.kind not in ("class", "import")
